"""Gunicorn, configured here and not by a file, with requests logged as JSON if wanted."""

import gc
import json
import sys
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.util import import_app

GRACE_SECONDS = 4


class JsonAccessLog(Logger):
    """Writes one JSON line to stderr for each request; query strings stay out of the log."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        if not self.cfg.accesslog:
            return
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "INFO",
            "logger": "access",
            "method": environ.get("REQUEST_METHOD"),
            "path": environ.get("PATH_INFO"),
            "status": int(str(resp.status).split()[0]),
            "milliseconds": round(request_time.total_seconds() * 1000, 1),
            "bytes": getattr(resp, "sent", None),
            "address": environ.get("REMOTE_ADDR"),
        }
        sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")


class WebServer(BaseApplication):
    """A gunicorn master with threaded workers."""

    def __init__(
        self, *, host: str, port: int, workers: int, threads: int, with_access_log: bool
    ) -> None:
        address = f"[{host}]" if ":" in host else host
        self._settings = {
            "bind": f"{address}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": threads,
            "preload_app": False,
            "timeout": 60,
            "graceful_timeout": GRACE_SECONDS,
            "keepalive": 5,
            "loglevel": "warning",
            "logger_class": JsonAccessLog,
            "accesslog": "-" if with_access_log else None,
            "control_socket_disable": True,
            "proc_name": "genjin",
        }
        super().__init__()

    def load_config(self) -> None:
        """Takes over the settings; called by gunicorn."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Gives the application; called by gunicorn in each of its processes.

        What takes long and would stop every thread of the process later is done here: reading
        the holidays of all countries (a third of a second, at the first follow-up taken), and
        looking for garbage among all that was loaded (a tenth, now and then).
        """
        application = import_app("genjin.conf.wsgi:application")
        import_module("holidays.countries")
        gc.collect()
        gc.freeze()
        return application
