"""Tax invoices on screen: asked for on the card, worked through by finance."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.factories import NOW, PASSWORD, make_customer, make_user

from genjin.customers.models import CardAccess
from genjin.sales.invoices.operations import request_invoice, save_details
from genjin.sales.models import InvoiceRequest, InvoicingDetails

pytestmark = pytest.mark.django_db


def signed_in(client, role, **fields):
    user = make_user(role=role, username="me", password=PASSWORD, language="en", **fields)
    client.post("/sign-in", {"username": "me", "password": PASSWORD})
    return user


def waiting(customer=None, amount="1000"):
    customer = customer or make_customer()
    own = save_details(customer, {"title": "华强", "tax_number": "12345678"}, by=None, now=NOW)
    return request_invoice(
        customer, details=own, kind="normal", amount=Decimal(amount), currency="CNY",
        content="打印机", by=None, now=NOW,
    )  # fmt: skip


def test_an_agent_enters_what_invoices_must_say_and_asks_for_one(client):
    agent = signed_in(client, "agent")
    customer = make_customer(custodian=agent, name="张三")
    begun = client.get(f"/customers/{customer.pk}/invoices/new")
    assert begun.url == f"/customers/{customer.pk}/invoicing/new?then=request"
    assert 'value="张三"' in client.get(begun.url).content.decode()
    answer = client.post(begun.url, {"title": "张三", "address_phone": "上海 021-5550100"})
    assert answer.url == f"/customers/{customer.pk}/invoices/new"
    details = InvoicingDetails.objects.get()
    asked = {"details": details.pk, "kind": "special", "amount": "10030", "currency": "CNY",
             "content": "打印机"}  # fmt: skip
    refused = client.post(answer.url, asked)
    assert refused.status_code == 422
    words = "A special invoice also needs: tax number, bank and account."
    assert words in refused.content.decode()
    assert client.post(answer.url, {**asked, "kind": "normal"}).status_code == 302
    row = InvoiceRequest.objects.get()
    assert (row.state, row.amount, row.requested_by) == ("requested", 10030, agent)
    page = client.get(f"/customers/{customer.pk}").content.decode()
    assert "Invoice asked for: CN¥10,030.00 (Normal)" in page
    assert "Address, phone and account are hidden." in page
    assert "021-5550100" not in page
    assert client.get(f"/customers/{customer.pk}/invoicing/{details.pk}").status_code == 403


def test_finance_keeps_the_number_and_takes_the_invoice_back(client):
    signed_in(client, "finance")
    row = waiting()
    assert "华强" in client.get("/invoices").content.decode()
    bad = client.post(f"/invoices/{row.pk}", {"number": "1", "issued_on": "2026-11-20"})
    assert bad.status_code == 422
    assert "does not look like the number" in bad.content.decode()
    done = client.post(
        f"/invoices/{row.pk}", {"number": "25442000000012345678", "issued_on": "2026-11-20"}
    )
    assert done.url == "/invoices"
    assert "25442000000012345678" in client.get("/invoices?state=issued").content.decode()
    too_much = client.post(f"/invoices/{row.pk}/red", {"amount": "1000.01", "reason": "x"})
    assert "Only CN¥1,000.00 of it is left" in too_much.content.decode()
    assert (
        client.post(f"/invoices/{row.pk}/red", {"amount": "1000", "reason": "退货"}).status_code
        == 302
    )
    red = InvoiceRequest.objects.get(kind="red")
    client.post(
        f"/invoices/{red.pk}", {"number": "25442000000099999999", "issued_on": "2026-11-21"}
    )
    row.refresh_from_db()
    assert row.state == "red"
    page = client.get(f"/invoices/{row.pk}").content.decode()
    assert "25442000000099999999" in page
    assert f"/invoices/{row.pk}/red" not in page


def test_whoever_asked_sees_why_an_invoice_was_not_issued(client):
    signed_in(client, "manager")
    row = waiting()
    assert client.post(f"/invoices/{row.pk}/reject", {"reason": ""}).status_code == 422
    assert client.post(f"/invoices/{row.pk}/reject", {"reason": "税号有误"}).status_code == 302
    again = client.post(f"/invoices/{row.pk}/reject", {"reason": "x"})
    assert again.status_code == 422
    assert "税号有误" in client.get(f"/customers/{row.customer_id}").content.decode()


def test_what_waits_goes_out_as_a_sheet_and_that_is_noted(client):
    user = signed_in(client, "finance")
    row = waiting()
    answer = client.get("/invoices/sheet")
    table = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    values = [cell.value for cell in table[2]]
    assert (values[2], values[3], values[8]) == ("华强", "12345678", 1000)
    look = CardAccess.objects.get(action="exported")
    assert (look.by, look.customer_id) == (user, row.customer_id)


def test_the_list_costs_the_same_with_one_and_with_many(client, django_assert_num_queries):
    signed_in(client, "finance")
    waiting()
    client.get("/invoices")
    with CaptureQueriesContext(connection) as one:
        client.get("/invoices")
    for _ in range(4):
        waiting()
    with django_assert_num_queries(len(one)):
        client.get("/invoices")
