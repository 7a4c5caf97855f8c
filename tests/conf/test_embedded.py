"""The embedded PostgreSQL: real servers in directories of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from genjin.conf import embedded_postmaster
from genjin.conf.embedded import EmbeddedPostgres, EmbeddedPostgresError
from genjin.conf.embedded_binaries import find_binaries
from genjin.conf.embedded_settings import as_conf, server_settings
from genjin.conf.embedded_user import choose_user

MB = 1024 * 1024
SRC = Path(__file__).parents[2] / "src"
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about root only")
has_system_postgres = pytest.mark.skipif(
    not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
    reason="needs a PostgreSQL of the system",
)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="genjin-test-") as name:
        path = Path(name) / "home"
        yield path
        EmbeddedPostgres(path).stop()


def run_user(home: Path, body: str = "", *, wait: bool = True) -> "subprocess.Popen[str]":
    """Starts another process that acquires the server, prints its pid and runs ``body``."""
    script = f"""
import sys, time
from pathlib import Path
from genjin.conf import embedded
home = Path({str(home)!r})
url = embedded.acquire(home)
print(embedded.EmbeddedPostgres(home).postmaster_pid(), flush=True)
{textwrap.dedent(body)}
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if wait:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        process.args = out.strip()
    return process


def answers(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    assert row
    return str(row[0])


def kill_postmaster(server: EmbeddedPostgres) -> int:
    pid = server.postmaster_pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    return pid


def test_an_empty_home_becomes_a_running_database_that_listens_on_no_network(home: Path) -> None:
    server = EmbeddedPostgres(home)
    url = server.ensure_running()
    assert answers(url) == "genjin"
    with psycopg.connect(url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("listen_addresses", "jit", "random_page_cost", "server_encoding")
        }
    assert shown == {
        "listen_addresses": "",
        "jit": "off",
        "random_page_cost": "1.1",
        "server_encoding": "UTF8",
    }
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    assert server.status().running


def test_the_last_user_to_leave_stops_the_server_and_the_data_stay(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    url = first.ensure_running()
    second.ensure_running()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 跟进 FROM (VALUES ('王芳')) v(跟进)")
    first.release()
    assert answers(url) == "genjin"
    second.release()
    assert second.status().running is False
    third = EmbeddedPostgres(home)
    with psycopg.connect(third.ensure_running()) as connection:
        assert connection.execute("SELECT * FROM kept").fetchone() == ("王芳",)


def test_a_process_that_ends_stops_a_server_that_nobody_else_uses(home: Path) -> None:
    run_user(home)
    assert EmbeddedPostgres(home).status().running is False


def test_a_process_that_ends_leaves_the_server_to_the_others(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.ensure_running()
    pid = server.postmaster_pid()
    assert run_user(home).args == str(pid)
    assert server.postmaster_pid() == pid


def test_a_forked_child_that_ends_does_not_stop_its_parents_server(home: Path) -> None:
    out = run_user(
        home,
        """
        import os
        if os.fork() == 0:
            sys.exit(0)
        os.wait()
        print(embedded.EmbeddedPostgres(home).status().running)
        """,
    ).args
    assert str(out).split("\n")[1] == "True"


def test_four_concurrent_starts_on_an_empty_directory_give_one_server(home: Path) -> None:
    users = [run_user(home, "sys.stdin.read()", wait=False) for _ in range(4)]
    pids = {user.stdout.readline().strip() for user in users}
    cluster = str(home.resolve() / "pg")
    servers = [
        p.pid
        for p in psutil.process_iter(["cmdline"])
        if cluster in (p.info["cmdline"] or []) and "postgres" in p.info["cmdline"][0]
    ]
    for user in users:
        user.communicate(timeout=30)
    assert [user.returncode for user in users] == [0, 0, 0, 0]
    assert pids == {str(pid) for pid in servers}
    assert len(servers) == 1
    assert EmbeddedPostgres(home).status().running is False


def test_a_killed_server_is_started_again_with_every_committed_row(home: Path) -> None:
    server = EmbeddedPostgres(home)
    url = server.ensure_running()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE fact AS SELECT generate_series(1, 1000) AS n")
        dead = kill_postmaster(server)
        server.ensure_running()
    assert server.postmaster_pid() != dead
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM fact").fetchone() == (1000,)


@pytest.mark.parametrize("kind", ["stranger", "zombie"])
def test_a_dead_server_whose_pid_is_still_taken_does_not_hinder_the_next(
    home: Path, kind: str
) -> None:
    server = EmbeddedPostgres(home)
    server.ensure_running()
    dead = kill_postmaster(server)
    while psutil.pid_exists(dead) and psutil.Process(dead).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    # The server's own user is asked, as only his processes can be mistaken for the server.
    owner = (home / "pg").stat()
    command = ["sleep", "60"] if kind == "stranger" else ["true"]
    other = subprocess.Popen(
        command,
        **({"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}),
    )
    if kind == "zombie":
        while psutil.Process(other.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
    for path in (home / "pg" / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"):
        _, rest = path.read_text().split("\n", 1)
        path.write_text(f"{other.pid}\n{rest}")
    try:
        assert server.postmaster_pid() is None
        assert answers(server.ensure_running()) == "genjin"
        assert (home / "pg" / "postmaster.pid").exists()
    finally:
        other.kill()
        other.wait()


def test_a_socket_path_that_is_too_long_moves_to_a_short_private_directory(home: Path) -> None:
    deep = home / ("很深的目录" * 8)
    server = EmbeddedPostgres(deep)
    url = server.ensure_running()
    try:
        assert answers(url) == "genjin"
        assert len(os.fsencode(server.socket_dir / embedded_postmaster.SOCKET_NAME)) <= 107
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        server.socket_dir.rmdir()


def test_a_home_with_blanks_commas_and_quotes_in_its_name_works(home: Path) -> None:
    server = EmbeddedPostgres(home.parent / "my 'data', 100%")
    try:
        assert answers(server.ensure_running()) == "genjin"
    finally:
        server.stop()
        server.socket_dir.rmdir()


def test_data_of_another_version_are_refused_with_a_sentence_that_says_what_to_do(
    home: Path,
) -> None:
    (home / "pg").mkdir(parents=True)
    (home / "pg" / "PG_VERSION").write_text("13\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 13.*GENJIN_PG_BINDIR"):
        EmbeddedPostgres(home).ensure_running()


def test_a_directory_that_holds_something_else_is_left_alone(home: Path) -> None:
    (home / "pg").mkdir(parents=True)
    (home / "pg" / "letters.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="not a PostgreSQL data directory"):
        EmbeddedPostgres(home).ensure_running()
    assert (home / "pg" / "letters.txt").read_text() == "mine"


def test_a_start_broken_off_while_the_data_were_made_begins_anew(home: Path) -> None:
    (home / "pg.unfinished").mkdir(parents=True)
    (home / "pg.unfinished" / "PG_VERSION").write_text("18\n")
    assert answers(EmbeddedPostgres(home).ensure_running()) == "genjin"


def test_a_wrong_directory_of_programs_is_named() -> None:
    with pytest.raises(EmbeddedPostgresError, match="GENJIN_PG_BINDIR=/nowhere"):
        find_binaries(environ={"GENJIN_PG_BINDIR": "/nowhere"})


@has_system_postgres
def test_the_systems_postgresql_serves_where_it_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bindir = next(iter(Path("/usr/lib/postgresql").glob("*/bin")))
    monkeypatch.setenv("GENJIN_PG_BINDIR", str(bindir))
    server = EmbeddedPostgres(home)
    assert answers(server.ensure_running()) == "genjin"
    assert server.status().version == bindir.parent.name
    server.stop()
    monkeypatch.delenv("GENJIN_PG_BINDIR")
    assert find_binaries(data_major=int(bindir.parent.name)).bindir == bindir


@is_root
def test_root_serves_from_a_home_whose_parents_the_server_cannot_enter(home: Path) -> None:
    before = home.parent.stat()
    assert before.st_mode & 0o777 == 0o700
    server = EmbeddedPostgres(home)
    assert answers(server.ensure_running()) == "genjin"
    pid = server.postmaster_pid()
    assert pid
    assert psutil.Process(pid).uids().real != 0
    assert home.parent.stat().st_mode == before.st_mode


@is_root
def test_without_capabilities_the_directory_in_the_way_is_named(home: Path) -> None:
    home.mkdir(mode=0o711)
    with pytest.raises(EmbeddedPostgresError, match=f"cannot enter {home}"):
        choose_user(find_binaries(), home=home, data_dir=home / "pg", may_use_capabilities=False)


@is_root
def test_without_capabilities_programs_out_of_reach_are_copied_and_run(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    binaries = find_binaries()
    with (
        tempfile.TemporaryDirectory(prefix="hidden-") as hidden,
        tempfile.TemporaryDirectory(prefix="open-") as opened,
    ):
        Path(opened).chmod(0o711)
        package = binaries.bindir.parents[1]
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                subprocess.run(["cp", "-a", str(source), hidden], check=True)
        out_of_reach = type(binaries)(
            Path(hidden) / package.name / binaries.bindir.relative_to(package),
            binaries.version,
            binaries.major,
        )
        user, copied = choose_user(
            out_of_reach,
            home=Path(opened),
            data_dir=Path(opened) / "pg",
            may_use_capabilities=False,
        )
        answer = user.run([copied.program("postgres"), "--version"], capture_output=True)
    assert answer.returncode == 0
    assert binaries.version in answer.stdout


def test_settings_shrink_with_the_machine() -> None:
    small = server_settings(
        socket_dir=Path("/s"), memory=1024 * MB, free_disk=2048 * MB, free_shm=64 * MB
    )
    large = server_settings(
        socket_dir=Path("/s"), memory=65536 * MB, free_disk=900_000 * MB, free_shm=None
    )
    assert (small["shared_buffers"], large["shared_buffers"]) == ("128MB", "1024MB")
    assert (small["max_wal_size"], large["max_wal_size"]) == ("512MB", "4096MB")
    assert (small["wal_buffers"], large["wal_buffers"]) == ("16MB", "64MB")
    assert small["dynamic_shared_memory_type"] == "mmap"
    assert "dynamic_shared_memory_type" not in large


def test_a_quote_in_a_setting_cannot_end_it() -> None:
    assert "x = 'it''s\\\\'" in as_conf({"x": "it's\\"})
