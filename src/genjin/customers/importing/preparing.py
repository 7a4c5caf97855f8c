"""Makes ready what cleaning needs: card fields, people and teams, the file as it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from genjin.customers.importing import mapping as mappings
from genjin.customers.importing.mapping import FieldSpec, Spec
from genjin.customers.models import CustomerImport, FieldDefinition
from genjin.foundation import access, audit
from genjin.foundation.models import Team, User
from genjin.foundation.tabular.errors import FileChanged
from genjin.foundation.tabular.fingerprint import Fingerprint, Stamp
from genjin.foundation.tabular.layout import Layout
from genjin.foundation.tabular.table import Table, open_table
from genjin.kernel.errors import BadInput
from genjin.kernel.problems import Reason


def layout_of(run: CustomerImport) -> Layout:
    """How the file of a run is read."""
    return Layout(run.format, run.encoding, run.delimiter, run.sheet)


def table_of(run: CustomerImport) -> Table:
    """The file of a run as a table."""
    return open_table(Path(run.stored_path), layout_of(run))


def unchanged_file(run: CustomerImport) -> Stamp:
    """Reads the whole file once to see that it is the one that came in; FileChanged if not."""
    path = Path(run.stored_path)
    try:
        fingerprint = Fingerprint.of(path)
    except FileNotFoundError:
        raise FileChanged("file_gone", file=run.file_name) from None
    if fingerprint.digest != run.file_digest:
        raise FileChanged(file=run.file_name)
    return fingerprint.stamp


def spec_for(run: CustomerImport) -> Spec:
    """All that the cleaning of this run's rows needs, from the database as it is now.

    Raises BadInput: missing_columns, field_has_other_type, unknown_field.
    """
    mapping = mappings.checked(run.mapping)
    columns = tuple(run.columns)
    if missing := mappings.missing_columns(mapping, columns):
        raise BadInput("missing_columns", columns=missing)
    return Spec(
        columns=columns,
        mapping=mapping,
        fields=_field_specs(mapping),
        people=_people(),
        teams=dict(Team.objects.filter(is_active=True).values_list("name", "id")),
    )


def may_add_fields(by: User | None) -> bool:
    """Whether this person's file may bring card fields along; the machine's may."""
    return by is None or access.has_right(by, "imports.fields")


def may_share(by: User | None) -> bool:
    """Whether this person may change mappings that others use; the machine may."""
    return by is None or access.has_right(by, "settings.manage")


def check_new_fields(mapping: Mapping[str, Any], by: User | None) -> None:
    """Raises BadInput (`field_needs_right`, by field) for card fields that `by` may not add."""
    if may_add_fields(by):
        return
    rules = mappings.field_rules(mapping)
    there = set(FieldDefinition.objects.filter(code__in=rules).values_list("code", flat=True))
    new = [code for code, rule in rules.items() if code not in there and "create" in rule]
    if new:
        raise BadInput({code: [Reason("field_needs_right", {"field": code})] for code in new})


def _people() -> dict[str, tuple[int, int | None]]:
    found: dict[str, tuple[int, int | None]] = {}
    doubled: set[str] = set()
    users = User.objects.filter(is_active=True)
    rows = list(users.values_list("id", "team_id", "username", "staff_number", "name"))
    for pk, team, _, _, name in rows:
        if name.casefold() in found:
            doubled.add(name.casefold())
        found[name.casefold()] = (pk, team)
    for name in doubled:
        del found[name]
    for pk, team, username, staff_number, _ in rows:
        found[username.casefold()] = (pk, team)
        if staff_number:
            found[staff_number.casefold()] = (pk, team)
    return found


def _field_specs(mapping: Mapping[str, Any]) -> dict[str, FieldSpec]:
    rules = mappings.field_rules(mapping)
    existing = {d.code: d for d in FieldDefinition.objects.filter(code__in=rules)}
    problems: dict[str | int, list[Reason]] = {}
    specs = {}
    for code, rule in rules.items():
        definition = existing.get(code)
        if definition is None and "create" not in rule:
            problems[code] = [Reason("unknown_field", {"field": code})]
            continue
        wanted = rule.get("create", {}).get("type")
        if definition is None:
            definition = _new_definition(code, rule)
        elif wanted and wanted != definition.type:
            known = {"field": code, "type": definition.type, "wanted": wanted}
            problems[code] = [Reason("field_has_other_type", known)]
            continue
        specs[code] = _field_spec(definition, rule)
    if problems:
        raise BadInput(problems)
    return specs


def _field_spec(definition: FieldDefinition, rule: Mapping[str, Any]) -> FieldSpec:
    choices: dict[str, str] = {}
    for choice in (*definition.choices, *mappings.choices_of(rule)):
        for text in (choice["code"], *choice.get("labels", {}).values()):
            choices.setdefault(text, choice["code"])
            choices.setdefault(text.casefold(), choice["code"])
    extends = bool(rule.get("create", {}).get("extend", False))
    return FieldSpec(definition.code, definition.type, choices, extends)


def _new_definition(code: str, rule: Mapping[str, Any]) -> FieldDefinition:
    create = rule["create"]
    return FieldDefinition(
        code=code,
        block=create.get("block", "custom"),
        type=create.get("type", "text"),
        labels=dict(create.get("labels") or {"en": code}),
        choices=mappings.choices_of(rule),
        unit=create.get("unit", "")[:20],
        is_facet=bool(create.get("facet", False)),
    )


@transaction.atomic
def make_fields(
    mapping: Mapping[str, Any], columns: Sequence[str], *, by: User | None, now: datetime
) -> list[str]:
    """Makes the card fields that a mapping brings along and adds its choices to those there are.

    New fields stand in the order of the file's `columns`: the database forgets keys' order.
    Returns their codes. The new ones and the changed lists are audited.
    """
    given = mapping["columns"]
    ordered = {name: given[name] for name in columns if name in given}
    rules = mappings.field_rules({**mapping, "columns": ordered})
    existing = {
        d.code: d for d in FieldDefinition.objects.select_for_update().filter(code__in=rules)
    }
    made = []
    for code, rule in rules.items():
        definition = existing.get(code)
        if definition is None:
            definition = _new_definition(code, rule)
            definition.save(force_insert=True)
            labels = {"labels": [None, definition.labels]}
            audit.record("create", definition, by=by, now=now, changes=labels)
            made.append(code)
        else:
            add_choices(definition, mappings.choices_of(rule), by=by, now=now)
    return made


def add_choices(
    definition: FieldDefinition,
    choices: list[dict[str, Any]],
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Adds those of `choices` whose code the field does not know yet; the caller locked it."""
    known = {choice["code"] for choice in definition.choices}
    fresh = [choice for choice in choices if choice["code"] not in known]
    if fresh:
        audit.change(definition, {"choices": [*definition.choices, *fresh]}, by=by, now=now)


def default_custody(by: User | None) -> dict[str, Any]:
    """Whose the new customers are where the file does not say: visible to who brought them in."""
    if by is None:
        return {}
    scope = access.scope_of(by)
    if scope == "own":
        return {"custodian_id": by.pk, "team_id": by.team_id}
    return {"team_id": by.team_id} if scope == "team" and by.team_id else {}
