"""Whose payment a line of a bank's statement is (RE15): tables of plain values."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from genjin.receivables.rules.matching import (
    Line,
    OpenBill,
    match,
    plain_name,
    plain_number,
    words_of,
)

A, B = UUID(int=1), UUID(int=2)


def bill(place, owner, number, amount, *, due=None, currency="CNY"):
    return OpenBill(UUID(int=100 + place), owner, number, currency, Decimal(amount),
                    due or date(2026, 10, place))  # fmt: skip


BILLS = [
    bill(1, A, "BL-2026-00017", "1000"),
    bill(2, A, "BL-2026-00018", "250.50"),
    bill(3, A, "BL-2026-00019", "80"),
    bill(4, B, "INV/77001", "1000"),
    bill(5, B, "INV/77002", "640", currency="USD"),
]
PAYERS = {"华南五金有限公司": A, "北方贸易": B}


def found(amount, *, reference="", payer="", customer=None, currency="CNY", bills=BILLS):
    by_number, by_customer, by_amount = {}, {}, {}
    for one in bills:
        by_number.setdefault(plain_number(one.number), []).append(one)
        by_customer.setdefault(one.customer_id, []).append(one)
        by_amount.setdefault((one.currency, one.open_amount), []).append(one)
    payers = {plain_name(name): [pk] for name, pk in PAYERS.items()}
    got = match(Line(Decimal(amount), currency, reference, payer, customer), by_number=by_number,
                by_customer=by_customer, payers=payers, by_amount=by_amount)  # fmt: skip
    parts = [(pk.int - 100, amount) for pk, amount in got.parts]
    return got.certainty.value, got.reason.code, got.customer_id, parts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # the reference names a bill: paid whole, in part, several of one customer
        ({"amount": "1000", "reference": "货款 BL-2026-00017"},
         ("certain", "reference_names", A, [(1, "1000")])),
        ({"amount": "400", "reference": "bl2026 00017 BL202600017"},
         ("certain", "reference_names", A, [(1, "400")])),
        ({"amount": "1250.50", "reference": "BL-2026-00018,BL-2026-00017"},
         ("certain", "reference_names", A, [(1, "1000"), (2, "250.50")])),
        ({"amount": "1000", "reference": "付 ＢＬ－２０２６－０００１７"},
         ("certain", "reference_names", A, [(1, "1000")])),
        # more than what is named is a question
        ({"amount": "1100", "reference": "BL-2026-00017"},
         ("likely", "reference_names_less", A, [(1, "1000"), (2, "100.00")])),
        # bills of two customers in one reference
        ({"amount": "2000", "reference": "BL-2026-00017 INV/77001"},
         ("unknown", "several_customers_named", None, [])),
        # a number of another currency does not count
        ({"amount": "640", "reference": "INV/77002"}, ("unknown", "payer_unknown", None, [])),
        ({"amount": "640", "reference": "INV/77002", "currency": "USD"},
         ("certain", "reference_names", B, [(5, "640")])),
        # the customer is named in the file
        ({"amount": "80", "customer": A}, ("certain", "amount_of_one", A, [(3, "80")])),
        ({"amount": "1330.50", "customer": A},
         ("certain", "amount_of_all", A, [(1, "1000"), (2, "250.50"), (3, "80")])),
        ({"amount": "330.50", "customer": A},
         ("likely", "sum_of", A, [(2, "250.50"), (3, "80")])),
        ({"amount": "500", "customer": A}, ("likely", "customer_only", A, [(1, "500")])),
        ({"amount": "640", "customer": A, "currency": "USD"},
         ("likely", "nothing_open", A, [])),
        # only the payer's name says who it is
        ({"amount": "80", "payer": "华南五金 有限公司"},
         ("likely", "amount_of_one", A, [(3, "80")])),
        # nothing but the amount
        ({"amount": "250.50"}, ("likely", "only_bill_of_amount", A, [(2, "250.50")])),
        ({"amount": "1000"}, ("unknown", "payer_unknown", None, [])),
        ({"amount": "17"}, ("unknown", "payer_unknown", None, [])),
    ],
)  # fmt: skip
def test_what_is_certain_is_booked_and_the_rest_waits_for_a_person(line, expected):
    *said, parts = expected
    assert found(**line) == (*said, [(place, Decimal(amount)) for place, amount in parts])


def test_two_bills_of_one_amount_are_never_chosen_between_silently():
    twins = [bill(1, A, "BL-1001", "300"), bill(2, A, "BL-1002", "300")]
    assert found("300", customer=A, bills=twins)[:2] == ("likely", "amount_of_several")
    assert found("600", customer=A, bills=twins)[:2] == ("certain", "amount_of_all")


def test_short_words_are_no_numbers_of_bills():
    assert words_of("2026 年 11 月 BL-2026-00017 no. 7") == ["2026", "BL202600017"]
    assert words_of("款 17") == []
