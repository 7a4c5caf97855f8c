"""Whole imports against the database: fates of rows, duplicates, changes, kills, decisions."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from openpyxl import Workbook

from genjin.customers.facets import tally
from genjin.customers.facets.building import work_in_changes
from genjin.customers.importing import deciding, jobs, operations, preparing, report
from genjin.customers.importing.mapping import from_toml
from genjin.customers.importing.pool import Cleaning, Owners
from genjin.customers.importing.writing import copy_customers
from genjin.customers.models import (
    ContactPoint,
    Customer,
    CustomerImport,
    FacetChange,
    FieldDefinition,
    ImportMapping,
    ImportRow,
    TimelineEntry,
)
from genjin.customers.search import search_columns
from genjin.customers.segments import EVERYBODY
from genjin.foundation.models import AuditEntry
from genjin.foundation.tabular.errors import FileChanged, UnreadableTable
from genjin.foundation.tabular.table import open_table
from genjin.kernel.errors import BadInput, Conflict, LostRace
from tests.factories import NOW, make_customer, make_team, make_user

MAP = """
[columns]
"姓名" = "name"
"税号" = "tax_number"
"联系人" = "person_name"
"备注" = "note"
[columns."电话"]
target = "phone"
[columns."等级"]
field = "level"
type = "choice"
facet = true
labels = { en = "Level", zh-hans = "等级" }
[columns."等级".values]
"高" = { code = "high", labels = { en = "High", zh-hans = "高" } }
"低" = { code = "low", labels = { en = "Low", zh-hans = "低" } }
"""
HEADER = "姓名,电话,税号,联系人,备注,等级\n"


@pytest.fixture
def lists(tmp_path: Path):
    def write(*lines: str, name: str = "list.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text(header + "".join(f"{line}\n" for line in lines), "utf-8")
        return path

    return write


def bring_in(path: Path, *, on_duplicate="skip", by=None, mapping=MAP, **options) -> CustomerImport:
    run = operations.receive(path, name=path.name, by=by, now=NOW)
    operations.set_mapping(run, from_toml(mapping), on_duplicate=on_duplicate, by=None, now=NOW)
    return operations.write(run, by=by, now=NOW, workers=0, **options)


def counts(run: CustomerImport) -> tuple[int, int, int, int, int]:
    """new, updated, skipped, faults, to decide"""
    run.refresh_from_db()
    return (run.created_count, run.updated_count, run.skipped_count, run.error_count,
            run.asked_count)  # fmt: skip


@pytest.mark.django_db
class TestOneRun:
    def test_a_row_becomes_a_whole_card(self, lists):
        user = make_user(role="administrator")
        run = bring_in(
            lists(
                '苏州华盛机电有限公司,13800138000;0512-65529988,91320500MA1XXXXX0T,王芳,"a\tb\\c",高'
            ),
            by=user,
        )
        assert counts(run) == (1, 0, 0, 0, 0)
        assert run.state == "done"
        customer = Customer.objects.get()
        assert (customer.kind, customer.name, customer.tax_number) == (
            "organisation", "苏州华盛机电有限公司", "91320500MA1XXXXX0T",
        )  # fmt: skip
        assert (customer.note, customer.fields) == ("a\tb\\c", {"level": "high"})
        points = customer.points.order_by("position").values_list("value", "label", "status")
        assert list(points) == [
            ("+8613800138000", "mobile", "ok"), ("+8651265529988", "work", "ok"),
        ]  # fmt: skip
        assert list(customer.people.values_list("name", flat=True)) == ["王芳"]
        entry = customer.timeline.get()
        assert (entry.kind, entry.code, entry.by, entry.data) == (
            "import", "imported", user, {"file": "list.csv", "row": 2},
        )  # fmt: skip
        assert customer.number

    @pytest.mark.parametrize("is_watched", [False, True])
    def test_every_part_belongs_to_a_card_of_the_same_run(self, lists, is_watched):
        if is_watched:
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TABLE seen (id uuid);"
                    "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END $$;"
                    "CREATE TRIGGER see AFTER INSERT ON customers_contactpoint "
                    "FOR EACH ROW EXECUTE FUNCTION see()"
                )
        rows = [f"某某公司{n},0512-6552{n:04d};1380013{n:04d},,王芳," for n in range(40)]
        rows[7:9] = ["坏,12,,,,", rows[3]]
        run = bring_in(lists(*rows), by=make_user(role="manager"))
        assert counts(run) == (38, 0, 1, 1, 0)
        assert [customer.points.count() for customer in Customer.objects.all()] == [2] * 38
        assert [customer.people.count() for customer in Customer.objects.all()] == [1] * 38
        assert [customer.timeline.count() for customer in Customer.objects.all()] == [1] * 38
        assert ContactPoint.objects.count() == 76
        with connection.cursor() as cursor:
            # The lookups that the writing spared the database, done at last.
            cursor.execute(
                "SELECT count(*) FROM customers_contactpoint p LEFT JOIN customers_contactperson o "
                "ON o.id = p.person_id WHERE p.person_id IS NOT NULL "
                "AND o.customer_id IS DISTINCT FROM p.customer_id"
            )
            assert cursor.fetchone() == (0,)
            cursor.execute("SHOW session_replication_role")
            assert cursor.fetchone() == ("origin",)
            if is_watched:
                cursor.execute("SELECT count(*) FROM seen")
                assert cursor.fetchone() == (76,)

    @pytest.mark.parametrize("is_watched", [False, True])
    def test_new_cards_are_noted_for_the_facets_and_counted_at_once(self, lists, is_watched):
        if is_watched:
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RETURN NULL; END $$;"
                    "CREATE TRIGGER see AFTER INSERT ON customers_customer "
                    "FOR EACH STATEMENT EXECUTE FUNCTION see()"
                )
        make_customer()
        work_in_changes(NOW)
        user = make_user(role="agent", team=make_team())
        rows = [f"某某公司{n},1380013{n:04d},,,,高" for n in range(9)]
        rows[4:6] = ["坏,12,,,,", rows[3]]
        bring_in(lists(*rows), by=user, chunk_rows=3)
        cards = Customer.objects.filter(custodian=user)
        noted = {(note.chunk << 13) + place for note in FacetChange.objects.all()
                 for place in note.places}  # fmt: skip
        assert noted == set(cards.values_list("number", flat=True))
        for _ in range(2):
            got = tally(EVERYBODY, user=None, facets=["custodian", "team", "fields.level"])
            assert (got.total, {name: dict(found) for name, found in got.by_facet.items()}) == (8, {
                "custodian": {str(user.pk): 7, "": 7}, "team": {str(user.team_id): 7, "": 7},
                "fields.level": {"high": 7, "": 7},
            })  # fmt: skip
            work_in_changes(NOW)
        assert not FacetChange.objects.exists()

    def test_who_is_gone_when_the_rows_are_written_gets_no_cards(self, lists):
        user = make_user(role="agent")
        path = lists(*[f"某某公司{n},1380013{n:04d},,,," for n in range(3)])
        run = operations.receive(path, name=path.name, by=None, now=NOW)
        rows = [
            (number, cells) for number, cells in open_table(path, preparing.layout_of(run)).rows()
        ]
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
        preparing.make_fields(run.mapping, run.columns, by=None, now=NOW)
        stamps = operations.stamps_of(run, user, NOW)
        gone = replace(stamps, by=None, custodian=user.pk + 1)
        made = Cleaning(preparing.spec_for(run), gone, with_lines=True).chunk(rows)[2]
        assert made.owners == Owners(frozenset({user.pk + 1}), frozenset())
        with pytest.raises(IntegrityError), transaction.atomic():
            copy_customers(made, [0, 1, 2])
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert not Customer.objects.exists()

    def test_cards_are_found_as_those_typed_by_hand(self, lists):
        bring_in(lists("欧阳单,13800138000,,王芳,,", "苏州华盛公司,,,,,"))
        for customer in Customer.objects.all():
            expected = search_columns(
                customer.name,
                customer.kind,
                person_names=customer.people.values_list("name", flat=True),
                phones=customer.points.values_list("value", flat=True),
            )
            assert {name: getattr(customer, name) for name in expected} == expected

    def test_the_run_is_one_audit_entry_with_its_counts(self, lists):
        user = make_user(role="administrator")
        run = bring_in(lists("张三,13800138000,,,,", ",13800138001,,,,"), by=user)
        entry = AuditEntry.objects.get(action="import")
        assert (entry.object_id, entry.by) == (str(run.pk), user)
        assert entry.changes["created"] == [0, 1]
        assert entry.changes["errors"] == [0, 1]

    def test_good_rows_are_in_and_bad_ones_go_to_a_file_with_every_reason(self, lists):
        run = bring_in(
            lists(
                "张三,13800138000,,,,高",
                "=1+1,12,,,,怪",
                f"{'长' * 300},,,,,",
                ",13800138001,,,,",
                "李四,13800138002,1.2E+17,,,",
            )
        )
        assert counts(run) == (1, 0, 0, 4, 0)
        assert list(Customer.objects.values_list("name", flat=True)) == ["张三"]
        header, *rows = report.faulty_rows(run)
        assert header[:6] == ["姓名", "电话", "税号", "联系人", "备注", "等级"]
        assert [row[6] for row in rows] == [3, 4, 5, 6]
        assert rows[0][0] == "=1+1"
        assert "电话" in rows[0][7]
        assert "等级" in rows[0][7]
        assert len(rows[1][0]) == 300

    def test_nul_characters_are_told_and_kept_readable(self, lists):
        run = bring_in(lists("a\x00b,13800138000,,,,"))
        assert counts(run) == (0, 0, 0, 1, 0)
        row = run.rows.get()
        assert (row.values[0], row.problems[0]["code"]) == ("a\ufffdb", "nul_character")

    def test_new_card_fields_are_made_with_their_choices(self, lists):
        bring_in(lists("张三,,,,,高"))
        field = FieldDefinition.objects.get(code="level")
        assert (field.type, field.is_facet, field.labels) == (
            "choice", True, {"en": "Level", "zh-hans": "等级"},
        )  # fmt: skip
        assert [choice["code"] for choice in field.choices] == ["high", "low"]

    def test_new_card_fields_stand_in_the_order_of_the_file(self, lists):
        header = "name,last_of_all,b,middle\n"
        rules = "".join(f'[columns.{name}]\nfield = "{name}"\ntype = "text"\n'
                        for name in ("b", "middle", "last_of_all"))  # fmt: skip
        mapping = f'[columns]\nname = "name"\n{rules}'
        bring_in(lists("张三,1,2,3", header=header), mapping=mapping)
        made = FieldDefinition.objects.filter(code__in=["b", "middle", "last_of_all"])
        ordered = made.order_by("position", "id").values_list("code", flat=True)
        assert list(ordered) == ["last_of_all", "b", "middle"]

    def test_choices_may_grow_from_the_data(self, lists):
        mapping = '[columns]\n"姓名" = "name"\n[columns."等级"]\nfield = "level"\n'
        mapping += 'type = "choice"\nextend = true\n'
        run = bring_in(lists("张三,,,,,甲", "李四,,,,,乙", "王五,,,,,甲"), mapping=mapping)
        assert counts(run) == (3, 0, 0, 0, 0)
        field = FieldDefinition.objects.get(code="level")
        assert [choice["code"] for choice in field.choices] == ["甲", "乙"]

    def test_a_field_of_another_type_is_refused_before_anything_is_written(self, lists):
        FieldDefinition.objects.create(code="level", block="custom", type="number")
        with pytest.raises(BadInput) as caught:
            bring_in(lists("张三,,,,,高"))
        assert caught.value.problems["level"][0].code == "field_has_other_type"
        assert Customer.objects.count() == 0

    def test_missing_columns_are_named(self, lists):
        with pytest.raises(BadInput) as caught:
            bring_in(lists("张三", header="姓名\n"))
        assert caught.value.problems[""][0].data["columns"] == [
            "税号", "联系人", "备注", "电话", "等级",
        ]  # fmt: skip

    def test_what_a_supervisor_brings_in_belongs_to_the_team(self, lists):
        team = make_team()
        bring_in(lists("张三,,,,,"), by=make_user(role="supervisor", team=team))
        assert Customer.objects.get().team == team

    def test_the_mapping_is_remembered_for_the_same_columns(self, lists):
        run = bring_in(lists("张三,,,,,"))
        other = operations.receive(lists("李四,,,,,", name="b.csv"), name="b.csv", by=None, now=NOW)
        assert operations.remembered(other, by=None).mapping == run.mapping
        assert ImportMapping.objects.count() == 1

    def test_new_card_fields_need_the_right_to_add_them(self, lists, monkeypatch):
        monkeypatch.setattr(
            "genjin.customers.importing.preparing.may_add_fields",
            lambda by: by is None or by.role == "administrator",
        )
        text = '[columns]\n"姓名" = "name"\n"等级" = {field = "level", type = "text"}\n'
        run = operations.receive(lists("张三,,,,,"), name="a.csv", by=None, now=NOW)
        wanted = {"mapping": from_toml(text), "on_duplicate": "skip", "now": NOW}
        with pytest.raises(BadInput) as caught:
            operations.set_mapping(run, by=make_user(role="supervisor"), **wanted)
        assert [one.code for one in caught.value.problems["level"]] == ["field_needs_right"]
        operations.set_mapping(run, by=make_user(role="administrator"), **wanted)
        FieldDefinition.objects.create(code="level", type="text", block="custom")
        operations.set_mapping(run, by=make_user(role="supervisor"), **wanted)

    def test_a_mapping_s_name_belongs_to_who_saved_it(self, lists):
        run = operations.receive(lists("张三,,,,,"), name="a.csv", by=None, now=NOW)
        one, two = make_user(role="supervisor"), make_user(role="supervisor")
        admin = make_user(role="administrator")

        def save(by, target):
            mapping = {"name": "ours", "columns": {"姓名": {"target": "name"},
                                                   "备注": {"target": target}}}  # fmt: skip
            operations.set_mapping(run, mapping, on_duplicate="skip", by=by, now=timezone.now())

        def kept(by):
            found = operations.remembered(run, by=by)
            return found and found.mapping["columns"]["备注"]["target"]

        save(one, "note")
        assert (kept(one), kept(two)) == ("note", None)
        save(two, "source")
        assert (kept(one), kept(two)) == ("note", "source")
        save(admin, "ignore")
        assert {kept(user) for user in (one, two, admin)} == {"ignore"}

    def test_workbooks_come_in(self, tmp_path):
        book = Workbook()
        book.active.append(["姓名", "电话"])
        book.active.append(["张三", 13800138000])
        path = tmp_path / "list.xlsx"
        book.save(path)
        run = bring_in(path, mapping='[columns]\n"姓名" = "name"\n"电话" = "phone"\n')
        assert counts(run) == (1, 0, 0, 0, 0)
        assert ContactPoint.objects.get().value == "+8613800138000"


@pytest.mark.django_db
class TestDuplicates:
    def test_phones_and_tax_numbers_on_record_and_in_the_file_are_skipped(self, lists):
        known = make_customer(phone="+8613800138000")
        make_customer(name="公司", kind="organisation", tax_number="91320500MA1")
        run = bring_in(
            lists(
                "张三,138-0013-8000,,,,",
                "某公司,,91320500ma1,,,",
                "李四,13900139000,,,,",
                "李四,+86 13900139000,,,,",
            )
        )
        assert counts(run) == (1, 0, 3, 0, 0)
        skipped = run.rows.order_by("row_number")
        assert [row.row_number for row in skipped] == [2, 3, 5]
        assert skipped[0].duplicate_of == known
        assert skipped[2].duplicate_of == Customer.objects.get(name="李四")

    def test_a_double_is_seen_across_chunks(self, lists):
        run = bring_in(lists(*["李四,13900139000,,,,"] * 7), chunk_rows=2)
        assert counts(run) == (1, 0, 6, 0, 0)

    def test_the_survivor_of_a_merged_card_counts(self, lists):
        survivor = make_customer(name="留")
        make_customer(name="并", phone="+8613800138000", merged_into=survivor)
        run = bring_in(lists("张三,13800138000,,,,"))
        assert run.rows.get().duplicate_of == survivor

    def test_the_same_file_twice_writes_nothing_twice_even_without_phones(self, lists):
        path = lists("张三,,,,,", "李四,13900139000,,,,", ",,,,,")
        first = bring_in(path)
        second = bring_in(path)
        assert counts(first) == (2, 0, 0, 0, 0)
        assert counts(second) == (0, 0, 2, 0, 0)
        assert operations.same_file_before(second) == first
        assert Customer.objects.count() == 2

    def test_rows_that_had_faults_are_tried_again_with_a_better_mapping(self, lists):
        path = lists("张三,12345,,,,", "李四,,,,,")
        assert counts(bring_in(path)) == (1, 0, 0, 1, 0)
        again = bring_in(path, mapping='bad_phones = "keep"\n' + MAP)
        assert counts(again) == (1, 0, 1, 0, 0)
        assert set(Customer.objects.values_list("name", flat=True)) == {"张三", "李四"}

    def test_update_adds_what_the_file_knows_more(self, lists):
        known = make_customer(name="张三", phone="+8613800138000", note="旧", fields={"x": 1})
        run = bring_in(lists("张三丰,13800138000;13900139000,,王芳,新,高"), on_duplicate="update")
        assert counts(run) == (0, 1, 0, 0, 0)
        known.refresh_from_db()
        assert (known.name, known.other_names) == ("张三丰", ["张三"])
        assert (known.note, known.fields) == ("旧\n新", {"x": 1, "level": "high"})
        assert set(known.points.values_list("value", flat=True)) == {
            "+8613800138000", "+8613900139000",
        }  # fmt: skip
        entry = known.timeline.get(code="import_updated")
        assert entry.data["changes"]["name"] == ["张三", "张三丰"]
        expected = search_columns(
            known.name, known.kind, ["张三"], ["王芳"], ["+8613800138000", "+8613900139000"]
        )
        assert known.search_tokens == expected["search_tokens"]

    def test_update_leaves_cards_of_strangers_alone(self, lists):
        known = make_customer(name="张三", phone="+8613800138000", team=make_team())
        user = make_user(role="supervisor", team=make_team())
        run = bring_in(lists("李四,13800138000,,,,"), on_duplicate="update", by=user)
        assert counts(run) == (0, 0, 1, 0, 0)
        assert run.rows.get().problems[0]["code"] == "not_yours"
        known.refresh_from_db()
        assert known.name == "张三"

    def test_an_update_without_news_writes_nothing(self, lists):
        make_customer(name="张三", phone="+8613800138000")
        run = bring_in(lists("张三,13800138000,,,,"), on_duplicate="update")
        assert counts(run) == (0, 0, 1, 0, 0)
        assert TimelineEntry.objects.count() == 0

    def test_rows_to_decide_wait_and_are_settled_once(self, lists):
        user = make_user(role="administrator")
        known = make_customer(name="张三", phone="+8613800138000")
        run = bring_in(
            lists("甲,13800138000,,,,", "乙,13800138000,,,,", "丙,13800138000,,,,"),
            on_duplicate="ask",
            by=user,
        )
        assert counts(run) == (0, 0, 0, 0, 3)
        same, new, update = run.rows.order_by("row_number")
        deciding.decide(same, "same", by=user, now=NOW)
        deciding.decide(new, "new", by=user, now=NOW)
        deciding.decide(update, "update", by=user, now=NOW)
        assert counts(run) == (1, 1, 1, 0, 0)
        known.refresh_from_db()
        assert known.name == "丙"
        assert Customer.objects.filter(name="乙").count() == 1
        with pytest.raises(LostRace):
            deciding.decide(ImportRow(pk=new.pk, run=run), "new", by=user, now=NOW)
        assert Customer.objects.count() == 2


@pytest.mark.django_db
class TestChecking:
    def test_a_check_tells_what_would_happen_and_writes_nothing(self, lists):
        make_customer(name="王五", phone="+8613700137000")
        run = operations.receive(
            lists("张三,13800138000,,,,高", "张三,13800138000,,,,", "王五,13700137000,,,,",
                  "李四,1,,,,怪", ",,,,,"),
            name="a.csv", by=None, now=NOW,
        )  # fmt: skip
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
        found = operations.check(run, by=None, now=NOW, workers=0)
        assert (found["rows"], found["good"], found["duplicates"], found["errors"]) == (5, 1, 2, 1)
        assert found["by_code"] == {"bad_phone": 1, "not_a_choice": 1}
        assert [(one["row"], one["column"]) for one in found["problems"]] == [
            (5, "电话"), (5, "等级"),
        ]  # fmt: skip
        assert run.state == "checked"
        assert Customer.objects.count() == 1
        assert ImportRow.objects.count() == 0
        assert FieldDefinition.objects.filter(code="level").count() == 0

    def test_a_check_sees_doubles_of_far_apart_chunks(self, lists, monkeypatch):
        monkeypatch.setattr(operations, "CHUNK_ROWS", 2)
        run = operations.receive(lists(*["李四,13900139000,,,,"] * 5), name="a", by=None, now=NOW)
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
        found = operations.check(run, by=None, now=NOW, workers=0)
        assert (found["good"], found["duplicates"]) == (1, 4)


@pytest.mark.django_db
class TestFaults:
    def test_a_file_that_changes_between_looking_and_writing_is_refused(self, lists):
        path = lists("张三,,,,,")
        run = operations.receive(path, name="a.csv", by=None, now=NOW)
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
        lists("李四,,,,,")
        with pytest.raises(FileChanged):
            operations.write(run, by=None, now=NOW, workers=0)
        run.refresh_from_db()
        assert (run.state, run.error, run.next_row) == ("failed", "file_changed", 0)
        assert Customer.objects.count() == 0

    def test_a_file_that_changes_while_it_is_written_stops_the_run_at_a_whole_chunk(self, lists):
        path = lists(*[f"张{n},,,,," for n in range(10)])
        run = operations.receive(path, name="a.csv", by=None, now=NOW)
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)

        def change(done: int, _total: int | None) -> None:
            if done == 4:
                with path.open("a", encoding="utf-8") as file:
                    file.write("末,,,,,\n")

        with pytest.raises(FileChanged):
            operations.write(run, by=None, now=NOW, workers=0, chunk_rows=2, on_progress=change)
        run.refresh_from_db()
        assert (run.state, run.next_row, run.created_count) == ("failed", 4, 4)
        assert Customer.objects.count() == 4

    @pytest.mark.parametrize("workers", [0, 2])
    def test_wrong_bytes_late_in_the_file_fail_the_run_and_name_the_row(self, lists, workers):
        path = lists(*[f"张{n},,,,," for n in range(13)])
        with path.open("ab") as file:
            file.write("李四,,,,,\n".encode("gb18030"))
        run = operations.receive(path, name="a.csv", by=None, now=NOW, encoding="utf-8")
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
        with pytest.raises(UnreadableTable) as caught:
            operations.write(run, by=None, now=NOW, workers=workers, chunk_rows=2)
        assert (caught.value.code, caught.value.data["row"]) == ("wrong_encoding", 15)
        run.refresh_from_db()
        assert (run.state, Customer.objects.count()) == ("failed", run.next_row)

    @pytest.mark.parametrize("workers", [0, 2])
    def test_a_stopped_run_keeps_what_is_in_and_goes_on_without_doubles(self, lists, workers):
        user = make_user(role="administrator")
        path = lists(*[f"张{n},,,,," for n in range(10)])
        run = operations.receive(path, name="a.csv", by=user, now=NOW)
        operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=user, now=NOW)

        def stop(done: int, _total: int | None) -> None:
            if done == 4:
                operations.stop(CustomerImport.objects.get(pk=run.pk), by=user, now=NOW)

        with pytest.raises(operations.RunStopped):
            operations.write(run, by=user, now=NOW, workers=workers, chunk_rows=2, on_progress=stop)
        run.refresh_from_db()
        assert (run.state, run.next_row) == ("stopped", 4)
        operations.write(run, by=user, now=NOW, workers=workers, chunk_rows=3)
        assert counts(run) == (10, 0, 0, 0, 0)
        assert sorted(Customer.objects.values_list("name", flat=True)) == [
            f"张{n}" for n in range(10)
        ]

    def test_the_mapping_cannot_change_once_rows_are_in(self, lists):
        run = bring_in(lists("张三,,,,,"))
        with pytest.raises(Conflict):
            operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)

    def test_uploads_are_kept_from_others(self, tmp_path, settings):
        settings.MEDIA_ROOT = tmp_path
        path = operations.store_upload([b"name\n", b"Li\n"], name="../../etc/passwd.csv")
        assert path.parent == tmp_path / "imports"
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.read_bytes() == b"name\nLi\n"
        settings.UPLOAD_MAX_BYTES = 3
        with pytest.raises(UnreadableTable):
            operations.store_upload([b"name\n"], name="a.csv")
        assert [p.name for p in path.parent.iterdir()] == [path.name]


RUNNER = """
import sys, time, django
from pathlib import Path
if __name__ == "__main__":
    django.setup()
    from django.utils import timezone
    from genjin.customers.importing import operations
    from genjin.customers.models import CustomerImport
    def slowly(done, total):
        print(done, flush=True)
        time.sleep(float(sys.argv[2]))
    run = CustomerImport.objects.get(pk=sys.argv[1])
    operations.write(run, by=None, now=timezone.now(), chunk_rows=100, on_progress=slowly)
"""


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_without_a_row_twice_or_lost(lists, tmp_path):
    path = lists(*[f"张{n},139{n:08d},,,,高" for n in range(2000)])
    run = operations.receive(path, name="a.csv", by=None, now=NOW)
    operations.set_mapping(run, from_toml(MAP), on_duplicate="ask", by=None, now=NOW)
    script = tmp_path / "runner.py"
    script.write_text(RUNNER, "utf-8")
    connection.ensure_connection()
    info = connection.connection.info
    address = f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
    if info.host and not info.host.startswith("/"):
        address = f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "genjin.conf.settings",
        "PYTHONPATH": str(Path(settings.BASE_DIR) / "src"),
    }
    process = subprocess.Popen(
        [sys.executable, str(script), str(run.pk), "0.1"],
        stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        assert [int(process.stdout.readline()) for _ in range(4)] == [100, 200, 300, 400]
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 10
    while operations.is_running(run) and time.monotonic() < deadline:
        time.sleep(0.05)
    run.refresh_from_db()
    assert run.state == "writing"
    assert 400 <= run.next_row < 2000
    assert Customer.objects.count() == run.next_row
    operations.write(run, by=None, now=NOW, workers=2, chunk_rows=300)
    assert counts(run) == (2000, 0, 0, 0, 0)
    assert Customer.objects.values("name").distinct().count() == 2000
    assert ContactPoint.objects.values("value").distinct().count() == 2000
    assert TimelineEntry.objects.count() == 2000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_worker_processes_end_with_the_process_that_started_them(lists, tmp_path):
    psutil = pytest.importorskip("psutil")
    path = lists(*[f"张{n},,,,," for n in range(1000)])
    run = operations.receive(path, name="a.csv", by=None, now=NOW)
    operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=None, now=NOW)
    script = tmp_path / "runner.py"
    script.write_text(RUNNER, "utf-8")
    connection.ensure_connection()
    info = connection.connection.info
    address = f"postgresql://{info.user}@/{info.dbname}?host={info.host}&port={info.port}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "genjin.conf.settings",
        "PYTHONPATH": str(Path(settings.BASE_DIR) / "src"),
    }
    process = subprocess.Popen(
        [sys.executable, str(script), str(run.pk), "0.3"],
        stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        process.stdout.readline()
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    _gone, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


@pytest.mark.django_db(transaction=True)
def test_a_job_given_out_twice_writes_once(lists):
    user = make_user(role="administrator")
    run = operations.receive(lists("张三,,,,,"), name="a.csv", by=user, now=NOW)
    operations.set_mapping(run, from_toml(MAP), on_duplicate="skip", by=user, now=NOW)
    jobs.start(run, to="writing", by=user, now=NOW)
    for _ in range(2):
        jobs.write_import(run_id=str(run.pk), by_id=user.pk)
    assert counts(run) == (1, 0, 0, 0, 0)
    assert (run.state, run.task.state) == ("done", "done")
    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_the_real_list_comes_in_whole(shared, tmp_path):
    path = tmp_path / "bank-full.csv"
    shutil.copyfile(shared / "data" / "bank-full.csv", path)
    text = (Path(settings.BASE_DIR) / "examples/maps/bank-full.toml").read_text("utf-8")
    run = operations.receive(path, name=path.name, by=None, now=NOW)
    operations.set_mapping(run, from_toml(text), on_duplicate="skip", by=None, now=NOW)
    operations.write(run, by=None, now=NOW)
    assert counts(run) == (45_211, 0, 0, 0, 0)
    assert ContactPoint.objects.filter(status="unassigned").count() == 45_211
    assert ContactPoint.objects.values("value").distinct().count() == 45_211
    assert Customer.objects.filter(fields__bank_y=True).count() == 5_289
    assert Customer.objects.filter(fields__has_key="bank_pdays", fields__bank_pdays=-1).count() == 0
    assert FieldDefinition.objects.filter(code__startswith="bank_", is_facet=True).count() == 10
    table = open_table(path, preparing.layout_of(run))
    first = next(iter(table.rows()))
    card = Customer.objects.order_by("id").first()
    assert card.fields["bank_age"] == int(first.cells[14])
