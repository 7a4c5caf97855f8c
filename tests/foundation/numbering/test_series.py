"""Drawing numbers and changing what they look like, on the real database."""

from datetime import date

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from genjin.foundation.models import AuditEntry, NumberCounter
from genjin.foundation.numbering import draw, draw_many
from genjin.foundation.numbering.series import change_series, continue_from, series_rows
from genjin.kernel.errors import BadInput
from tests.factories import NOW, make_user

DAY = date(2026, 11, 23)
pytestmark = pytest.mark.django_db


def upcoming(code, today=DAY):
    return next(row.upcoming for row in series_rows(today=today) if row.series.code == code)


def test_numbers_of_a_series_count_on_and_each_series_for_itself():
    assert [draw("order", on=DAY) for _ in range(3)] == [
        "SO-2026-00001", "SO-2026-00002", "SO-2026-00003"
    ]  # fmt: skip
    assert draw("receipt", on=DAY) == "RC-2026-00001"
    assert draw_many("order", on=DAY, count=2) == ["SO-2026-00004", "SO-2026-00005"]
    assert draw_many("order", on=DAY, count=0) == []
    assert upcoming("order") == "SO-2026-00006"


def test_the_day_on_the_paper_decides_the_year():
    assert draw("order", on=date(2027, 1, 1)) == "SO-2027-00001"
    assert draw("order", on=date(2026, 12, 31)) == "SO-2026-00001"
    assert draw("order", on=date(2027, 1, 2)) == "SO-2027-00002"


def test_a_series_by_month_begins_anew_each_month():
    assert draw("statement", on=DAY) == "ST-202611-00001"
    assert draw("statement", on=date(2026, 12, 1)) == "ST-202612-00001"


def test_a_paper_that_is_rolled_back_gives_its_number_back():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert draw("order", on=DAY) == "SO-2026-00001"
        1 / 0  # noqa: B018
    assert draw("order", on=DAY) == "SO-2026-00001"


def test_no_series_is_made_up():
    with pytest.raises(KeyError):
        draw("no-such", on=DAY)
    assert not NumberCounter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_number_is_drawn_in_a_transaction_or_not_at_all():
    with pytest.raises(TransactionManagementError):
        draw("order", on=DAY)
    assert not NumberCounter.objects.exists()


def test_another_shape_begins_at_one_and_more_digits_count_on():
    user = make_user(role="administrator")
    draw("order", on=DAY)
    assert change_series("order", pattern="SO-{year}-{number:07}", reset="year", by=user, now=NOW)
    assert draw("order", on=DAY) == "SO-2026-0000002"
    assert change_series("order", pattern="AUF-{yy}-{number:03}", reset="year", by=user, now=NOW)
    assert draw("order", on=DAY) == "AUF-26-001"
    assert not change_series(
        "order", pattern=" AUF-{yy}-{number:03} ", reset="year", by=user, now=NOW
    )
    changes = AuditEntry.objects.filter(object_kind="numberseries").order_by("id")
    assert [entry.changes["pattern"] for entry in changes] == [
        ["SO-{year}-{number:05}", "SO-{year}-{number:07}"],
        ["SO-{year}-{number:07}", "AUF-{yy}-{number:03}"],
    ]


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"pattern": "RC-{year}-{number}"}, {"pattern": ["start_is_taken"]}),
        ({"pattern": "SO-{number}"}, {"pattern": ["year_needed"]}),
        ({"reset": "never"}, {"reset": ["reset_needs_new_pattern"]}),
        ({"reset": "daily"}, {"reset": ["not_a_choice"]}),
    ],
)
def test_a_change_that_could_double_a_number_is_refused(values, problems):
    draw("order", on=DAY)
    given = {"pattern": "SO-{year}-{number:05}", "reset": "year", **values}
    with pytest.raises(BadInput) as error:
        change_series("order", **given, by=make_user(role="administrator"), now=NOW)
    found = {place: [one.code for one in all_] for place, all_ in error.value.problems.items()}
    assert found == problems
    assert draw("order", on=DAY) == "SO-2026-00002"


def test_no_series_takes_what_another_once_began_with():
    user = make_user(role="administrator")
    draw("order", on=DAY)
    change_series("order", pattern="ORD-{year}-{number}", reset="year", by=user, now=NOW)
    with pytest.raises(BadInput):
        change_series("bill", pattern="SO-{year}-{number}", reset="year", by=user, now=NOW)


def test_a_series_goes_on_where_the_old_papers_ended_and_never_back():
    user = make_user(role="administrator")
    continue_from("order", number=458, on=DAY, by=user, now=NOW)
    assert draw("order", on=DAY) == "SO-2026-00458"
    for number, code in ((458, "number_was_drawn"), (0, "out_of_bounds")):
        with pytest.raises(BadInput) as error:
            continue_from("order", number=number, on=DAY, by=user, now=NOW)
        assert [one.code for one in error.value.problems["number"]] == [code]
    assert upcoming("order") == "SO-2026-00459"
    assert AuditEntry.objects.get(action="continue").changes["last"] == [0, 457]
