"""Many papers at once, some of which come to nothing: no number twice, none left out."""

import random
import threading
from datetime import date

import pytest
from django.db import connection, transaction

from genjin.foundation.models import NumberCounter
from genjin.foundation.numbering import draw
from genjin.foundation.numbering.series import change_series, ensure_series
from tests.concurrency import at_once
from tests.factories import NOW, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
DAY = date(2026, 11, 23)
WRITERS, PAPERS = 16, 40


class Torn(Exception):
    """A paper that came to nothing after its number was drawn."""


def naive_number(_place):
    """The highest number there is and one: what doubles numbers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(last), 0) FROM foundation_numbercounter")
        highest = cursor.fetchone()[0]
        threading.Event().wait(0.02)
        cursor.execute(
            "INSERT INTO foundation_numbercounter (series_id, stem, period, last) "
            "VALUES ('order', %s, '', %s)",
            [f"naive-{threading.get_ident()}", highest + 1],
        )
    return highest + 1


def write_papers(seed, series="order"):
    """Writes papers in transactions of their own, a third of which are torn; gives the numbers."""
    chance, kept = random.Random(seed), []
    for _ in range(PAPERS):
        try:
            with transaction.atomic():
                number = draw(series, on=DAY)
                if chance.random() < 0.3:
                    threading.Event().wait(chance.random() / 300)
                    raise Torn
        except Torn:
            continue
        kept.append(number)
    return kept


def test_the_highest_and_one_doubles_numbers_and_drawing_does_not():
    ensure_series()
    naive = at_once(*[lambda place=place: naive_number(place) for place in range(WRITERS)])
    assert len(set(naive)) < WRITERS
    NumberCounter.objects.all().delete()

    kept = at_once(*[lambda seed=seed: write_papers(seed) for seed in range(WRITERS)])
    numbers = sorted(number for one in kept for number in one)
    assert WRITERS * PAPERS / 2 < len(numbers) < WRITERS * PAPERS
    assert numbers == [f"SO-2026-{n:05}" for n in range(1, len(numbers) + 1)]
    assert NumberCounter.objects.get().last == len(numbers)


def test_the_very_first_numbers_of_an_installation_are_drawn_at_once_without_a_double():
    def first(place):
        with transaction.atomic():
            number = draw("order", on=DAY)
            if place % 2:
                raise Torn
            return number

    found = at_once(*[lambda place=place: first(place) for place in range(12)])
    numbers = sorted(one for one in found if isinstance(one, str))
    assert numbers == [f"SO-2026-{n:05}" for n in range(1, 7)]
    assert sum(isinstance(one, Torn) for one in found) == 6


def test_a_pattern_that_changes_in_the_middle_leaves_no_gap_on_either_side():
    user = make_user(role="administrator")

    def change():
        threading.Event().wait(0.1)
        return change_series("order", pattern="AO-{yy}-{number}", reset="year", by=user, now=NOW)

    *kept, changed = at_once(*[lambda seed=seed: write_papers(seed) for seed in range(8)], change)
    assert changed is True
    numbers = [number for one in kept for number in one]
    old = sorted(one for one in numbers if one.startswith("SO-"))
    new = sorted((one for one in numbers if one.startswith("AO-26-")), key=lambda one: int(one[6:]))
    assert old == [f"SO-2026-{n:05}" for n in range(1, len(old) + 1)]
    assert new == [f"AO-26-{n}" for n in range(1, len(new) + 1)]
    assert len(old) + len(new) == len(numbers)
    assert old
    assert new
