"""The uncollected statement on screen, as a sheet and on paper (RE3)."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from tests.factories import make_customer, make_team, make_user

from genjin.receivables.operations import ledger

pytestmark = pytest.mark.django_db


def owes(customer, number, amount, late, seller=None, currency="CNY"):
    today, now = timezone.localdate(), timezone.now()
    return ledger.bill(
        customer, amount=Decimal(amount), currency=currency, issued_on=today - timedelta(days=120),
        due_on=today - timedelta(days=late), number=number, salesperson=seller, by=None, now=now,
    )  # fmt: skip


@pytest.fixture
def world(client: Client):
    seller = make_user(role="salesperson", team=make_team())
    first = make_customer(name="=华南五金", custodian=seller)
    owes(first, "BL-1", "1000", 40, seller)
    owes(first, "BL-2", "500", -5, seller)
    owes(make_customer(name="北方贸易"), "BL-3", "80", 100)
    client.force_login(make_user(role="finance"))
    return client, seller


def test_it_lists_the_oldest_first_with_sums_of_every_line(world):
    client, _seller = world
    page = client.get(reverse("uncollected"))
    numbers = [row["debt"].number for row in page.context["rows"]]
    assert numbers == ["BL-3", "BL-1", "BL-2"]
    (total,) = page.context["totals"]
    assert total["count"] == 3
    assert "1,580.00" in total["open"]
    assert "1,080.00" in total["overdue"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"age": "d60"}, ["BL-1"]),
        ({"age": "not_due"}, ["BL-2"]),
        ({"age": "older"}, ["BL-3"]),
        ({"class": "outstanding"}, ["BL-3", "BL-1", "BL-2"]),
        ({"age": "nonsense", "class": "x", "salesperson": "-1", "page": "x"},
         ["BL-3", "BL-1", "BL-2"]),
    ],
)  # fmt: skip
def test_it_is_narrowed_by_age_and_class(world, asked, expected):
    client, _seller = world
    page = client.get(reverse("uncollected"), asked)
    assert [row["debt"].number for row in page.context["rows"]] == expected


def test_a_salesperson_sees_only_ones_own_customers(world):
    client, seller = world
    client.force_login(seller)
    page = client.get(reverse("uncollected"))
    assert [row["debt"].number for row in page.context["rows"]] == ["BL-1", "BL-2"]


def test_it_costs_the_same_with_one_line_and_with_many(world):
    client, _seller = world
    client.get(reverse("uncollected"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("uncollected"))
    for number in range(20):
        owes(make_customer(), f"X-{number}", "10", 5)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("uncollected"))
    assert len(many) == len(few)


def test_the_sheet_holds_numbers_and_no_formulas(world):
    client, _seller = world
    answer = client.get(reverse("uncollected-xlsx"))
    sheet = load_workbook(io.BytesIO(answer.content)).active
    cells = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in cells.values()
    assert any(str(value).endswith("=华南五金") for value in cells)
    assert cells[1000] == "n"
    assert cells[1580] == "n"


def test_the_paper_is_a_pdf_of_every_line(world):
    client, _seller = world
    answer = client.get(reverse("uncollected-pdf"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
    assert answer.content.rstrip().endswith(b"%%EOF")
