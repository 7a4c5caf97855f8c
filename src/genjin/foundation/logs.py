"""Structured logs: one JSON object a line, for people with grep and for machines."""

import json
import logging
import re
from datetime import UTC, datetime

# What PostgreSQL adds to an error: the row that failed, the statement with the values in it. It
# may run over several lines and ends with the error, so with the text or where a chain goes on.
_TOLD_BY_DATABASE = re.compile(
    r"^(?:LINE \d+|DETAIL|CONTEXT|QUERY|STATEMENT|HINT):.*?"
    r"(?=\n\n(?:The above exception was|During handling of)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_QUOTED_VALUE = re.compile(r"(invalid input (?:syntax|value) for [^:\n]+: )\".*\"")


def without_values(text: str) -> str:
    """An error's text without what people typed: what the database adds, and quoted input.

    Notes about customers stay in the database and do not wander into files of logs (PL5).
    """
    return _QUOTED_VALUE.sub(r'\1"…"', _TOLD_BY_DATABASE.sub("[…]", text))


class JsonFormatter(logging.Formatter):
    """One JSON object for each record; never the content of a request, never typed values."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_values(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = without_values(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


class WithoutHealthProbes(logging.Filter):
    """Drops what Django says about an unwell /healthz: whoever probes it has the answer itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return getattr(request, "path", "") != "/healthz"
