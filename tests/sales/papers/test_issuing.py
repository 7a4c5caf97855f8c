"""Issuing papers: number, file and archive in one; the same source gives the same bytes."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from genjin.customers.models import TimelineEntry
from genjin.flows.merging import merge_customers
from genjin.foundation.models import AuditEntry, NumberCounter
from genjin.foundation.papers import Letter, Paper
from genjin.kernel.errors import BadInput, Conflict
from genjin.sales.models import IssuedPaper, PaperFile
from genjin.sales.papers.operations import Source
from genjin.sales.papers.queries import content_of, current_paper, may_open, papers_of
from tests.factories import NOW, make_customer, make_paper, make_user

DAY = date(2026, 11, 23)
pytestmark = pytest.mark.django_db


def bill(title="账单", **values):
    return lambda number: Paper(title=title, number=number, day=DAY, currency="CNY", **values)


def test_a_paper_gets_its_number_and_is_kept_as_it_was_made():
    customer, user = make_customer(), make_user()
    paper = make_paper(
        customer=customer, by=user, build=bill(), amount=Decimal("10030"), currency="CNY",
        source=Source("order", "o-1"),
    )  # fmt: skip
    content = content_of(paper)
    assert content.startswith(b"%PDF-")
    assert (paper.number, paper.title, paper.edition) == ("BL-2026-00001", "账单", 1)
    assert (paper.sha256, paper.size) == (hashlib.sha256(content).hexdigest(), len(content))
    entry = TimelineEntry.objects.get(kind="paper")
    assert (entry.code, entry.data["number"]) == ("paper_issued", "BL-2026-00001")
    assert AuditEntry.objects.get(action="issue").object_id == str(paper.pk)


def test_a_letter_is_called_by_its_subject():
    letter = Letter(day=DAY, address=["王小明"], subject="关于账单", paragraphs=["您好。"])
    paper = make_paper(customer=make_customer(), kind="letter", build=lambda _number: letter)
    assert (paper.title, paper.number) == ("关于账单", "LT-2026-000001")


def test_the_same_source_gives_the_first_paper_with_the_same_bytes():
    customer = make_customer()
    first = make_paper(customer=customer, build=bill(), source=Source("order", "o-1"))
    again = make_paper(customer=customer, build=bill("另一个"), source=Source("order", "o-1"))
    assert again == first
    assert content_of(again) == content_of(first)
    assert NumberCounter.objects.get().last == 1
    other = make_paper(customer=customer, build=bill(), source=Source("order", "o-2"))
    unbound = [make_paper(customer=customer, build=bill()).number for _ in range(2)]
    assert [other.number, *unbound] == ["BL-2026-00002", "BL-2026-00003", "BL-2026-00004"]


def test_a_correction_is_a_new_paper_that_names_the_old():
    customer = make_customer()
    old = make_paper(customer=customer, build=bill(), source=Source("order", "o-1"))
    before = content_of(old)
    new = make_paper(customer=customer, build=bill("更正"), replaces=old, reason="金额有误")
    assert (new.replaces, new.number, new.source_id) == (old, "BL-2026-00002", "o-1")
    assert content_of(old) == before
    assert current_paper("bill", "order", "o-1") == new
    assert make_paper(customer=customer, build=bill(), source=Source("order", "o-1")) == new
    assert [(one.pk, one.is_replaced) for one in papers_of(customer.pk)] == [
        (new.pk, False), (old.pk, True)
    ]  # fmt: skip
    assert TimelineEntry.objects.filter(code="paper_replaced").count() == 1


def test_an_order_keeps_its_number_and_a_new_wording_is_another_edition():
    customer = make_customer()
    first = make_paper(customer=customer, kind="order", build=bill(), number="SO-2026-00007")
    second = make_paper(
        customer=customer, kind="order", build=bill(), number="SO-2026-00007", replaces=first,
        reason="交期变更",
    )  # fmt: skip
    assert (first.edition, second.edition) == (1, 2)
    assert not NumberCounter.objects.exists()
    with pytest.raises(Conflict) as error:
        make_paper(customer=customer, kind="order", build=bill(), number="SO-2026-00007")
    assert error.value.code == "number_is_taken"


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"kind": "invoice"}, {"kind": ["not_a_choice"]}),
        ({"language": "fr"}, {"language": ["not_a_choice"]}),
        ({"reason": "x" * 301}, {"reason": ["too_long"]}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_drawn(values, problems):
    with pytest.raises(BadInput) as error:
        make_paper(customer=make_customer(), build=bill(), **values)
    found = {place: [one.code for one in all_] for place, all_ in error.value.problems.items()}
    assert found == problems
    assert not NumberCounter.objects.exists()


def test_a_paper_is_replaced_once_with_a_reason_and_by_its_own_kind():
    customer = make_customer()
    old = make_paper(customer=customer, build=bill())
    with pytest.raises(BadInput):
        make_paper(customer=customer, build=bill(), replaces=old)
    make_paper(customer=customer, build=bill(), replaces=old, reason="更正")
    refused = [
        (customer, {}, "paper_is_replaced"),
        (customer, {"kind": "letter"}, "another_paper"),
        (make_customer(), {}, "another_paper"),
    ]
    for whose, values, code in refused:
        with pytest.raises(Conflict) as error:
            make_paper(customer=whose, build=bill(), replaces=old, reason="更正", **values)
        assert error.value.code == code
    assert IssuedPaper.objects.count() == 2


def test_what_cannot_be_set_gives_its_number_back():
    with pytest.raises(ZeroDivisionError):
        make_paper(customer=make_customer(), build=lambda _number: 1 / 0)
    assert make_paper(customer=make_customer(), build=bill()).number == "BL-2026-00001"


def test_no_paper_and_no_file_is_ever_changed():
    paper = make_paper(customer=make_customer(), build=bill())
    for rows, values in (
        (IssuedPaper.objects.all(), {"title": "x"}),
        (PaperFile.objects.filter(paper=paper), {"content": b""}),
    ):
        with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
            rows.update(**values)
        with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
            rows._raw_delete(rows.db)


def test_papers_of_a_merged_card_are_read_with_the_survivors():
    manager = make_user(role="manager")
    survivor, merged = make_customer(name="主"), make_customer(name="并")
    paper = make_paper(customer=merged, build=bill())
    merge_customers(survivor, merged, choices={}, by=manager, now=NOW)
    assert list(papers_of(survivor.pk)) == [paper]
    paper.refresh_from_db()
    assert may_open(manager, paper)


def test_who_sees_no_whole_numbers_opens_no_paper_that_carries_them():
    agent, manager = make_user(), make_user(role="manager")
    mine = make_customer(custodian=agent)
    bare = make_paper(customer=mine, build=bill(), shows_contact=False)
    whole = make_paper(customer=mine, build=bill())
    others = make_paper(customer=make_customer(), build=bill(), shows_contact=False)
    assert [may_open(agent, one) for one in (bare, whole, others)] == [True, False, False]
    assert all(may_open(manager, one) for one in (bare, whole, others))


def test_a_list_of_papers_reads_no_file(django_assert_num_queries):
    customer = make_customer()
    for _ in range(3):
        make_paper(customer=customer, build=bill())
    with django_assert_num_queries(2) as seen:
        assert len(papers_of(customer.pk)) == 3
    assert not any("sales_paperfile" in query["sql"] for query in seen.captured_queries)
