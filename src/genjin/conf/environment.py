"""Reads the environment once, for settings and the command line. No Django here."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from genjin.conf.embedded import EmbeddedPostgres, default_home

DEFAULT_PORT = 8000


def home() -> Path:
    """The data directory: GENJIN_HOME, else the place the system keeps a user's data."""
    return default_home()


def host() -> str:
    return os.environ.get("GENJIN_HOST") or "127.0.0.1"


def port() -> int:
    return int(os.environ.get("GENJIN_PORT") or DEFAULT_PORT)


def flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def listed(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def secret_key() -> str:
    """GENJIN_SECRET_KEY, else a key made once and kept readable by its owner alone.

    Processes may start together on an empty home: the first to create the file wins.
    """
    if given := os.environ.get("GENJIN_SECRET_KEY"):
        return given
    path = home() / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = path.with_name(f"secret_key.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(50), encoding="ascii")
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="ascii")


def database() -> dict[str, Any]:
    """Django's DATABASES entry: the server named by DATABASE_URL, else the embedded one.

    Nothing is started here; commands that need the embedded server acquire it themselves.
    """
    given = conninfo_to_dict(os.environ.get("DATABASE_URL") or EmbeddedPostgres(home()).url)
    options: dict[str, Any] = {
        key: value
        for key, value in given.items()
        if key not in {"dbname", "user", "password", "host", "port"}
    }
    if flag("GENJIN_TESTING"):
        options["options"] = "-c genjin.allow_truncate=on"
    size = int(os.environ.get("GENJIN_POOL", "0"))
    if size:
        options["pool"] = {"min_size": 1, "max_size": size, "timeout": 20}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.get("dbname", "genjin"),
        "USER": given.get("user", ""),
        "PASSWORD": given.get("password", ""),
        "HOST": given.get("host", ""),
        "PORT": str(given.get("port", "")),
        # A new connection has to plan every statement of the desk anew, about 0.1 s of the first
        # three pages, so each thread keeps its own for an hour.
        "CONN_MAX_AGE": 0 if size else 3600,
        "CONN_HEALTH_CHECKS": not size,
        "OPTIONS": options,
        "ATOMIC_REQUESTS": False,
    }


def public_url() -> str:
    """Where customers reach the product: GENJIN_PUBLIC_URL, else the address it serves on."""
    given = os.environ.get("GENJIN_PUBLIC_URL", "").strip().rstrip("/")
    return f"{given or f'http://{host()}:{port()}'}/"


def mail() -> dict[str, Any]:
    """Django's settings for mail from GENJIN_SMTP and GENJIN_MAIL_FROM; no server without them.

    smtp:// speaks STARTTLS, smtps:// TLS from the first byte, plain+smtp:// neither.
    """
    given = urlsplit(os.environ.get("GENJIN_SMTP", ""))
    kinds = {"smtp": 587, "smtps": 465, "plain+smtp": 25}
    if given.scheme and given.scheme not in kinds:
        raise ValueError(f"GENJIN_SMTP begins with one of {', '.join(kinds)}")
    return {
        "EMAIL_HOST": given.hostname or "",
        "EMAIL_PORT": given.port or kinds.get(given.scheme, 25),
        "EMAIL_HOST_USER": unquote(given.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(given.password or ""),
        "EMAIL_USE_TLS": given.scheme == "smtp",
        "EMAIL_USE_SSL": given.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
        "DEFAULT_FROM_EMAIL": os.environ.get("GENJIN_MAIL_FROM", "genjin@localhost"),
    }
