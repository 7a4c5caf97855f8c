"""The embedded server's configuration, scaled to the machine it runs on."""

import shutil
from pathlib import Path

import psutil

_MB = 1024 * 1024
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int:
    """Says how much memory this process may use: the machine's, or its container's share."""
    total = int(psutil.virtual_memory().total)
    for path in _CGROUP_LIMITS:
        try:
            total = min(total, int(path.read_text()))
        except (OSError, ValueError):
            continue
    return total


def server_settings(
    *, socket_dir: Path, memory: int, free_disk: int, free_shm: int | None
) -> dict[str, str]:
    """Works out the server's settings. Sizes are in bytes; ``free_shm`` None: no /dev/shm.

    The figures were measured with 1,000,000 customers; small machines get proportionally less.
    """

    def share(divisor: int, low_mb: int, high_mb: int, *, of: int = memory) -> str:
        return f"{max(low_mb, min(high_mb, of // divisor // _MB))}MB"

    settings = {
        "listen_addresses": "",
        # a list of directories: the inner quotes keep a comma or blank inside one name
        "unix_socket_directories": f'"{socket_dir}"',
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "100",
        "shared_buffers": share(8, 64, 1024),
        "effective_cache_size": share(2, 256, 1024 * 1024),
        "maintenance_work_mem": share(32, 64, 512),
        "work_mem": "16MB",
        # a list that is brought in would wait for the disk whenever the usual 16 MB are full
        "wal_buffers": share(128, 16, 64),
        "max_wal_size": share(8, 512, 4096, of=free_disk),
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        # a search reads the whole pending list, so it is kept short
        "gin_pending_list_limit": "2MB",
        "log_line_prefix": "%m [%p] ",
    }
    if free_shm is not None and free_shm < 256 * _MB:
        # containers often get 64 MB there, and a parallel query then fails
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def settings_for_this_machine(*, socket_dir: Path, disk: Path) -> dict[str, str]:
    """Works out the settings for the machine at hand; ``disk`` is where the data will lie."""
    shm = Path("/dev/shm")  # noqa: S108 - only its size is read
    return server_settings(
        socket_dir=socket_dir,
        memory=memory_bytes(),
        free_disk=shutil.disk_usage(disk).free,
        free_shm=shutil.disk_usage(shm).free if shm.is_dir() else None,
    )


def as_conf(settings: dict[str, str]) -> str:
    """Writes settings in the form of a PostgreSQL configuration file."""
    lines = ["# Written by genjin at each start. Put your own settings into postgresql.conf."]
    for name, value in settings.items():
        escaped = value.replace("'", "''").replace("\\", "\\\\")
        lines.append(f"{name} = '{escaped}'")
    return "\n".join(lines) + "\n"
