"""The logbook through HTTP: figures, their records, corrections (CA5, FU7)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.factories import NOW, make_script_version, make_team, make_user
from tests.insight.test_logbook import call

from genjin.flows import supervision
from genjin.followups.models import Interaction
from genjin.kernel.errors import NotAllowed

pytestmark = pytest.mark.django_db
DAY = NOW.date().isoformat()


@pytest.fixture
def agent():
    return make_user(team=make_team(), language="en")


@pytest.fixture
def client(client, agent):
    client.force_login(agent)
    return client


def test_the_day_stands_beside_the_day_before(client, agent):
    call(agent, now=NOW - timedelta(days=1), flags="cr")
    call(agent, flags="crs", talk=60)
    call(agent)
    page = client.get(reverse("logbook"), {"day": DAY})
    tiles = {tile["label"]: tile for tile in page.context["tiles"]}
    assert tiles["Dialled"]["value"] == "2"
    assert (tiles["Dialled"]["delta"], tiles["Dialled"]["trend"]) == ("+1", "up")
    assert tiles["Success rate"]["value"] == "100.0%"
    assert "the day before: 1" in page.content.decode()
    assert "No payment on record yet." in page.content.decode()


@pytest.mark.parametrize("span", ["hour", "day", "month", "nonsense"])
def test_every_span_opens_also_without_a_call(client, span):
    answer = client.get(reverse("logbook"), {"span": span, "day": "no day"})
    assert answer.status_code == 200


def test_each_figure_opens_its_records(client, agent):
    call(agent, flags="crs", outcome="agreed")
    call(agent, now=NOW + timedelta(hours=4))
    page = client.get(reverse("logbook"), {"day": DAY})
    tiles = {tile["label"]: tile for tile in page.context["tiles"]}
    assert len(client.get(tiles["Dialled"]["url"]).context["rows"]) == 2
    (success,) = client.get(tiles["Successes"]["url"]).context["rows"]
    assert success["row"].outcome == "agreed"
    by_hour = {row["label"]: row["url"] for row in page.context["rows"]}
    assert len(client.get(by_hour["14:00"]).context["rows"]) == 1


def test_long_lists_are_walked_page_by_page_without_a_row_twice(client, agent, monkeypatch):
    monkeypatch.setattr("genjin.web.logbook.records.PAGE", 2)
    for minute in range(5):
        call(agent, now=NOW + timedelta(minutes=minute // 2))
    seen, after = [], ""
    while True:
        page = client.get(reverse("logbook-records"), {"after": after})
        seen += [item["row"].pk for item in page.context["rows"]]
        after = page.context["after"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 5


def test_a_correction_is_appended_with_its_reason_and_the_figure_follows(client, agent):
    row = call(agent, now=timezone.now(), flags="crs", outcome="agreed", talk=60)
    url = reverse("logbook-correct", args=[row.pk])
    data = {"code": "refused", "talk_seconds": 50, "note": "", "next_step": "", "reason": ""}
    assert client.post(url, data).status_code == 422
    assert client.post(url, {**data, "reason": "wrong key"}).status_code == 302
    fresh = Interaction.objects.get(corrects=row)
    assert (fresh.outcome, fresh.is_success, fresh.is_reached) == ("refused", False, True)
    assert (fresh.at, fresh.by, fresh.talk_seconds) == (row.at, agent, 50)
    page = client.get(reverse("logbook"), {"day": row.local_day.isoformat()})
    assert page.context["total"].successes == 0
    both = client.get(reverse("logbook-record", args=[row.pk])).content.decode()
    assert "wrong key" in both
    assert client.get(url).url == reverse("logbook-correct", args=[fresh.pk])


CORRECTION = {"code": "refused", "talk_seconds": 50, "note": "", "next_step": "", "reason": "x"}


def test_a_record_of_another_day_is_corrected_by_those_with_the_right_alone(client, agent):
    row = call(agent, now=timezone.now() - timedelta(days=1), flags="crs", outcome="agreed")
    url, record = (reverse(f"logbook-{what}", args=[row.pk]) for what in ("correct", "record"))
    assert url not in client.get(record).content.decode()
    assert client.get(url).status_code == client.post(url, CORRECTION).status_code == 403
    for role in ("reviewer", "supervisor", "manager"):
        client.force_login(make_user(role=role, team=agent.team))
        assert url in client.get(record).content.decode()
        assert client.get(url).status_code == 200
    assert client.post(url, CORRECTION).status_code == 302


def test_what_somebody_else_corrected_is_not_corrected_back_by_oneself(client, agent):
    row = call(agent, now=timezone.now(), flags="crs", outcome="agreed")
    supervisor = make_user(role="supervisor", team=agent.team)
    fresh = supervision.correct(row, by=supervisor, now=timezone.now(), **CORRECTION)
    url = reverse("logbook-correct", args=[fresh.pk])
    assert client.post(url, CORRECTION).status_code == 403
    with pytest.raises(NotAllowed):
        supervision.correct(fresh, by=agent, now=timezone.now(), **CORRECTION)
    client.force_login(supervisor)
    assert client.get(url).status_code == 200


def test_agents_see_their_own_records_and_no_others(client, agent):
    other = make_user(team=agent.team)
    row = call(other, flags="cr")
    assert client.get(reverse("logbook-record", args=[row.pk])).status_code == 404
    assert client.get(reverse("logbook-correct", args=[row.pk])).status_code == 404
    assert client.get(reverse("logbook-records"), {"user": other.pk}).context["rows"] == []
    page = client.get(reverse("logbook"), {"who": other.pk, "day": DAY})
    assert page.context["ask"].people == [agent]


def test_a_supervisor_sees_the_team_and_each_of_its_people(client, agent):
    call(agent, flags="cr")
    call(make_user(team=make_team()), flags="cr")
    client.force_login(make_user(role="supervisor", team=agent.team, language="en"))
    page = client.get(reverse("logbook"), {"who": "team", "day": DAY})
    assert page.context["total"].reached == 1
    one = client.get(reverse("logbook"), {"who": agent.pk, "day": DAY})
    assert one.context["total"].reached == 1


def test_a_record_shows_what_was_said_and_under_which_policy(client, agent):
    version = make_script_version(content={"cards": [{"code": "dear", "label": "太贵"}]})
    row = call(agent, flags="crs", outcome="agreed")
    said = row.__class__.objects.create(
        **{name: getattr(row, name) for name in ("customer", "channel", "purpose", "outcome",
                                                 "local_day", "local_hour", "queue")},
        at=NOW, by=agent, is_inbound=True, address="+8613800138000", script_version=version.pk,
        detail={"needs": "给母亲用", "objection_card": "dear", "grade": "A",
                "message": {"text": "一切正常", "number": "010-65529988"}},
        decision={"answer": "allowed", "profile": "cn-mainland", "passed": ["quiet_hours"]},
    )  # fmt: skip
    text = client.get(reverse("logbook-record", args=[said.pk])).content.decode()
    for part in (
        "给母亲用",
        "太贵",
        "A: within a week",
        "一切正常",
        "010-65529988",
        "The customer called us",
        "138****8000",
        "Mainland China · Quiet hours",
    ):
        assert part in text, part
    assert "13800138000" not in text
