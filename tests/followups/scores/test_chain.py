"""The chain in the database: what is appended, and that every way of tampering is named."""

import base64
import stat

import pytest
from django.db import IntegrityError, connection, transaction

from genjin.followups.models import Score, ScoreAnchor, ScoreText
from genjin.followups.operations.scores import Given, erase_person_scores, record_scores
from genjin.followups.scores import chain, keys, marks, verifying
from genjin.followups.scores.keys import KeyProblem
from genjin.followups.scores.verifying import Finding
from genjin.kernel.errors import BadInput
from genjin.kernel.hashchain import Mark
from tests.factories import NOW, make_customer, make_user
from tests.scores import give, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def six(django_capture_on_commit_callbacks):
    """Six scores, the third and the fifth with words, and the head that follows them."""
    customer, scored = make_customer(), make_user()
    with django_capture_on_commit_callbacks(execute=True):
        return [
            give(number % 5 + 1, scored=scored, customer=customer,
                 words="讲得很清楚" if number in (3, 5) else "")
            for number in range(1, 7)
        ]  # fmt: skip


def finding() -> Finding | None:
    return verifying.verify().finding


def test_scores_are_numbered_without_a_gap_and_verify(six):
    assert [one.sequence for one in six] == [1, 2, 3, 4, 5, 6]
    result = verifying.verify()
    assert result.finding is None
    assert result.count == 6
    assert result.head == bytes(six[-1].digest).hex()
    assert result.compared == [{"place": "head", "sequence": 6}]


def test_an_empty_chain_verifies():
    assert verifying.verify().is_sound


def test_the_database_refuses_change_and_removal(six):
    for statement in ("UPDATE followups_score SET points = 5", "DELETE FROM followups_score"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "points = 5", "out_of = 10", "scored_id = NULL", "customer_id = NULL", "role = 'x'",
        "question = 'x'", "reason = 'x'", "kind = 'x'", "source = 'web'", "text_digest = NULL",
        "at = at + interval '1 microsecond'", "digest = sha256('x')", "corrects_id = 1",
        "approval = '00000000-0000-0000-0000-000000000001'",
    ],
)  # fmt: skip
def test_every_changed_column_is_found_and_the_link_named(six, change):
    tamper(f"UPDATE followups_score SET {change} WHERE sequence = 3")
    assert finding() == Finding("changed", 3)


def test_who_took_it_down_cannot_be_changed(six):
    other = make_user()
    tamper("UPDATE followups_score SET by_id = %s WHERE sequence = 2", [other.pk])
    assert finding() == Finding("changed", 2)


def test_a_removed_score_is_found(six):
    tamper("DELETE FROM followups_score WHERE sequence = 2")
    assert finding() == Finding("removed", 2, 2)


def test_a_removed_score_is_found_though_the_rest_was_numbered_anew(six):
    tamper("DELETE FROM followups_score WHERE sequence = 2")
    tamper("UPDATE followups_score SET sequence = sequence - 1 WHERE sequence > 2")
    assert finding() == Finding("removed", 2, 2, "head")


def test_exchanged_scores_are_found(six):
    tamper("UPDATE followups_score SET sequence = 99 WHERE sequence = 2")
    tamper("UPDATE followups_score SET sequence = 2 WHERE sequence = 4")
    tamper("UPDATE followups_score SET sequence = 4 WHERE sequence = 99")
    assert finding() == Finding("reordered", 2, 4)


def test_a_cut_tail_is_found_although_the_rest_verifies(six):
    tamper("DELETE FROM followups_scoretext WHERE score_id > 4")
    tamper("DELETE FROM followups_score WHERE sequence > 4")
    assert finding() == Finding("cut_tail", 5, 6, "head")


def test_an_emptied_table_is_found(six):
    tamper("DELETE FROM followups_scoretext")
    tamper("DELETE FROM followups_score")
    assert finding() == Finding("cut_tail", 1, 6, "head")


def test_a_cut_tail_stays_known_though_the_chain_grows_past_it(
    six, django_capture_on_commit_callbacks
):
    tamper("DELETE FROM followups_scoretext WHERE score_id > 3")
    tamper("DELETE FROM followups_score WHERE sequence > 3")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(5):
            give(5)
    assert Score.objects.count() == 8
    assert finding() == Finding("rewritten", 1, 6, "head")


def test_a_score_forged_without_the_key_is_found(six):
    tamper(
        "INSERT INTO followups_score (sequence, kind, role, question, points, out_of, reason,"
        " source, at, key_id, digest, customer_id, scored_id)"
        " SELECT 7, kind, role, question, 5, out_of, reason, source, at, key_id, sha256('7'),"
        " customer_id, scored_id FROM followups_score WHERE sequence = 1"
    )
    assert finding() == Finding("changed", 7)


def test_changed_words_are_found(six):
    tamper("UPDATE followups_scoretext SET body = sha256(body) WHERE score_id = 5")
    assert finding() == Finding("words_changed", 5)


def test_exchanged_words_are_found(six):
    tamper(
        "UPDATE followups_scoretext a SET body = b.body, key = b.key FROM followups_scoretext b"
        " WHERE a.score_id = 3 AND b.score_id = 5"
    )
    assert finding() == Finding("words_changed", 3)


def test_words_that_vanish_without_an_erasure_are_found(six):
    tamper("DELETE FROM followups_scoretext WHERE score_id = 5")
    assert finding() == Finding("words_removed", 5)


def test_the_first_fault_is_named_when_there_are_several(six):
    tamper("UPDATE followups_score SET points = 5 WHERE sequence IN (4, 6)")
    tamper("UPDATE followups_scoretext SET body = sha256(body) WHERE score_id = 3")
    assert finding() == Finding("words_changed", 3)


def test_erasing_destroys_words_and_keys_and_the_chain_still_verifies(six):
    customer = six[0].customer
    other = give(2, words="另一个人的话")
    by = make_user(role="administrator")
    assert erase_person_scores(customer, by=by, now=NOW, reason="客户要求") == 2
    assert list(ScoreText.objects.values_list("score_id", flat=True)) == [other.sequence]
    assert finding() is None
    entry = Score.objects.get(kind="erasure")
    assert (entry.sequence, entry.customer, entry.points) == (8, customer, None)
    assert chain.words_of(Score.objects.get(pk=3)) == ""
    assert chain.words_of(other) == "另一个人的话"
    tamper("DELETE FROM followups_scoretext")
    assert finding() == Finding("words_removed", 7)


def test_erasing_what_is_not_there_appends_nothing_and_needs_a_reason():
    customer, by = make_customer(), make_user(role="administrator")
    assert erase_person_scores(customer, by=by, now=NOW, reason="客户要求") == 0
    assert Score.objects.count() == 0
    with pytest.raises(BadInput):
        erase_person_scores(customer, by=by, now=NOW, reason=" ")


def test_words_are_stored_encrypted_and_read_back(six):
    stored = ScoreText.objects.get(score_id=3)
    assert "讲得很清楚".encode() not in bytes(stored.body) + bytes(stored.key)
    assert chain.words_of(six[2]) == "讲得很清楚"


# --- keys -----------------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_owner_may_read_it(six, score_home):
    path = score_home / "scores" / "keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load(may_make=True) == keys.load()


def test_a_new_key_signs_on_and_the_old_one_keeps_verifying(six, score_home):
    path = score_home / "scores" / "keys"
    path.write_text("a-new-key-of-more-than-thirty-two-characters\n" + path.read_text())
    newer = give(3)
    assert newer.key_id != six[0].key_id
    assert finding() is None
    path.write_text("a-new-key-of-more-than-thirty-two-characters\n")
    assert finding() == Finding("wrong_key", 1)


def test_a_wrong_key_is_told_from_a_change(six, monkeypatch):
    monkeypatch.setenv("GENJIN_SCORE_KEY", "another-key-of-more-than-thirty-two-characters")
    assert finding() == Finding("wrong_key", 1)


def test_a_lost_key_is_said(six, score_home):
    (score_home / "scores" / "keys").unlink()
    assert finding() == Finding("key_missing", 1)


def test_a_machine_without_the_key_of_the_chain_signs_nothing(six, score_home, monkeypatch):
    (score_home / "scores" / "keys").unlink()
    with pytest.raises(KeyProblem):
        give(3)
    assert not (score_home / "scores" / "keys").exists()
    monkeypatch.setenv("GENJIN_SCORE_KEY", "another-key-of-more-than-thirty-two-characters")
    with pytest.raises(KeyProblem):
        give(3)
    assert Score.objects.count() == 6


def test_a_short_key_is_refused(monkeypatch):
    monkeypatch.setenv("GENJIN_SCORE_KEY", "short")
    with pytest.raises(KeyProblem):
        keys.load()


def test_the_variable_holds_several_keys(monkeypatch):
    old, new = "o" * 40, "n" * 40
    monkeypatch.setenv("GENJIN_SCORE_KEY", old)
    give(3)
    monkeypatch.setenv("GENJIN_SCORE_KEY", f"{new}, {old}")
    give(4)
    assert finding() is None
    assert len(set(Score.objects.values_list("key_id", flat=True))) == 2


# --- marks ----------------------------------------------------------------------------------


def test_a_head_older_than_the_database_is_in_order(six):
    give(5)  # as another machine does: its commit moves its own head file, not ours
    result = verifying.verify()
    assert (result.count, result.finding) == (7, None)
    assert result.compared == [{"place": "head", "sequence": 6}]


def test_the_head_never_goes_back(six):
    found = keys.load()
    marks.advance(Mark(3, bytes(32)), found, NOW)
    assert [one.sequence for one in marks.head_marks(found)] == [6]


def test_a_changed_head_file_is_found(six, score_home):
    path = score_home / "scores" / "heads"
    path.write_text(path.read_text().replace('"sequence": 6', '"sequence": 4'))
    assert finding() == Finding("mark_unreadable", 0, place=str(path))
    path.write_text("{}\n")
    assert finding() == Finding("mark_unreadable", 0, place=str(path))


def test_an_anchor_outside_finds_what_was_written_anew_with_the_key(six, tmp_path):
    mark = Mark(4, bytes(six[3].digest))
    anchor = tmp_path / "anchor.txt"
    anchor.write_text(marks.anchor_text(mark, "2026-11-23", six[3].key_id), "utf-8")
    assert verifying.verify(anchors=[anchor]).finding is None
    # the owner of database, key and machine writes the whole chain anew
    tamper("DELETE FROM followups_scoretext")
    tamper("DELETE FROM followups_score")
    (keys.folder() / "heads").unlink()
    for _ in range(6):
        give(5)
    assert finding() is None
    assert verifying.verify(anchors=[anchor]).finding == Finding("rewritten", 1, 4, "anchor.txt")


def test_a_mail_that_was_saved_serves_as_anchor(six, tmp_path):
    mail = tmp_path / "mail.eml"
    text = marks.anchor_text(Mark(9, bytes(32)), "2026-11-23", "k")
    mail.write_bytes(b"Subject: x\r\n\r\n" + text.replace("\n", "\r\n").encode())
    assert verifying.verify(anchors=[mail]).finding == Finding("cut_tail", 7, 9, "mail.eml")


def test_a_mail_in_another_packing_serves_as_anchor(six, tmp_path):
    text = marks.anchor_text(Mark(9, bytes(32)), "2026-11-23", "k")
    packed = base64.encodebytes(f"请保存这封邮件。\n\n{text}".encode())
    mail = tmp_path / "mail.eml"
    mail.write_bytes(
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + packed
    )
    assert verifying.verify(anchors=[mail]).finding == Finding("cut_tail", 7, 9, "mail.eml")


def test_an_anchor_that_cannot_be_read_is_said(six, tmp_path):
    assert verifying.verify(anchors=[tmp_path / "none"]).finding.kind == "mark_unreadable"


def test_the_copies_in_the_database_are_compared_too(six):
    ScoreAnchor.objects.create(day=NOW.date(), sequence=5, digest=bytes(32), sent_to="")
    assert finding() == Finding("rewritten", 1, 5, "2026-11-23")


# --- what is refused ------------------------------------------------------------------------


def test_nobody_takes_down_a_score_for_themselves():
    agent = make_user()
    with pytest.raises(BadInput) as bad:
        give(5, scored=agent, by=agent)
    assert [reason.code for reason in bad.value.problems["sales_service"]] == ["not_oneself"]
    assert Score.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([Given("no_such", 3)], "not_a_choice"),
        ([Given("sales_service", 0)], "not_points"),
        ([Given("sales_service", 6)], "not_points"),
        ([Given("sales_service", 5, words="x" * 2001)], "too_long"),
        ([Given("sales_service", 5), Given("sales_service", 4)], "asked_twice"),
    ],
)
def test_what_cannot_be_a_score_is_refused(given, code):
    with pytest.raises(BadInput) as bad:
        record_scores(make_customer(), given, source="call", by=None, now=NOW)
    assert [one.code for found in bad.value.problems.values() for one in found] == [code]
    assert Score.objects.count() == 0


def test_the_history_of_the_card_says_that_they_answered_and_not_what():
    score = give(2, words="不满意")
    entry = score.customer.timeline.get(kind="score")
    assert entry.data == {"count": 1, "way": "call"}


@pytest.mark.django_db(transaction=True)
def test_appending_needs_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        chain.append([chain.Draft(kind="score")], now=NOW)
