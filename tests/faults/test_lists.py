"""Bad lists through the import screens: each ends with a sentence, and nothing is half-written."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from genjin.customers.importing import jobs
from genjin.customers.models import ContactPoint, Customer, CustomerImport, FieldDefinition
from genjin.foundation.models import LongTask, User
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = """
[columns]
"姓名" = "name"
"备注" = "note"
[columns."电话"]
target = "phone"
label = "mobile"
[columns."生日"]
field = "first_day"
type = "date"
labels = { en = "First day", zh-hans = "首日" }
"""
HEADER = "姓名,电话,生日,备注\n"


@pytest.fixture
def supervisor(client: Client, settings, tmp_path: Path) -> User:
    settings.MEDIA_ROOT = tmp_path / "files"
    user = make_user(role="supervisor", team=make_team(), language="en")
    FieldDefinition.objects.create(code="first_day", block="custom", type="date",
                                   labels={"en": "First day", "zh-hans": "首日"})  # fmt: skip
    client.force_login(user)
    return user


def upload(client: Client, raw: bytes, *, name: str = "list.csv", mapping: str = EVERYTHING):
    map_file = SimpleUploadedFile("map.toml", mapping.encode())
    return client.post(
        reverse("import-new"), {"file": SimpleUploadedFile(name, raw), "map": map_file}
    )


def step(client: Client, run: CustomerImport, name: str) -> str:
    """Presses `check` or `write`, lets the worker do it, and gives the page that follows."""
    client.post(reverse(f"import-{name}", args=[run.pk]))
    run.refresh_from_db()
    task = jobs.check_import if name == "check" else jobs.write_import
    task(run_id=str(run.pk), by_id=run.by_id)
    run.refresh_from_db()
    return client.get(reverse("import", args=[run.pk])).content.decode()


def received(client: Client, text: str | bytes, **more) -> CustomerImport:
    raw = text.encode() if isinstance(text, str) else text
    answer = upload(client, raw, **more)
    assert answer.status_code == 302, answer.content.decode()
    run = CustomerImport.objects.latest("created_at")
    client.get(answer.url)
    form = {"on_duplicate": "skip", "action": "check"}
    places = {"姓名": "name", "电话": "phone:mobile", "生日": "new", "备注": "note"}
    for place, column in enumerate(run.columns):
        form[f"target-{place}"] = places[column]
    form |= {"label-2": "First day", "type-2": "date"}
    client.post(answer.url, form)
    run.refresh_from_db()
    jobs.check_import(run_id=str(run.pk), by_id=run.by_id)
    run.refresh_from_db()
    return run


def workbook(*rows: tuple[str, ...], as_text: str) -> bytes:
    """An XLSX file; the cell `as_text` holds its formula as text, the others are computed."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.active[as_text].data_type = "s"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_long_names_bad_phones_impossible_days_and_formulas_in_one_list(client, supervisor):
    run = received(
        client,
        HEADER
        + "张三,＋８６ 138-0013-8000、(010) 6552 9988 转 12,2026-02-28,=1+1\n"
        + f"{'长' * 300},13800138001,,\n"
        + "李四,12,,\n"
        + "王五,1.38E+10,,\n"
        + "赵六,13800138002,2026-02-30,\n"
        + ",13800138003,,\n"
        + '"=HYPERLINK(""http://x"")",没有电话,,@SUM(A1)\n',
    )
    assert run.state == "checked"
    assert Customer.objects.count() == 0
    page = step(client, run, "write")
    assert run.state == "done"
    assert (run.created_count, run.error_count) == (1, 6)
    assert "The list is in." in page
    customer = Customer.objects.get()
    assert customer.note == "=1+1"
    phones = dict(ContactPoint.objects.values_list("value", "extension"))
    assert phones == {"+8613800138000": "", "+861065529988": "12"}
    book = load_workbook(
        BytesIO(b"".join(client.get(reverse("import-errors", args=[run.pk, "xlsx"]))))
    )
    rows = [[cell.value for cell in row] for row in book.active.iter_rows(min_row=2)]
    reasons = [str(row[-1]) for row in rows]
    for reason, words in zip(
        reasons,
        ("300 characters", "not a phone", "“1.38E+10”", "no such day", "name is missing", "phone"),
        strict=True,
    ):
        assert words in reason
    assert rows[0][0] == "长" * 300, "what came back is what was sent"
    assert rows[5][0] == '\'=HYPERLINK("http://x")'
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_a_list_in_an_encoding_that_does_not_fit_names_its_row_and_writes_nothing(
    client, supervisor
):
    raw = (HEADER + "张三,13800138000,,\n").encode() + "李四,13800138001,,\n".encode("big5")
    run = received(client, (HEADER + "张三,,,\n").encode())
    assert run.encoding == "utf-8"
    answer = upload(client, raw)
    run = CustomerImport.objects.latest("created_at")
    client.post(reverse("import-layout", args=[run.pk]), {"encoding": "utf-8", "delimiter": ","})
    form = {"target-0": "name", "target-1": "phone:mobile", "target-2": "ignore",
            "target-3": "ignore", "on_duplicate": "skip", "action": "check"}  # fmt: skip
    client.post(answer.url, form)
    page = step(client, run, "check")
    assert run.state == "failed"
    assert "Row 3 cannot be read as utf-8: choose another encoding" in page
    assert Customer.objects.count() == 0
    assert LongTask.objects.filter(state="running").count() == 0


def test_a_list_that_lacks_columns_of_its_mapping_names_them(client, supervisor):
    answer = upload(client, "姓名,手机\n张三,13800138000\n".encode())
    assert answer.status_code == 302
    page = client.get(answer.url).content.decode()
    assert "The file lacks these columns of the mapping: 备注, 生日, 电话." in page
    answer = upload(client, "手机\n13800138000\n".encode())
    page = client.post(answer.url, {"target-0": "phone:mobile", "action": "check"})
    assert "Choose the column with the name of the customer." in page.content.decode()
    assert set(CustomerImport.objects.values_list("state", flat=True)) == {"uploaded"}
    assert Customer.objects.count() == 0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"xl/workbook.xml": b"0" * 60_000_000}, "enormous size"),
        ({f"xl/{number}.xml": b"" for number in range(6000)}, "too many parts"),
        ({"[Content_Types].xml": b"<x/>"}, "neither a CSV file nor an XLSX workbook"),
    ],
)
def test_a_workbook_made_to_do_harm_is_refused_at_the_door(
    client, supervisor, settings, parts, words
):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    answer = upload(client, out.getvalue(), name="list.xlsx")
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not CustomerImport.objects.exists()
    assert list((Path(settings.MEDIA_ROOT) / "imports").iterdir()) == []


def test_a_formula_in_a_workbook_is_neither_computed_nor_run_later(client, supervisor):
    raw = workbook(
        ("姓名", "电话", "生日", "备注"),
        ("张三", "13800138000", "", "=2+3"),
        ("李四", "=cmd|' /C calc'!A0", "", "x"),
        as_text="B3",
    )
    run = received(client, raw, name="list.xlsx")
    step(client, run, "write")
    assert (run.state, run.error_count) == ("done", 1)
    assert Customer.objects.get().note == ""
    text = b"".join(client.get(reverse("import-errors", args=[run.pk, "csv"]))).decode("utf-8-sig")
    assert "'=cmd|' /C calc'!A0" in text
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in text.split(","))


def test_a_list_changed_after_it_was_checked_is_refused_with_a_sentence(client, supervisor):
    run = received(client, HEADER + "张三,13800138000,,\n")
    assert run.state == "checked"
    with Path(run.stored_path).open("a", encoding="utf-8") as file:
        file.write("李四,13800138001,,\n")
    page = step(client, run, "write")
    assert run.state == "failed"
    assert "The file was changed while it was read." in page
    assert Customer.objects.count() == 0
    run = received(client, HEADER + "张三,13800138000,,\n")
    assert "The list is in." in step(client, run, "write")
    assert Customer.objects.count() == 1


def test_the_same_list_twice_is_told_beforehand_and_adds_nobody(client, supervisor):
    text = HEADER + "张三,13800138000,,\n李四,,,\n"
    run = received(client, text)
    step(client, run, "write")
    answer = upload(client, text.encode())
    assert "came in before" in client.get(answer.url).content.decode()
    run = received(client, text)
    page = step(client, run, "write")
    assert "The list is in." in page
    assert (run.created_count, run.skipped_count) == (0, 2)
    assert Customer.objects.count() == 2
