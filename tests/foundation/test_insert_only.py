"""What happened stays as it was written: the database itself refuses."""

import pytest
from django.db import IntegrityError, connection, transaction

from genjin.foundation import audit
from genjin.foundation.checks import unguarded_tables
from genjin.foundation.models import AuditEntry
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db


def test_every_table_of_facts_is_guarded():
    assert unguarded_tables() == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE foundation_auditentry SET action = 'other'", "DELETE FROM foundation_auditentry"],
)
def test_an_audit_entry_cannot_be_changed_or_removed_by_sql(statement):
    entry = audit.record("change", ("thing", "1"), by=make_user(), now=NOW, changes={"a": [1, 2]})
    refused = pytest.raises(IntegrityError, match="insert-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().pk == entry.pk


def test_emptying_a_table_of_facts_is_refused_outside_tests():
    refused = pytest.raises(IntegrityError, match="insert-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL genjin.allow_truncate = 'off'")
        cursor.execute("TRUNCATE foundation_auditentry")


def test_a_change_is_written_with_what_it_was_before():
    user = make_user()
    changes = audit.change(user, {"name": "王芳"}, by=user, now=NOW, reason="married")
    entry = AuditEntry.objects.get()
    assert changes == {"name": [changes["name"][0], "王芳"]}
    assert (entry.object_kind, entry.changes, entry.reason) == ("user", changes, "married")


def test_a_change_that_changes_nothing_writes_nothing():
    user = make_user()
    assert audit.change(user, {"name": user.name}, by=user, now=NOW) == {}
    assert not AuditEntry.objects.exists()
