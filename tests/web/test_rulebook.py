"""The rulebook's pages: sentences, dry run, editing, switching, own rules."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from tests.factories import make_customer, make_followup, make_queue, make_team, make_user

from genjin.customers.events import emit
from genjin.customers.models import Event, WantedItem
from genjin.followups.models import FollowUp, FollowUpRule
from genjin.followups.rulebook import engine, sentences
from genjin.followups.rulebook.shipped import shipped_rules, sync_shipped_rules
from genjin.foundation.models import AuditEntry
from genjin.sales.models import Product
from genjin.web.rulebook.conditions import Conditions, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shipped(db):
    sync_shipped_rules()


@pytest.fixture
def manager(client):
    user = make_user(role="manager", language="en", team=make_team())
    client.force_login(user)
    return user


def rule(code: str) -> FollowUpRule:
    return FollowUpRule.objects.get(code=code)


def page(client, name: str, *args, query: str = "") -> str:
    response = client.get(reverse(name, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def form_of(client, row: FollowUpRule) -> dict[str, str]:
    """What the form of a rule would send unchanged."""
    context = client.get(reverse("rule-edit", args=[row.pk])).context
    fields = [*context["form"], *(one for part in context["conditions"].rows for one in part)]
    sent = {field.html_name: field.value() for field in fields}
    sent["conditions"] = str(len(context["conditions"].rows))
    return {name: str(value) for name, value in sent.items() if value is not None}


def test_the_list_says_every_rule_as_a_sentence(client, manager):
    text = page(client, "rulebook")
    assert "When goods are delivered, if they are dear or they are fragile" in text
    assert "call 2 days after, within 3 days" in text
    assert text.count("rule-sentence") == FollowUpRule.objects.count()


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant", "zh-hk"])
@pytest.mark.parametrize("code", sorted(shipped_rules()))
def test_every_shipped_rule_has_its_words_in_every_language(code, language):
    row = rule(code)
    with translation.override(language):
        name, said = sentences.name_of(row), sentences.sentence(row)
    assert name != code
    assert said.endswith((".", "。"))
    assert sentences.Subjects([row], language).of(code, {}) != code
    for question in row.questions:
        assert {"en", "zh-hans", "zh-hant"} <= set(question["labels"])


def test_the_reasons_for_every_delay_stand_in_the_file(settings):
    text = (settings.POLICY_DIR / "rulebook.toml").read_text("utf-8")
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("delay_days"):
            assert lines[number - 1].startswith("#"), line


def test_a_rule_page_shows_what_it_would_plan_and_writes_nothing(client, manager):
    customer = make_customer(name="丰收农资", custodian=manager)
    today = timezone.localdate()
    emit("goods_delivered", customer.pk, key="1", on=today, data={"is_dear": True},
         now=timezone.now())  # fmt: skip
    assert "Waits for its event" not in page(client, "rule", rule("arrival-check").pk)
    # Nothing tells yet that goods were installed.
    assert "Waits for its event" in page(client, "rule", rule("usage-check").pk)
    text = page(client, "rule-forecast", rule("arrival-check").pk, query="?days=7")
    assert "丰收农资" in text
    assert "The next 7 days" in text
    assert not FollowUp.objects.exists()
    assert Event.objects.get().handled_at is None
    assert "1" in page(client, "rule-glance", rule("arrival-check").pk)


def test_a_name_outside_the_scope_is_not_shown(client):
    client.force_login(make_user(role="supervisor", language="en", team=make_team()))
    customer = make_customer(name="丰收农资", team=make_team())
    emit("goods_delivered", customer.pk, key="1", on=timezone.localdate(), data={"is_dear": True},
         now=timezone.now())  # fmt: skip
    text = page(client, "rule-forecast", rule("arrival-check").pk)
    assert "丰收农资" not in text
    assert "not in your scope" in text


def test_saving_a_form_unchanged_changes_nothing(client, manager):
    for row in FollowUpRule.objects.all():
        before = {name: getattr(row, name) for name in ("labels", "subject", "conditions")}
        answer = client.post(reverse("rule-edit", args=[row.pk]), form_of(client, row))
        assert answer.status_code == 302, row.code
        row.refresh_from_db()
        assert {name: getattr(row, name) for name in before} == before
        assert row.changed_fields == []
    assert not AuditEntry.objects.filter(object_kind="followuprule").exists()


def test_a_change_is_audited_and_outlives_the_next_version(client, manager):
    row = rule("arrival-check")
    sent = {**form_of(client, row), "delay_days": "4", "rank": "5"}
    assert client.post(reverse("rule-edit", args=[row.pk]), sent).status_code == 302
    entry = AuditEntry.objects.get(object_kind="followuprule")
    assert entry.changes == {"delay_days": [2, 4], "rank": [30, 5]}
    sync_shipped_rules()
    row.refresh_from_db()
    assert (row.delay_days, row.changed_fields, row.changed_by) == (4, ["delay_days", "rank"],
                                                                    manager)  # fmt: skip
    assert "call 4 days after" in page(client, "rule", row.pk)
    client.post(reverse("rule-restore", args=[row.pk]))
    row.refresh_from_db()
    assert (row.delay_days, row.rank, row.changed_fields) == (2, 30, [])


def test_conditions_are_edited_as_rows(client, manager):
    row = rule("arrival-check")
    sent = {**form_of(client, row), "c2-joined": "and", "c2-clause": "amount|at_least|",
            "c2-value": "5,000", "c3-joined": "or",
            "c3-clause": "customer.value_class|one_of|A"}  # fmt: skip
    assert client.post(reverse("rule-edit", args=[row.pk]), sent).status_code == 302
    row.refresh_from_db()
    assert row.conditions[1] == {
        "any": [
            {"field": "amount", "op": "at_least", "value": 5000},
            {"field": "customer.value_class", "op": "one_of", "value": ["A"]},
        ]
    }
    assert "and the amount is at least 5,000 or" in page(client, "rule", row.pk)


@pytest.mark.parametrize("code", sorted(shipped_rules()))
def test_rows_and_conditions_are_one_and_the_same(code):
    row = rule(code)
    rows = rows_of(row.conditions)
    data = {f"c{place}-{name}": value for place, one in enumerate(rows)
            for name, value in one.items()}  # fmt: skip
    found = Conditions(row.event, data={**data, "conditions": str(len(rows))})
    assert found.is_valid()
    assert found.value() == row.conditions


@pytest.mark.parametrize(
    ("field", "value"),
    [("delay_days", "-1"), ("delay_days", "x"), ("window_days", "0"), ("rank", "5000"),
     ("channel", "drum"), ("name", ""), ("at_hour", "24"), ("c0-clause", "colour|is|red"),
     ("c2-clause", "amount|at_least|"), ("conditions", "99999")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_beside_its_field(client, manager, field, value):
    row = rule("arrival-check")
    answer = client.post(
        reverse("rule-edit", args=[row.pk]), {**form_of(client, row), field: value}
    )
    if field == "conditions":
        assert answer.status_code == 302
    else:
        assert answer.status_code == 422
        row.refresh_from_db()
        assert row.changed_fields == []


def test_switching_on_and_off(client, manager):
    row = rule("festival")
    client.post(reverse("rule-switch", args=[row.pk]), {"on": "yes"})
    row.refresh_from_db()
    assert (row.is_on, row.changed_fields) == (True, ["is_on"])
    sync_shipped_rules()
    assert rule("festival").is_on
    client.post(reverse("rule-switch", args=[row.pk]), {"on": "no"})
    assert not rule("festival").is_on
    actions = AuditEntry.objects.filter(object_kind="followuprule").order_by("at")
    assert list(actions.values_list("action", flat=True)) == ["open", "close"]


def test_an_own_rule_begins_switched_off_and_then_plans(client, manager):
    assert "Deal done" in page(client, "rule-new")
    url = reverse("rule-new") + "?event=deal_done"
    sent = {
        "name": "Large deal", "subject": "Ask how it went", "channel": "call", "purpose": "service",
        "delay_days": "3", "delay_hours": "0", "window_days": "2", "rank": "40",
        "assign_to": "custodian", "conditions": "2", "c0-clause": "amount|at_least|",
        "c0-value": "9000",
    }  # fmt: skip
    answer = client.post(url, sent)
    assert answer.status_code == 302
    made = FollowUpRule.objects.get(is_shipped=False)
    assert (made.is_on, made.event, made.delay_days) == (False, "deal_done", 3)
    client.post(reverse("rule-switch", args=[made.pk]), {"on": "yes"})
    emit("deal_done", make_customer().pk, key="1", on=timezone.localdate(), data={"amount": 9500},
         now=timezone.now())  # fmt: skip
    engine.handle_all()
    assert FollowUp.objects.filter(source_id=made.code, subject="Ask how it went").count() == 1


def test_a_supervisor_reads_and_does_not_change(client):
    client.force_login(make_user(role="supervisor", language="en", team=make_team()))
    text = page(client, "rule", rule("birthday").pk)
    assert "Switch off" not in text
    assert client.get(reverse("rule-edit", args=[rule("birthday").pk])).status_code == 403


def test_the_desk_says_what_it_is_about_and_what_to_ask(client):
    agent = make_user(role="agent", language="en", team=make_team())
    client.force_login(agent)
    customer = make_customer(phone="+8613800138000", custodian=agent)
    emit("goods_delivered", customer.pk, key="1", on=timezone.localdate(), now=timezone.now(),
         data={"is_dear": True, "product": "双门冰箱", "deliverer": "老赵"})  # fmt: skip
    event = Event.objects.get()
    now = timezone.now()
    followup = make_followup(
        customer=customer, queue=make_queue(purpose="service"), state="taken", taken_by=agent,
        taken_at=now, lease_until=now + timedelta(minutes=15), source_kind="rule",
        source_id="arrival-check", cause_key=f"rule:arrival-check:{event.pk}",
    )  # fmt: skip
    text = page(client, "desk-followup", followup.pk)
    assert "Did it arrive safely? · 双门冰箱" in text
    assert "Was the person who delivered it polite?" in text
    assert "老赵" in text


def test_wanted_items_are_counted_named_and_told(client, manager):
    lamp = Product.objects.create(code="L-1", name="台灯", in_stock=False)
    for text in ("台灯", "护眼灯", "护眼灯"):
        WantedItem.objects.create(
            customer=make_customer(name="赵六", custodian=manager), text=text, by=manager
        )
    text = page(client, "wanted")
    assert "台灯" in text
    assert "no product yet" in text
    assert "赵六" in page(client, "wanted-askers", query="?text=护眼灯")
    client.post(reverse("wanted-place"), {"text": "护眼灯", "product": str(lamp.pk)})
    client.post(reverse("wanted-arrived", args=[lamp.pk]))
    lamp.refresh_from_db()
    assert lamp.in_stock
    assert Event.objects.filter(code="wanted_in_stock").count() == 3
    engine.handle_all()
    assert FollowUp.objects.filter(source_id="wanted-in-stock").count() == 3
    client.post(reverse("wanted-arrived", args=[lamp.pk]))
    assert Event.objects.count() == 3
