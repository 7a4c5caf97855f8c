"""The daily anchor: sent once, to a file or by real mail; a failure is kept and tried again."""

from datetime import timedelta
from pathlib import Path

import pytest

from genjin.followups.models import ScoreAnchor
from genjin.followups.scores import anchors, marks, verifying
from genjin.followups.scores.jobs import last_result, verify_nightly
from genjin.foundation import policy
from tests.factories import NOW, make_user
from tests.scores import give, tamper

pytestmark = pytest.mark.django_db


def set_policy(key: str, value) -> None:
    policy.set_value(key, value, by=make_user(role="administrator"), now=NOW)


def test_without_scores_there_is_no_anchor():
    assert anchors.anchor_day(NOW) is None


def test_an_anchor_goes_into_the_directory_once_a_day(tmp_path):
    set_policy("scores.anchor.directory", str(tmp_path))
    score = give(4)
    anchor = anchors.anchor_day(NOW)
    assert (anchor.sequence, anchor.sent_to, anchor.error) == (1, str(tmp_path), "")
    (path,) = tmp_path.iterdir()
    assert path.name == "genjin-scores-2026-11-23.txt"
    mark = marks.read_anchor(path)
    assert (mark.sequence, mark.digest) == (1, bytes(score.digest))
    give(5)
    assert anchors.anchor_day(NOW + timedelta(hours=2)).sequence == 1
    assert anchors.anchor_day(NOW + timedelta(days=1)).sequence == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_anchors_in_the_directory_are_compared_by_every_check(tmp_path):
    set_policy("scores.anchor.directory", str(tmp_path))
    for _ in range(3):
        give(2)
    anchors.anchor_day(NOW)
    assert verifying.verify().finding is None
    tamper("DELETE FROM followups_score WHERE sequence = 3")
    tamper("DELETE FROM followups_scoreanchor")
    (Path(marks.folder()) / "heads").unlink()
    found = verifying.verify().finding
    assert (found.kind, found.sequence, found.place) == (
        "cut_tail", 3, "genjin-scores-2026-11-23.txt")  # fmt: skip


def test_an_anchor_is_never_overwritten_and_the_failure_is_kept(tmp_path):
    set_policy("scores.anchor.directory", str(tmp_path))
    (tmp_path / "genjin-scores-2026-11-23.txt").write_text("something else")
    give(4)
    with pytest.raises(anchors.AnchorNotSent):
        anchors.anchor_day(NOW)
    anchor = ScoreAnchor.objects.get()
    assert anchor.sent_at is None
    assert "FileExistsError" in anchor.error
    (tmp_path / "genjin-scores-2026-11-23.txt").unlink()
    assert anchors.anchor_day(NOW).error == ""


def test_an_anchor_goes_by_mail_and_the_saved_message_serves_as_anchor(mail_server, tmp_path):
    set_policy("scores.anchor.mail_to", ["auditor@example.org"])
    for _ in range(2):
        give(3)
    anchor = anchors.anchor_day(NOW)
    assert (anchor.sent_to, anchor.error) == ("auditor@example.org", "")
    ((recipient, message),) = mail_server.received
    assert recipient == "auditor@example.org"
    saved = tmp_path / "message.eml"
    saved.write_bytes(message)
    assert verifying.verify(anchors=[saved]).finding is None
    tamper("UPDATE followups_score SET points = 5 WHERE sequence = 2")
    assert verifying.verify(anchors=[saved]).finding.sequence == 2


def test_without_a_mail_server_the_failure_is_kept(settings):
    settings.EMAIL_HOST, settings.PRODUCTION = "", True
    set_policy("scores.anchor.mail_to", ["auditor@example.org"])
    give(3)
    with pytest.raises(anchors.AnchorNotSent):
        anchors.anchor_day(NOW)
    assert "GENJIN_SMTP" in ScoreAnchor.objects.get().error


def test_outside_production_an_anchor_goes_only_to_addresses_on_the_list(mail_server, settings):
    settings.PRODUCTION = False
    set_policy("scores.anchor.mail_to", ["auditor@example.org"])
    give(3)
    with pytest.raises(anchors.AnchorNotSent):
        anchors.anchor_day(NOW)
    assert "GENJIN_MAIL_ALLOW" in ScoreAnchor.objects.get().error
    assert mail_server.tried == []
    settings.MAIL_ALLOW = ["example.org"]
    assert anchors.anchor_day(NOW).sent_to == "auditor@example.org"
    assert mail_server.recipients == ["auditor@example.org"]


def test_the_check_of_the_night_keeps_its_result():
    give(3)
    verify_nightly(NOW)
    assert last_result().result["sound"] is True
    tamper("UPDATE followups_score SET points = 5 WHERE sequence = 1")
    verify_nightly(NOW)
    assert last_result().result["fault"] == {
        "kind": "changed", "sequence": 1, "last": None, "place": ""}  # fmt: skip
