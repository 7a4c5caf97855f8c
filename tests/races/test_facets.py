"""Facets are counted while cards change and their bitmaps are made: no figure is ever between."""

import random
import threading

import pytest
from django.db import connections, transaction

from genjin.customers.facets.building import work_in_some
from genjin.customers.facets.counting import members, tally
from genjin.customers.models import Customer, FacetChange
from genjin.customers.segments import EVERYBODY
from tests.factories import make_customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
CARDS, SWAPS, WRITERS = 20, 60, 2
GRADE_A = {"all": [{"field": "grade", "op": "in", "values": ["A"]}]}


def test_every_count_is_that_of_one_moment():
    cards = [make_customer(grade="AB"[n % 2]) for n in range(CARDS)]
    over, faults, counted = threading.Event(), [], []

    def run(work):
        try:
            work()
        except Exception as error:
            faults.append(repr(error))
            raise
        finally:
            connections.close_all()

    def swap(seed):
        rng = random.Random(seed)
        for _ in range(SWAPS):
            pair = sorted(card.pk for card in rng.sample(cards, 2))
            with transaction.atomic():
                rows = list(Customer.objects.select_for_update().filter(pk__in=pair).order_by("pk"))
                for row, other in zip(rows, reversed(rows), strict=True):
                    Customer.objects.filter(pk=row.pk).update(grade=other.grade)

    def build():
        while not over.is_set():
            work_in_some()

    def count():
        while not over.is_set():
            got = tally(EVERYBODY, user=None, facets=["grade"])
            counted.append((got.total, got.by_facet["grade"]["A"], got.by_facet["grade"]["B"]))
            counted.append((CARDS, members(GRADE_A).count, CARDS // 2))

    writers = [threading.Thread(target=run, args=(lambda s=seed: swap(s),))
               for seed in range(WRITERS)]  # fmt: skip
    others = [threading.Thread(target=run, args=(work,)) for work in (build, build, count)]
    for thread in (*writers, *others):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in others:
        thread.join()
    assert faults == []
    assert set(counted) == {(CARDS, CARDS // 2, CARDS // 2)}
    assert len(counted) > 2
    while work_in_some():
        pass
    assert not FacetChange.objects.exists()
    expected = Customer.objects.filter(grade="A").values_list("number", flat=True)
    assert sorted(members(GRADE_A).numbers()) == sorted(expected)


def test_a_change_that_commits_late_is_not_lost():
    """A card is written before the builder reads and committed after it has finished."""
    card = make_customer(grade="A")
    while work_in_some():
        pass
    written, built = threading.Event(), threading.Event()

    def write():
        try:
            with transaction.atomic():
                Customer.objects.filter(pk=card.pk).update(grade="B")
                written.set()
                built.wait(timeout=20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    assert written.wait(timeout=20)
    work_in_some()
    before = tally(EVERYBODY, user=None, facets=["grade"]).by_facet["grade"]
    built.set()
    thread.join()
    after = tally(EVERYBODY, user=None, facets=["grade"]).by_facet["grade"]
    assert (before.get("A", 0), before.get("B", 0)) == (1, 0)
    assert (after.get("A", 0), after.get("B", 0)) == (0, 1)
    work_in_some()
    assert members(GRADE_A).count == 0
