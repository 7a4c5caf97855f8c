"""What an agent had to do with once does not stay open to them for good (PL4, CU8)."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from genjin.calling.models import DeskDraft
from genjin.customers.models import TimelineEntry
from genjin.followups.models import Contact, FollowUp, Interaction
from tests.factories import make_customer, make_followup, make_user, morning_zone

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor():
    return make_user(role="vendor")


@pytest.fixture
def client(vendor):
    client = Client()
    client.force_login(vendor)
    return client


@pytest.fixture
def past(vendor) -> FollowUp:
    """Called once by the vendor's agent, recorded, and back in the queue for anybody."""
    customer = make_customer(name="钱秘密", phone="+8613800138000", time_zone=morning_zone())
    followup = make_followup(customer=customer)
    Contact.objects.create(
        customer=customer, followup=followup, by=vendor, channel="call", purpose="sell",
        address="+8613800138000", started_at=timezone.now() - timedelta(days=60), state="closed",
        closed_at=timezone.now() - timedelta(days=60),
    )  # fmt: skip
    return followup


def test_a_call_recorded_long_ago_opens_neither_the_customer_nor_the_history(client, past):
    answer = client.get(f"/desk/{past.pk}")
    assert (answer.status_code, answer.url) == (302, "/desk")
    assert client.get(f"/desk/{past.pk}/timeline").status_code == 404


def test_it_cannot_be_taken_again_past_the_queue(client, past):
    assert client.post(f"/desk/{past.pk}/take").status_code == 404
    form = {"token": "t9", "outcome": "success", "next_step": "寄样品"}
    client.post(f"/desk/{past.pk}/record", form)
    past.refresh_from_db()
    assert (past.state, past.taken_by) == ("ready", None)
    assert not Interaction.objects.exists()


def test_no_draft_and_no_note_reopens_it(client, past):
    body = json.dumps({"fields": {"note": "x"}, "writer": "a", "serial": 1, "revision": 0})
    answer = client.post(f"/desk/{past.pk}/draft", body, content_type="application/json")
    assert answer.status_code == 404
    assert client.post(f"/desk/{past.pk}/note", {"text": "x"}).status_code == 404
    assert not DeskDraft.objects.exists()
    assert not TimelineEntry.objects.exists()


def test_one_s_own_finished_follow_up_leads_back_to_the_desk(client, past, vendor):
    FollowUp.objects.filter(pk=past.pk).update(
        state="done", taken_by=vendor, ended_at=timezone.now(), last_outcome="success"
    )
    assert client.get(f"/desk/{past.pk}").status_code == 302


def test_a_call_that_is_not_recorded_yet_stays_open_to_be_recorded(client, past):
    Contact.objects.update(state="unknown", closed_at=None)
    assert client.get(f"/desk/{past.pk}").status_code == 200
