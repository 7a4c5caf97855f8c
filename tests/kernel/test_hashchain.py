from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genjin.kernel.hashchain import (
    GENESIS,
    Fault,
    FaultKind,
    Link,
    Mark,
    canonical,
    key_id,
    link_digest,
    tell_apart,
    walk,
)

KEY, OTHER = b"k" * 32, b"o" * 32
KEYS = {key_id(KEY): KEY}


def chain(count: int, *, key: bytes = KEY, start: int = 1, before: bytes = GENESIS) -> list[Link]:
    links = []
    for number in range(start, start + count):
        content = canonical(["score", number, None, "王"])
        before = link_digest(key, before, content)
        links.append(Link(number, key_id(key), content, before))
    return links


def renumbered(links: list[Link]) -> list[Link]:
    return [
        Link(place, one.key_id, one.content, one.digest)
        for place, one in enumerate(links, start=1)
    ]  # fmt: skip


def fault_of(links: list[Link], marks=()) -> Fault | None:
    """As the product asks: walk, then tell the kinds apart."""
    found = walk(links, KEYS, marks=marks).fault
    if found is None or found.kind is not FaultKind.CHANGED:
        return found
    link = next(one for one in links if one.sequence == found.sequence)
    pairs = [(one.sequence, one.digest) for one in links]
    return tell_apart(found, link, KEYS, digests=lambda: iter(pairs), marks=marks)


def test_an_untouched_chain_has_no_fault_and_gives_its_head():
    links = chain(5)
    result = walk(links, KEYS, marks=[Mark(3, links[2].digest), Mark(5, links[4].digest)])
    assert result.fault is None
    assert (result.count, result.head) == (5, Mark(5, links[4].digest))


def test_an_empty_chain_is_in_order_until_somebody_remembers_more():
    assert walk([], KEYS).fault is None
    assert walk([], KEYS, marks=[Mark(2, b"x", "mail")]).fault == Fault(
        FaultKind.CUT_TAIL, 1, 2, "mail"
    )


def test_a_changed_content_is_named():
    links = chain(6)
    links[2] = Link(3, links[2].key_id, canonical(["score", 3, None, "李"]), links[2].digest)
    assert fault_of(links) == Fault(FaultKind.CHANGED, 3)


def test_a_changed_digest_is_named():
    links = chain(6)
    links[5] = Link(6, links[5].key_id, links[5].content, bytes(32))
    assert fault_of(links) == Fault(FaultKind.CHANGED, 6)


def test_a_removed_link_leaves_a_gap():
    links = chain(6)
    assert fault_of(links[:2] + links[4:]) == Fault(FaultKind.REMOVED, 3, 4)


def test_a_removed_first_link_is_found():
    assert fault_of(chain(4)[1:]) == Fault(FaultKind.REMOVED, 1, 1)


def test_a_removal_hidden_by_new_numbers_is_found_and_with_a_mark_it_is_named():
    links = chain(6)
    cut = renumbered(links[:2] + links[4:])
    assert fault_of(cut) == Fault(FaultKind.CHANGED, 3)
    mark = Mark(6, links[5].digest, "head")
    assert fault_of(cut, [mark]) == Fault(FaultKind.REMOVED, 3, 4, "head")


def test_two_links_that_changed_places_are_told_from_a_change():
    links = chain(6)
    moved = renumbered([links[0], links[3], links[2], links[1], *links[4:]])
    assert fault_of(moved) == Fault(FaultKind.REORDERED, 2, 4)


def test_links_in_the_wrong_order_of_numbers_are_named():
    links = chain(4)
    assert fault_of([links[0], links[1], links[1], *links[2:]]) == Fault(FaultKind.REORDERED, 2)


def test_a_first_link_moved_behind_is_told_from_a_change():
    links = chain(4)
    moved = renumbered([links[1], links[0], *links[2:]])
    assert fault_of(moved).kind is FaultKind.REORDERED


def test_a_cut_tail_verifies_by_itself_and_is_found_by_a_mark():
    links = chain(6)
    assert walk(links[:4], KEYS).fault is None
    assert fault_of(links[:4], [Mark(6, links[5].digest, "head")]) == Fault(
        FaultKind.CUT_TAIL, 5, 6, "head"
    )


def test_a_tail_that_was_cut_and_grew_again_is_found_by_an_older_mark():
    links = chain(6)
    marks = [Mark(2, links[1].digest, "mail"), Mark(5, links[4].digest, "head")]
    other = [*links[:3]]
    before = links[2].digest
    for number in range(4, 9):
        content = canonical(["another", number])
        before = link_digest(KEY, before, content)
        other.append(Link(number, key_id(KEY), content, before))
    assert walk(other, KEYS).fault is None
    assert fault_of(other, marks) == Fault(FaultKind.REWRITTEN, 3, 5, "head")


def test_a_link_signed_with_an_unknown_key_is_named():
    links = chain(3)
    links += chain(2, key=OTHER, start=4, before=links[2].digest)
    assert fault_of(links) == Fault(FaultKind.WRONG_KEY, 4)
    both = KEYS | {key_id(OTHER): OTHER}
    assert walk(links, both).fault is None


def test_a_forged_link_without_the_key_does_not_fit():
    links = chain(3)
    content = canonical(["score", 4])
    forged = Link(4, key_id(KEY), content, link_digest(OTHER, links[2].digest, content))
    assert fault_of([*links, forged]) == Fault(FaultKind.CHANGED, 4)


def test_progress_is_told():
    heard: list[int] = []
    walk(chain(20_000), KEYS, tell=heard.append)
    assert heard == [10_000, 20_000]


def test_an_instant_has_one_form_in_every_zone():
    at = datetime(2026, 11, 23, 2, 0, 0, 7, tzinfo=UTC)
    assert canonical([at]) == canonical([at.astimezone(timezone(timedelta(hours=8)))])
    assert canonical([at]) == b"27:2026-11-23T02:00:00.000007Z"
    with pytest.raises(ValueError, match="zone"):
        canonical([datetime(2026, 11, 23)])  # noqa: DTZ001


def test_the_canonical_form_of_known_values_stays_as_it_is():
    values = ["score", 7, None, "", True, UUID(int=1), "王芳", b"\x00\xff"]
    assert canonical(values) == (
        "5:score,1:7,-,0:,1:1,36:00000000-0000-0000-0000-000000000001,2:王芳,4:00ff".encode()
    )


plain = st.one_of(st.none(), st.text(max_size=6))


@given(st.lists(plain, max_size=5), st.lists(plain, max_size=5))
def test_different_contents_have_different_bytes(one, other):
    assert (canonical(one) == canonical(other)) == (one == other)


@given(st.integers(0, 7), st.binary(min_size=1, max_size=8))
def test_no_change_of_any_link_goes_unseen(place, noise):
    links = chain(8)
    old = links[place]
    links[place] = Link(old.sequence, old.key_id, old.content + noise, old.digest)
    assert fault_of(links) == Fault(FaultKind.CHANGED, place + 1)
