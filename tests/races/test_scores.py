"""A hundred scores at once: numbers without a gap, each link on the one before it."""

import pytest
from django.db import connection, transaction

from genjin.followups.models import Score
from genjin.followups.scores import keys, marks, verifying
from genjin.kernel.hashchain import canonical, link_digest
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_user
from tests.scores import fresh_home, give

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    return fresh_home(settings, tmp_path, monkeypatch)


def naive_append(content: bytes) -> int:
    """Reads the last number and writes the next one: what two at once cannot both do."""
    with transaction.atomic():
        last = Score.objects.order_by("-sequence").first()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.05)")
        before = bytes(last.digest) if last else bytes(32)
        number = (last.sequence if last else 0) + 1
        Score.objects.create(
            sequence=number, kind="score", role="", question="", source="", at=NOW, key_id="",
            digest=link_digest(b"k", before, content),
        )  # fmt: skip
    return number


def test_reading_the_last_number_loses_scores_at_once():
    def one() -> int | None:
        try:
            return naive_append(canonical([]))
        except Exception:
            return None

    assert None in at_once(*[one] * 4)


def test_a_hundred_scores_at_once_have_no_gap_and_verify():
    scored, customer = make_user(), make_customer()
    for _round in range(5):
        at_once(*[lambda: give(4, scored=scored, customer=customer, words="好")] * 20)
    assert list(Score.objects.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, 101)
    )
    result = verifying.verify()
    assert (result.count, result.finding) == (100, None)
    assert [mark.sequence for mark in marks.head_marks(keys.load())] == [100]


def test_a_score_that_is_rolled_back_leaves_no_gap_and_no_head():
    give(4)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        give(5)
        raise ZeroDivisionError
    assert give(3).sequence == 2
    assert verifying.verify().finding is None
    assert [mark.sequence for mark in marks.head_marks(keys.load())] == [2]
