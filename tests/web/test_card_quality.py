"""The card count through HTTP: scope, figures that open their cards, counting by hand (CU14)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.factories import make_customer, make_team, make_user

from genjin.customers import fields
from genjin.customers.quality import counting
from genjin.foundation.models import LongTask
from genjin.insight import card_quality

pytestmark = pytest.mark.django_db
URL = "/cards/quality"


@pytest.fixture(autouse=True)
def shipped_fields():
    fields.sync_shipped_fields()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def today():
    return timezone.localdate()


def count() -> None:
    counting.count_cards(today(), now=timezone.now())


def old_card(**values):
    return make_customer(created_at=timezone.now() - timedelta(days=200), **values)


def test_before_the_first_count_the_page_says_so_and_offers_it():
    client = signed_in(make_user(role="manager", language="en"))
    text = client.get(URL).content.decode()
    assert "The cards have not been counted yet" in text
    assert client.post(f"{URL}/count").status_code == 302
    assert LongTask.objects.get().kind == "card_count"
    assert "Count the cards" in client.get(URL).content.decode()


def test_each_figure_opens_its_cards():
    manager = make_user(role="manager", language="en")
    keeper = make_user(name="王芳")
    fresh = make_customer(name="新卡", custodian=keeper, region="110105",
                          created_at=timezone.now())  # fmt: skip
    stale = old_card(name="旧卡", custodian=keeper, region="110105")
    other = old_card(name="别处", region="310000")
    count()
    client = signed_in(manager)
    answer = client.get(URL)
    line = next(one for one in answer.context["custodians"] if one["name"] == "王芳")
    assert (line["quality"].cards, line["quality"].new_cards, line["quality"].stale) == (2, 1, 1)
    assert (line["wanted"], line["is_short"], line["is_old"]) == (20, True, True)

    def names(url: str) -> set[str]:
        text = client.get(url).content.decode()
        return {card.name for card in (fresh, stale, other) if card.name in text}

    assert names(line["cards_url"]) == {"新卡", "旧卡"}
    assert names(line["new_url"]) == {"新卡"}
    assert names(line["stale_url"]) == {"旧卡"}
    beijing = next(one for one in answer.context["provinces"] if "北京" in one["name"])
    assert names(beijing["cards_url"]) == {"新卡", "旧卡"}
    assert names(beijing["stale_url"]) == {"旧卡"}
    nobody = next(one for one in answer.context["custodians"] if one["name"] == "Nobody")
    assert nobody["wanted"] is None
    assert names(nobody["cards_url"]) == {"别处"}
    assert names(nobody["stale_url"]) == {"别处"}
    own = client.get(line["narrows"])
    assert [one["name"] for one in own.context["custodians"]] == ["王芳"]
    assert "Only the cards of 王芳." in own.content.decode()
    assert "Organisation size" in own.content.decode()


def test_a_supervisor_sees_the_own_team_only():
    team, other = make_team(), make_team()
    make_customer(custodian=make_user(name="王芳", team=team), team=team)
    make_customer(custodian=make_user(name="赵六", team=other), team=other)
    count()
    supervisor = make_user(role="supervisor", team=team, language="en")
    text = signed_in(supervisor).get(f"{URL}?team={other.pk}").content.decode()
    assert "王芳" in text
    assert "赵六" not in text
    reviewer = make_user(role="reviewer", language="en")
    text = signed_in(reviewer).get(f"{URL}?team={other.pk}").content.decode()
    assert "赵六" in text
    assert "王芳" not in text


def test_a_person_without_cards_in_scope_is_told_so():
    make_customer(team=make_team())
    count()
    supervisor = make_user(role="supervisor", team=make_team(), language="en")
    assert "No cards here" in signed_in(supervisor).get(URL).content.decode()


def test_an_agent_does_not_see_the_page():
    assert signed_in(make_user()).get(URL).status_code == 403


def test_months_and_days_line_up_with_what_was_counted():
    manager, day = make_user(role="manager"), today()
    make_customer(created_at=timezone.now())
    old_card()
    count()
    rows = card_quality.visible_counts(manager)
    months = card_quality.new_by_month(rows, day)
    assert len(months) == 12
    assert (months[-1].key, months[-1].quality.new_cards) == (day, 1)
    assert sum(row.quality.new_cards for row in months) == 2
    assert [row.key for row in card_quality.trend(rows, day)] == [day]


@pytest.mark.parametrize(
    "query", ["?team=x&custodian=y", "?custodian=99999999999", "?team=²", "?custodian=none"]
)
def test_strange_addresses_show_the_page(query):
    make_customer()
    count()
    client = signed_in(make_user(role="manager"))
    assert client.get(URL + query).status_code == 200
    assert client.get(f"/customers/review{query}&whose=all&region=zz").status_code == 200
