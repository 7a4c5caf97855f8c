"""Freshness, loans, looks and files of customers as pages (CU6, CU8)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tests.factories import make_customer, make_team, make_user

from genjin.customers.exporting import making
from genjin.customers.models import CardAccess, CardLoan, Customer, CustomerExport
from genjin.foundation import approvals
from genjin.foundation.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_home(settings, tmp_path):
    settings.GENJIN_HOME = tmp_path


def old_card(custodian) -> Customer:
    long_ago = timezone.now() - timedelta(days=400)
    return make_customer(name="王五商行", custodian=custodian, created_at=long_ago)


def test_looking_at_a_card_is_on_record_once_for_half_an_hour(client):
    agent = make_user()
    customer = make_customer(custodian=agent)
    client.force_login(agent)
    for _look in range(3):
        client.get(reverse("customer", args=[customer.pk]))
    row = CardAccess.objects.get(customer=customer)
    assert (row.by, row.action) == (agent, "viewed")


def test_an_old_card_is_shown_as_old_listed_and_confirmed_by_one_press(client):
    agent = make_user(language="en")
    customer = old_card(agent)
    client.force_login(agent)
    assert "王五商行" in client.get(reverse("customers-review")).content.decode()
    page = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert "when the card was opened" in page
    client.post(reverse("customer-confirm", args=[customer.pk]), {"from": "review"})
    assert "王五商行" not in client.get(reverse("customers-review")).content.decode().replace(
        "Confirmed: 王五商行", ""
    )
    assert AuditEntry.objects.filter(action="confirm", by=agent).exists()


def test_a_stub_that_came_in_is_noted_and_shown_on_the_card(client):
    agent = make_user(language="en")
    customer = old_card(agent)
    client.force_login(agent)
    url = reverse("customer-occasion", args=[customer.pk])
    assert client.post(url, {"occasion": "wedding"}).status_code == 422
    client.post(url, {"occasion": "invoice_stub", "reference": "F-7"})
    page = client.get(reverse("customer", args=[customer.pk])).content.decode()
    assert "by an invoice stub" in page


def test_a_card_is_lent_taken_back_and_closed_to_others(client):
    keeper, guest = make_user(language="en"), make_user(language="en")
    customer = make_customer(custodian=keeper)
    client.force_login(guest)
    assert client.get(reverse("customer", args=[customer.pk])).status_code == 404
    client.force_login(keeper)
    day = (timezone.localdate() + timedelta(days=5)).isoformat()
    url = reverse("customer-lend", args=[customer.pk])
    wrong = client.post(url, {"to": guest.pk, "until": day, "reason": ""})
    assert wrong.status_code == 422
    client.post(url, {"to": guest.pk, "until": day, "reason": "共同拜访"})
    client.force_login(guest)
    assert client.get(reverse("customer", args=[customer.pk])).status_code == 200
    assert client.get(url).status_code == 403
    loan = CardLoan.objects.get()
    client.post(reverse("loan-end", args=[loan.pk]))
    assert client.get(reverse("customer", args=[customer.pk])).status_code == 404


def test_a_file_from_question_to_trace(client):
    team = make_team()
    manager = make_user(role="manager", team=team, language="en")
    boss = make_user(role="administrator", language="en")
    make_customer(name="赵六")
    client.force_login(manager)
    assert client.get(reverse("export-new")).status_code == 200
    asked = {"columns": ["number", "name"], "format": "xlsx", "reason": "年会邀请"}
    assert client.post(reverse("export-new"), {**asked, "reason": ""}).status_code == 422
    client.post(reverse("export-new"), asked)
    export = CustomerExport.objects.get()
    page = client.get(reverse("export", args=[export.pk])).content.decode()
    assert "This file waits for an approval." in page
    approval = approvals.for_subject("export", str(export.pk)).get()
    approvals.decide(approval, approve=True, by=boss, now=timezone.now())
    making.make_file(CustomerExport.objects.get(), now=timezone.now())
    file = b"".join(client.get(reverse("export-file", args=[export.pk])).streaming_content)
    client.force_login(boss)
    refused = client.get(reverse("export-file", args=[export.pk]), follow=True)
    assert "Only who asked for a file fetches it." in refused.content.decode()
    sent = {"file": SimpleUploadedFile("leak.xlsx", file + b"\n")}
    answer = client.post(reverse("export-trace"), sent).content.decode()
    assert manager.name in answer
    assert "by its mark" in answer
    assert client.post(reverse("export-trace"), {}).status_code == 422
    log = client.get(reverse("custody-log"), {"action": "exported"}).content.decode()
    assert export.mark in log
