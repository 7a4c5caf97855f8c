"""What is written to the logs, and what is not."""

import json
import logging
import sys

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from genjin.customers.models import Customer
from genjin.foundation.access import public
from genjin.foundation.logs import JsonFormatter
from tests.factories import make_customer

pytestmark = pytest.mark.django_db
NOTE = "Owes money\n\nto a neighbour"


@csrf_exempt
@public
def fails(request):
    """Meets an error of the database with what was typed in it."""
    Customer.objects.create(pk=make_customer().pk, name="x", note=request.POST["note"])


urlpatterns = [path("fails", fails)]


def line(record: logging.LogRecord) -> dict:
    return json.loads(JsonFormatter().format(record))


def failing_row() -> None:
    """Breaks a rule of the table with a note in the row."""
    with transaction.atomic():
        Customer.objects.filter(pk=make_customer(name="Wang Wu").pk).update(note=NOTE, name=None)


def test_the_row_that_failed_is_not_logged_but_the_fault_is():
    with pytest.raises(IntegrityError) as caught:
        failing_row()
    assert "Wang" in str(caught.value) or "Owes money" in str(caught.value)
    record = logging.LogRecord(
        "x", logging.ERROR, __file__, 1, "failed: %s", (caught.value,), caught._excinfo
    )
    told = json.dumps(line(record), ensure_ascii=False)
    assert "Owes" not in told
    assert "neighbour" not in told
    assert "null value in column" in told
    assert "failing_row" in told
    assert "The above exception was the direct cause" in told


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'Owes money'::int",
        "SELECT '{\"a\": Owes}'::json",
        "SELECT 1 WHERE 'Owes money' = nowhere.column",
    ],
)
def test_a_typed_value_in_an_error_of_the_database_is_not_logged(sql):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    traceback = line(record)["traceback"]
    # The statement stands in this file; no line of the error itself repeats it.
    assert "Owes" not in traceback
    assert "psycopg.errors." in traceback


@pytest.mark.urls("tests.foundation.test_logs")
def test_what_was_sent_with_a_request_that_failed_is_not_logged(client, caplog):
    client.raise_request_exception = False
    caplog.set_level(logging.DEBUG)
    with transaction.atomic():
        answer = client.post("/fails", {"note": NOTE})
        transaction.set_rollback(True)
    assert answer.status_code == 500
    told = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    assert "duplicate key" in told
    assert "neighbour" not in told
