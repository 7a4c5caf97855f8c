"""What tests about scores share: a place of their own for keys and marks, and tampering."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from genjin.customers.models import Customer
from genjin.followups.models import Score
from genjin.followups.operations.scores import Given, record_scores
from genjin.foundation.models import User
from tests.factories import NOW, make_customer, make_user


def fresh_home(settings, tmp_path: Path, monkeypatch) -> Path:
    """An empty home without a key."""
    monkeypatch.delenv("GENJIN_SCORE_KEY", raising=False)
    settings.GENJIN_HOME = tmp_path.with_name(f"{tmp_path.name}-home")
    return settings.GENJIN_HOME


def give(
    points: int = 4,
    *,
    scored: User | None = None,
    customer: Customer | None = None,
    words: str = "",
    by: User | None = None,
    question: str = "sales_service",
    now: datetime = NOW,
    source: str = "call",
) -> Score:
    """One score, by the way of the product."""
    scored = scored or make_user()
    customer = customer or make_customer()
    given = [Given(question, points, scored, words)]
    return record_scores(customer, given, source=source, by=by, now=now)[0]


def tamper(statement: str, values: list[Any] | None = None) -> None:
    """Does what the owner of the database can: the guards are switched off meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE followups_score DISABLE TRIGGER ALL")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE followups_score ENABLE TRIGGER ALL")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
