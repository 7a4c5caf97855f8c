"""The import screens by hand: upload, mapping, check, bringing in, faults, decisions."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from tests.factories import NOW, make_customer, make_team, make_user

from genjin.customers.importing import jobs, operations
from genjin.customers.importing.mapping import from_toml
from genjin.customers.models import Customer, CustomerImport, FieldDefinition

LIST = "姓名,手机,等级,余额\n张三,13800138000,高,12\n李四,12,低,7\n王五,13800138002,高,abc\n"


@pytest.fixture
def supervisor(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    user = make_user(role="supervisor", team=make_team(), language="en")
    client.force_login(user)
    return user


@pytest.fixture
def administrator(client, supervisor):
    user = make_user(role="administrator", team=supervisor.team, language="en")
    client.force_login(user)
    return user


def upload(client, content: str | bytes = LIST, name: str = "list.csv", **more):
    raw = content.encode() if isinstance(content, str) else content
    data = {"file": SimpleUploadedFile(name, raw), **more}
    return client.post(reverse("import-new"), data)


def work(run: CustomerImport) -> CustomerImport:
    """What the worker does with what waits."""
    run.refresh_from_db()
    task = jobs.check_import if run.state == "checking" else jobs.write_import
    task(run_id=str(run.pk), by_id=run.by_id)
    run.refresh_from_db()
    return run


@pytest.mark.django_db
def test_an_empty_list_says_what_to_do_first(client, supervisor):
    answer = client.get(reverse("imports"))
    assert answer.status_code == 200
    assert reverse("import-new") in answer.content.decode()


@pytest.mark.django_db
def test_agents_may_not_bring_anything_in(client):
    client.force_login(make_user(role="agent"))
    assert client.get(reverse("imports")).status_code == 403
    assert upload(client).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_list_goes_from_upload_to_cards(client, administrator):
    answer = upload(client)
    run = CustomerImport.objects.get()
    page = reverse("import-mapping", args=[run.pk])
    assert (answer.status_code, answer.url) == (302, page)
    shown = client.get(page).content.decode()
    assert "13800138000" in shown
    assert 'value="phone:mobile" selected' in shown
    posted = {"target-0": "name", "target-1": "phone:mobile", "target-2": "ignore",
              "target-3": "ignore", "on_duplicate": "skip", "constant-source": "fair"}  # fmt: skip
    proposed = client.post(page, posted | {"action": "fields"}).content.decode()
    assert 'name="type-2"' in proposed
    posted |= {"target-2": "new", "label-2": "Level", "type-2": "choice", "facet-2": "on",
               "target-3": "new", "label-3": "Balance", "type-3": "number",
               "action": "check"}  # fmt: skip
    answer = client.post(page, posted)
    assert (answer.status_code, answer.url) == (302, reverse("import", args=[run.pk]))
    assert work(run).state == "checked"
    checked = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "“abc” is not a number" in checked
    assert Customer.objects.count() == 0
    client.post(reverse("import-write", args=[run.pk]))
    assert work(run).state == "done"
    assert (run.created_count, run.error_count) == (1, 2)
    customer = Customer.objects.get()
    assert (customer.name, customer.source, customer.team) == ("张三", "fair", None)
    assert set(FieldDefinition.objects.filter(labels__en="Level").values_list("is_facet")) == {
        (True,)
    }
    done = client.get(reverse("import-progress", args=[run.pk]))
    assert "hx-get" not in done.content.decode()


@pytest.mark.django_db(transaction=True)
def test_faulty_rows_come_back_as_csv_and_xlsx_without_formulas_that_run(client, supervisor):
    upload(client, "姓名,手机\n=1+1,12\n")
    run = CustomerImport.objects.get()
    client.post(
        reverse("import-mapping", args=[run.pk]),
        {"target-0": "name", "target-1": "phone:mobile", "action": "write"},
    )
    work(run)
    text = b"".join(client.get(reverse("import-errors", args=[run.pk, "csv"]))).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("'=1+1,12,2,")
    book = load_workbook(
        BytesIO(b"".join(client.get(reverse("import-errors", args=[run.pk, "xlsx"]))))
    )
    assert [cell.value for cell in book.active[2]][:2] == ["'=1+1", "12"]
    assert client.get(reverse("import-errors", args=[run.pk, "exe"])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 and more", "neither a CSV file nor an XLSX workbook"),
        (b"PK\x03\x04rest", "damaged"),
        (b"\n\n", "no heading row"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(client, supervisor, tmp_path, content, words):
    answer = upload(client, content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert CustomerImport.objects.count() == 0
    assert list((tmp_path / "imports").iterdir()) == []


@pytest.mark.django_db
def test_another_encoding_can_be_chosen(client, supervisor):
    upload(client, "姓名,手机\n张三,13800138000\n".encode("gb18030"))
    run = CustomerImport.objects.get()
    assert run.encoding == "gb18030"
    client.post(reverse("import-layout", args=[run.pk]), {"encoding": "big5", "delimiter": ","})
    run.refresh_from_db()
    assert run.encoding == "big5"
    assert client.get(reverse("import-mapping", args=[run.pk])).status_code == 200
    client.post(reverse("import-layout", args=[run.pk]), {"encoding": "gb18030", "delimiter": ","})
    run.refresh_from_db()
    assert run.columns == ["姓名", "手机"]


@pytest.mark.django_db
def test_a_mapping_without_a_name_is_refused_and_nothing_begins(client, supervisor):
    upload(client)
    run = CustomerImport.objects.get()
    page = reverse("import-mapping", args=[run.pk])
    answer = client.post(page, {"target-1": "phone:mobile", "action": "check"})
    assert "Choose the column with the name" in answer.content.decode()
    run.refresh_from_db()
    assert run.state == "uploaded"


@pytest.mark.django_db
def test_the_same_file_is_told(client, supervisor):
    upload(client)
    run = CustomerImport.objects.get()
    mapping = from_toml('[columns]\n"姓名" = "name"\n')
    operations.set_mapping(run, mapping, on_duplicate="skip", by=supervisor, now=NOW)
    operations.write(run, by=supervisor, now=NOW, workers=0)
    answer = client.get(upload(client).url)
    assert "came in before" in answer.content.decode()


@pytest.mark.django_db
def test_a_mapping_file_can_be_given_on_the_screen(client, administrator, settings, shared):
    mapping = (Path(settings.BASE_DIR) / "examples/maps/bank-full.toml").read_bytes()
    lines = (shared / "data" / "bank-full.csv").read_text().splitlines()[:12]
    answer = upload(client, "\n".join(lines), map=SimpleUploadedFile("bank.toml", mapping))
    page = client.get(answer.url).content.decode()
    assert 'id="generate-phone" checked' in page
    run = CustomerImport.objects.get()
    targets = {f"target-{place}": "new" for place in range(17)}
    client.post(answer.url, targets | {"generate-name": "on", "generate-phone": "on",
                                       "action": "check"})  # fmt: skip
    run.refresh_from_db()
    assert run.state == "checking"
    assert run.mapping["columns"]["month"]["choices"][0]["code"] == "jan"
    assert run.mapping["columns"]["pdays"]["empty"] == ["-1"]


@pytest.mark.django_db
def test_strangers_do_not_see_the_imports_of_others(client, supervisor):
    upload(client)
    run = CustomerImport.objects.get()
    client.force_login(make_user(role="supervisor", team=make_team()))
    for name in ("import", "import-mapping", "import-progress"):
        assert client.get(reverse(name, args=[run.pk])).status_code == 404
    assert run.file_name not in client.get(reverse("imports")).content.decode()


@pytest.mark.django_db
def test_an_interrupted_import_offers_to_go_on(client, supervisor):
    upload(client)
    run = CustomerImport.objects.get()
    mapping = from_toml('[columns]\n"姓名" = "name"\n')
    operations.set_mapping(run, mapping, on_duplicate="skip", by=supervisor, now=NOW)
    CustomerImport.objects.filter(pk=run.pk).update(state="writing", next_row=1, created_count=1)
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    assert "was interrupted" in page
    assert reverse("import-write", args=[run.pk]) in page
    assert "every 1s" not in page


@pytest.mark.django_db
def test_rows_that_wait_are_decided_on_the_screen(client, supervisor):
    known = make_customer(name="张三", phone="+8613800138000", team=supervisor.team)
    upload(client, "姓名,手机\n甲,13800138000\n乙,13800138000\n丙,13800138000\n")
    run = CustomerImport.objects.get()
    mapping = from_toml('[columns]\n"姓名" = "name"\n"手机" = "phone"\n')
    operations.set_mapping(run, mapping, on_duplicate="ask", by=supervisor, now=NOW)
    operations.write(run, by=supervisor, now=NOW, workers=0)
    page = client.get(reverse("import", args=[run.pk])).content.decode()
    assert known.name in page
    row = run.rows.order_by("row_number").first()
    decide = reverse("import-decide", args=[run.pk])
    client.post(decide, {"decision": f"new:{row.pk}"})
    client.post(decide, {"decision": "same:all"})
    run.refresh_from_db()
    assert (run.created_count, run.skipped_count, run.asked_count) == (1, 2, 0)
    client.post(decide, {"decision": "new:nonsense"})
    assert Customer.objects.count() == 2


@pytest.mark.django_db
def test_a_card_of_others_goes_on_waiting_and_what_is_not_news_counts_as_skipped(
    client, supervisor
):
    other = make_customer(name="钱秘密", phone="+8613800138000", team=make_team())
    make_customer(name="乙", phone="+8613800138001", team=supervisor.team)
    known = make_customer(name="丙", phone="+8613800138002", team=supervisor.team)
    upload(client, "姓名,手机\n甲,13800138000\n乙,13800138001\n丁,13800138002\n")
    run = CustomerImport.objects.get()
    mapping = from_toml('[columns]\n"姓名" = "name"\n"手机" = "phone"\n')
    operations.set_mapping(run, mapping, on_duplicate="ask", by=supervisor, now=NOW)
    operations.write(run, by=supervisor, now=NOW, workers=0)
    decide = reverse("import-decide", args=[run.pk])
    told = client.post(decide, {"decision": "update:all"}, follow=True).content.decode()
    assert "on record with somebody else" in told
    assert "2 rows settled" in told
    run.refresh_from_db()
    assert (run.updated_count, run.skipped_count, run.asked_count) == (1, 1, 1)
    fates = dict(run.rows.values_list("row_number", "fate"))
    assert sorted(fates.values()) == ["ask", "skipped", "updated"]
    for card, name in ((other, "钱秘密"), (known, "丁")):
        card.refresh_from_db()
        assert card.name == name
    assert client.post(decide, {"decision": "same:" + "9" * 5000}).status_code == 302


@pytest.mark.django_db
def test_who_may_not_add_fields_is_offered_the_fields_there_are(client, supervisor, monkeypatch):
    monkeypatch.setattr("genjin.customers.importing.preparing.may_add_fields", lambda by: False)
    page = upload(client).url
    assert 'value="new"' not in client.get(page).content.decode()
    sent = {"target-0": "name", "target-1": "phone:mobile", "target-2": "new", "type-2": "text",
            "label-2": "Level", "action": "check"}  # fmt: skip
    told = client.post(page, sent).content.decode()
    assert "an administrator can add it" in told
    assert CustomerImport.objects.get().state == "uploaded"


@pytest.mark.django_db
def test_the_mapping_of_a_file_that_is_gone_says_so(client, supervisor):
    page = upload(client).url
    run = CustomerImport.objects.get()
    Path(run.stored_path).unlink()
    assert "The file is no longer there." in client.get(page).content.decode()
    layout = client.post(reverse("import-layout", args=[run.pk]), {"encoding": "gb18030"})
    assert layout.status_code == 302
    sent = {"target-0": "name", "action": "check"}
    assert client.post(page, sent).status_code in (200, 302)


@pytest.mark.django_db
def test_the_list_costs_the_same_queries_with_one_import_and_with_many(client, supervisor):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("imports"))
        return len(seen)

    upload(client)
    queries()  # what a process reads once and keeps
    with_one = queries()
    for number in range(3):
        upload(client, name=f"{number}.csv")
    assert queries() == with_one
