"""The daily timetable runs each entry once a day, catches up, and tells what went wrong."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from genjin.flows import timetable
from genjin.flows.timetable import Daily

pytestmark = pytest.mark.django_db
HERE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HERE)


@pytest.fixture
def ran(monkeypatch):
    done: list[str] = []

    def fail(now: datetime) -> None:
        done.append("third")
        raise RuntimeError("no")

    monkeypatch.setattr(
        timetable,
        "DAILY",
        (
            Daily("first", 1, lambda now: done.append("first")),
            Daily("second", 2, lambda now: done.append("second")),
            Daily("third", 3, fail),
        ),
    )
    return done


def test_nothing_is_due_before_its_hour(ran):
    assert timetable.due(at(23, 0, 59)) == []
    assert timetable.due(at(23, 1)) == ["first"]
    assert timetable.due(at(23, 2, 30)) == ["first", "second"]


def test_an_entry_runs_once_a_day(ran):
    assert timetable.run("first", at(23, 1))
    assert not timetable.run("first", at(23, 5))
    assert timetable.due(at(23, 1, 30)) == []
    assert timetable.run("first", at(24, 1))
    assert ran == ["first", "first"]


def test_after_a_downtime_it_runs_as_soon_as_the_worker_is_back(ran):
    timetable.run("first", at(20, 1))
    assert timetable.due(at(22, 18)) == ["first", "second", "third"]
    assert timetable.run("first", at(22, 18))
    assert timetable.due(at(23, 0, 30)) == []


def test_a_failure_is_kept_and_tried_again_after_an_hour(ran, monkeypatch):
    with pytest.raises(RuntimeError, match="no"):
        timetable.run("third", at(23, 3))
    record = timetable.records(at(23, 3))[2]
    assert (record.day, record.error, record.is_due) == (None, "RuntimeError: no", True)
    assert "third" not in timetable.due(at(23, 3, 59))
    assert "third" in timetable.due(at(23, 4))
