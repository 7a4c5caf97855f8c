"""A statement that the server plans once for each connection, run with hardly a cost of its own.

The driver's library is called directly: making a cursor, adapting the values and waiting through
Python cost more than a short statement does. Everything else goes through Django's cursors.
"""

import itertools
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import pq
from psycopg.errors import error_from_result

_count = itertools.count(1)


class Statement:
    """SQL with $1, $2 … whose parameters are given as the server's text."""

    def __init__(self, text: str, *, name: str = "") -> None:
        self._name = (name or f"genjin_{next(_count)}").encode()
        self._text = text.encode()
        self._known_to: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def run(self, bound: Sequence[bytes | None]) -> pq.abc.PGresult:
        """The rows for these parameters on Django's connection, in the transaction it is in."""
        # Looked up once: every attribute of `django.db.connection` looks it up again.
        wrapper = connections[DEFAULT_DB_ALIAS]
        wrapper.ensure_connection()
        wrapper.validate_no_broken_transaction()
        raw = wrapper.connection
        with wrapper.wrap_database_errors:
            result = self._ready(raw).exec_prepared(self._name, bound)
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise error_from_result(result)
        return result

    def _ready(self, raw: "psycopg.Connection[Any]") -> Any:
        """The driver's connection, inside the caller's transaction, with the statement planned."""
        server = raw.pgconn
        if not raw.autocommit and server.transaction_status == pq.TransactionStatus.IDLE:
            # The driver begins a transaction with its own first statement only.
            raw.execute("SELECT 1")
        if raw not in self._known_to:
            # Left alone the server would plan for the values of each of the first five calls as
            # well, and planning takes ten times as long as running.
            _require_done(server.exec_(b"SET plan_cache_mode = force_generic_plan"))
            _require_done(server.prepare(self._name, self._text))
            self._known_to.add(raw)
        return server


def _require_done(result: pq.abc.PGresult) -> None:
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise error_from_result(result)
