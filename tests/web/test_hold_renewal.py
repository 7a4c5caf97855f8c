"""A second renewal on the card: it says that it waits, and leads to the question (FU4, PL11)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_customer, make_team, make_user

from genjin.customers.models import Hold
from genjin.followups.operations import place_hold, release_hold, renew_hold
from genjin.foundation.models import Approval

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_second_renewal_waits_on_the_card_until_it_is_decided():
    team, now = make_team(), timezone.now()
    collector = make_user(role="collector", team=team, language="en")
    chief = make_user(role="supervisor", team=team, language="en", name="Zhou")
    customer = make_customer(custodian=collector, team=team)
    first = place_hold(customer, purposes=["sell"], reason="other", note="x", days=9, by=collector,
                       source=("person", str(collector.pk)), now=now)  # fmt: skip
    hold = renew_hold(first, note="y", by=collector, now=now, days=9)
    client, card = signed_in(collector), reverse("customer", args=[customer.pk])
    url = reverse("hold-renew", args=[customer.pk, hold.pk])
    text = client.post(url, {"note": "still", "days": 20}, follow=True).content.decode()
    assert "it waits for an approval" in text
    approval = Approval.objects.get()
    assert reverse("approval", args=[approval.pk]) in text
    assert "Its renewal waits for a decision" in text
    form = client.get(url).content.decode()
    assert "waits for a decision" in form
    assert reverse("approval", args=[approval.pk]) in form
    again = client.post(url, {"note": "still", "days": 20})
    assert again.status_code == 422
    assert "asked already" in again.content.decode()

    decider = signed_in(chief)
    question = decider.get(reverse("approval", args=[approval.pk])).content.decode()
    assert "for 20 days" in question
    assert "Selling" in question
    decider.post(reverse("approval-decide", args=[approval.pk]), {"answer": "approve"})
    assert Hold.objects.get(renews=hold).placed_by == collector
    text = client.get(card).content.decode()
    assert "Zhou agreed" in text
    assert "Its renewal waits" not in text


def test_the_decider_is_told_when_the_hold_ended_meanwhile():
    team, now = make_team(), timezone.now()
    collector = make_user(role="collector", team=team, language="en")
    chief = make_user(role="supervisor", team=team, language="en")
    hold = place_hold(make_customer(), purposes=["sell"], reason="complaint", note="", days=9,
                      source=("complaint", "1"), by=collector,
                      now=now - timedelta(days=1))  # fmt: skip
    approval = renew_hold(hold, note="still", by=collector, now=now, days=9)
    release_hold(hold, by=chief, now=now, reason="settled")
    client = signed_in(chief)
    url = reverse("approval-decide", args=[approval.pk])
    text = client.post(url, {"answer": "approve"}, follow=True).content.decode()
    assert "This hold ended meanwhile" in text
    approval.refresh_from_db()
    assert approval.state == "asked"
