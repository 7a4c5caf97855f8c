"""One paper asked for by many at once is made once, and no number is lost over it."""

from datetime import date

import pytest

from genjin.foundation.models import NumberCounter
from genjin.foundation.papers import Paper
from genjin.kernel.errors import Conflict
from genjin.sales.models import IssuedPaper, PaperFile
from genjin.sales.papers.operations import Source
from tests.concurrency import at_once
from tests.factories import make_customer, make_paper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
DAY = date(2026, 11, 23)


def bill(number):
    return Paper(title="账单", number=number, day=DAY, currency="CNY")


def test_one_source_has_one_paper_though_eight_ask_at_once():
    customer, source = make_customer(), Source("order", "o-1")
    found = at_once(*[lambda: make_paper(customer=customer, build=bill, source=source)] * 8)
    assert {one.number for one in found} == {"BL-2026-00001"}
    assert IssuedPaper.objects.count() == PaperFile.objects.count() == 1
    assert NumberCounter.objects.get().last == 1


def test_a_paper_is_corrected_once_though_six_correct_it_at_once():
    customer = make_customer()
    old = make_paper(customer=customer, build=bill)
    found = at_once(
        *[lambda: make_paper(customer=customer, build=bill, replaces=old, reason="更正")] * 6
    )
    assert sum(isinstance(one, IssuedPaper) for one in found) == 1
    assert {one.code for one in found if isinstance(one, Conflict)} == {"paper_is_replaced"}
    assert NumberCounter.objects.get().last == 2
