"""Files of customers: right, reason, approval, watermark, and finding out whose a file is (CU8)."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest

from genjin.customers.exporting import making
from genjin.customers.exporting.operations import ask_export
from genjin.customers.exporting.tracing import trace
from genjin.customers.models import CardAccess, CustomerExport
from genjin.customers.operations.loans import end_loan, lend
from genjin.customers.queries import visible_to
from genjin.customers.segments import EVERYBODY
from genjin.foundation import approvals, policy
from genjin.kernel.errors import BadInput, Conflict, NotAllowed
from tests.factories import NOW, make_customer, make_team, make_user

pytestmark = pytest.mark.django_db
CHOSEN = ("number", "name", "phones", "custodian")


@pytest.fixture(autouse=True)
def own_home(settings, tmp_path):
    settings.GENJIN_HOME = tmp_path


@pytest.fixture
def manager():
    return make_user(role="manager", team=make_team(), language="en")


def asked(by, **more) -> CustomerExport:
    values = {"criteria": EVERYBODY, "chosen": CHOSEN, "file_format": "csv",
              "reason": "展会邀请", "recipient": "印刷厂"}  # fmt: skip
    return ask_export(by=by, now=NOW, **{**values, **more})


def made(export: CustomerExport) -> Path:
    making.make_file(CustomerExport.objects.select_related("by").get(pk=export.pk), now=NOW)
    return making.fetch(CustomerExport.objects.get(pk=export.pk), by=export.by, now=NOW)


def approved(export: CustomerExport) -> CustomerExport:
    approval = approvals.for_subject("export", str(export.pk)).get()
    approvals.decide(approval, approve=True, by=make_user(role="administrator"), now=NOW)
    export.refresh_from_db()
    return export


def test_a_file_waits_for_somebody_elses_yes_and_carries_its_mark_in_every_row(manager):
    make_customer(name="张三", phone="+8613800138000")
    make_customer(name="=HYPERLINK(1)")
    make_user(role="administrator")
    export = asked(manager)
    assert export.state == "asked"
    with pytest.raises(Conflict, match="file_not_there"):
        making.fetch(export, by=manager, now=NOW)
    with pytest.raises(NotAllowed):
        approval = approvals.for_subject("export", str(export.pk)).get()
        approvals.decide(approval, approve=True, by=manager, now=NOW)
    path = made(approved(export))
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    assert manager.name in rows[0][0]
    assert export.mark in rows[0][0]
    assert [row[-1] for row in rows[2:]] == [export.mark] * 2
    assert rows[2][1:3] == ["张三", "+8613800138000"]
    assert rows[3][1].startswith("'=")
    assert CardAccess.objects.filter(action="exported", by=manager).count() == 2


def test_a_refused_file_is_never_made(manager):
    make_customer()
    boss = make_user(role="manager")
    export = asked(manager)
    approval = approvals.for_subject("export", str(export.pk)).get()
    approvals.decide(approval, approve=False, reason="无此必要", by=boss, now=NOW)
    export.refresh_from_db()
    assert export.state == "refused"


def test_what_is_missing_is_said_beside_its_field(manager):
    make_customer()
    with pytest.raises(BadInput) as wrong:
        asked(manager, reason=" ", chosen=(), file_format="pdf")
    assert set(wrong.value.problems) == {"reason", "columns", "format"}
    with pytest.raises(BadInput) as unknown:
        asked(manager, chosen=("password",))
    assert "columns" in unknown.value.problems
    with pytest.raises(NotAllowed):
        asked(make_user(role="supervisor"))
    nobody = {"all": [{"field": "grade", "op": "in", "values": ["A"]}], "none": []}
    with pytest.raises(BadInput, match="selection_empty"):
        asked(manager, criteria=nobody)


def test_only_who_asked_fetches_it_and_old_files_are_destroyed(manager, monkeypatch):
    make_customer()
    monkeypatch.setattr(policy, "value", lambda key, default=None, real=policy.value: (
        50 if key == "exports.approval_above" else real(key, default)))  # fmt: skip
    export = asked(manager)
    assert export.state == "approved"
    path = made(export)
    export.refresh_from_db()
    with pytest.raises(NotAllowed, match="not_your_export"):
        making.fetch(export, by=make_user(role="administrator"), now=NOW)
    assert making.destroy_old(NOW + timedelta(days=6)) == 0
    assert making.destroy_old(NOW + timedelta(days=7)) == 1
    assert not path.exists()
    export.refresh_from_db()
    assert export.state == "expired"


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_file_alone_says_who_took_it_out(manager, file_format):
    for number in range(5):
        make_customer(name=f"客户{number}")
    make_user(role="administrator")
    other = approved(asked(make_user(role="manager", team=manager.team)))
    made(other)
    export = approved(asked(manager, file_format=file_format))
    content = made(export).read_bytes()
    assert [(one.export.by, one.by) for one in trace(content)] == [(manager, "bytes")]
    assert [(one.export.by, one.by) for one in trace(content + b" ")][:1] == [(manager, "mark")]


def test_with_the_marks_cut_off_the_customers_in_the_file_point_to_the_export(manager):
    mine, theirs = make_customer(name="张三"), make_customer(name="李四")
    make_user(role="administrator")
    of_mine = {"all": [{"field": "name", "op": "contains", "values": ["张三"]}], "none": []}
    export = approved(asked(manager, criteria=of_mine))
    made(export)
    found = trace(f"名单\n{mine.number},张先生\n".encode())
    assert [(one.export, one.by, one.share) for one in found] == [(export, "customers", 1.0)]
    assert trace(f"{theirs.number}".encode()) == []
    assert trace("毫不相干".encode()) == []


def test_the_properties_of_a_workbook_name_the_mark(manager):
    make_customer()
    make_user(role="administrator")
    export = approved(asked(manager, file_format="xlsx"))
    book = openpyxl.load_workbook(made(export))
    assert book.properties.identifier == export.mark


def test_someone_without_the_right_to_numbers_takes_out_masks(manager, monkeypatch):
    make_customer(phone="+8613800138000")
    make_user(role="administrator")
    export = approved(asked(manager))
    monkeypatch.setattr("genjin.customers.visibility.has_right", lambda user, right: False)
    assert b"13800138000" not in made(export).read_bytes()


def test_a_lent_card_is_seen_until_its_day_and_not_by_others():
    keeper, guest = make_user(), make_user()
    customer = make_customer(custodian=keeper)
    with pytest.raises(NotAllowed):
        lend(customer, to=guest, until=NOW + timedelta(days=3), reason="会审", by=guest, now=NOW)
    with pytest.raises(BadInput) as wrong:
        lend(customer, to=keeper, until=NOW, reason="", by=keeper, now=NOW)
    assert set(wrong.value.problems) == {"to", "until", "reason"}
    loan = lend(customer, to=guest, until=NOW + timedelta(days=3650), reason="会审", by=keeper,
                now=NOW + timedelta(days=3600))  # fmt: skip
    assert list(visible_to(guest)) == [customer]
    end_loan(loan, by=guest, now=NOW + timedelta(days=3601))
    assert list(visible_to(guest)) == []
    assert CardAccess.objects.filter(action__in=["lent", "returned"]).count() == 2
