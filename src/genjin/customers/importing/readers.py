"""Compiles each rule of a mapping into a function that puts a cell onto a draft. Pure."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from genjin.customers.importing import values, words
from genjin.customers.importing.draft import Draft, PhoneDraft
from genjin.customers.importing.mapping import FIELD, PHONE, FieldSpec, Spec
from genjin.customers.importing.values import BadCell
from genjin.kernel.address import division, division_of
from genjin.kernel.phone import Phone, parse_phone, split_phones

Reader = Callable[[Draft, str], None]
MAX_NAME = 200
MOST_NEW_CHOICES = 200
_LIMITS = {"form_of_address": 40, "source": 60, "note": 4000, "person_title": 80,
           "address": 300, "postcode": 12, "other_name": MAX_NAME, "person_name": MAX_NAME,
           "name": MAX_NAME}  # fmt: skip


@lru_cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def reader(spec: Spec, rule: Mapping[str, Any]) -> Reader:
    """The function for one rule; what it cannot take it refuses by BadCell."""
    target = rule["target"]
    translated = _translations(rule)
    if target == FIELD:
        field = spec.fields[rule["field"]]
        if field.type == "choice" and not rule.get("empty"):
            return _choice_putter(field, translated)
        put = _field_putter(field, rule)
    elif target in (PHONE, "person_phone"):
        put = _phone_putter(spec, rule)
    else:
        put = _column_putter(spec, target)
    return _translating(put, translated, frozenset(rule.get("empty", ())))


def _translating(put: Reader, translated: dict[str, str], empty: frozenset[str]) -> Reader:
    if not empty and not translated:
        return put

    def read(draft: Draft, cell: str) -> None:
        if cell not in empty and (found := translated.get(cell, cell)):
            put(draft, found)

    return read


def _translations(rule: Mapping[str, Any]) -> dict[str, str]:
    given = rule.get("values") or {}
    return {str(raw): _plain(value) for raw, value in given.items()}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# -- card fields ------------------------------------------------------------------------------


def _field_putter(field: FieldSpec, rule: Mapping[str, Any]) -> Reader:
    if field.type == "choice":
        return _choice_putter(field, {})
    read = _field_reader(field, rule)
    code = field.code

    def put(draft: Draft, cell: str) -> None:
        draft.fields[code] = read(cell)

    def put_number(draft: Draft, cell: str) -> None:
        # What nearly all cells are is not worth another call.
        is_plain = cell.isdecimal() and cell.isascii() and len(cell) <= values.SAFE_DIGITS
        draft.fields[code] = int(cell) if is_plain else read(cell)

    return put_number if field.type == "number" else put


def _field_reader(field: FieldSpec, rule: Mapping[str, Any]) -> Callable[[str], Any]:
    order = rule.get("dates", "")
    readers: dict[str, Callable[[str], Any]] = {
        "number": values.number,
        "date": lambda cell: values.day(cell, order),
        "boolean": boolean,
        "choices": lambda cell: _choices(field, cell),
    }
    return readers.get(field.type, values.text(values.MAX_TEXT))


def _choice_putter(field: FieldSpec, translated: Mapping[str, str]) -> Reader:
    code, extends = field.code, field.extends
    known = dict(field.choices)
    for raw, value in translated.items():
        known[raw] = known.get(value, known.get(value.casefold(), value))

    def put(draft: Draft, cell: str) -> None:
        found = known.get(cell)
        if found is None:
            found = known.get(cell.casefold())
        if found is None:
            if not extends or len(cell) > 60:
                raise BadCell("not_a_choice", value=values.shown(cell))
            draft.new_choices.append((code, cell))
            found = cell
        if found:
            draft.fields[code] = found

    return put


def _choices(field: FieldSpec, cell: str) -> list[str]:
    for mark in "\u3001\uff0c;\uff1b|":
        cell = cell.replace(mark, ",")
    chosen = []
    for part in filter(None, map(str.strip, cell.split(","))):
        code = field.choices.get(part) or field.choices.get(part.casefold())
        if code is None:
            raise BadCell("not_a_choice", value=values.shown(part))
        chosen.append(code)
    return list(dict.fromkeys(chosen))


_YES = frozenset({"1", "true", "yes", "y", "on", "t", "\u662f", "\u6709", "\u5bf9", "\u5c0d"})
_NO = frozenset({"0", "false", "no", "n", "off", "f", "\u5426", "\u65e0", "\u7121", "\u6ca1\u6709"})


def boolean(cell: str) -> bool:
    """Yes or no in the words of the three languages."""
    word = cell.strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise BadCell("not_yes_or_no", value=values.shown(cell))


# -- phones -----------------------------------------------------------------------------------


def _phone_putter(spec: Spec, rule: Mapping[str, Any]) -> Reader:
    label = rule.get("label", "")
    is_person = rule["target"] == "person_phone"
    keeps_bad = spec.mapping.get("bad_phones") == "keep"
    region = spec.phone_region

    def put(draft: Draft, cell: str) -> None:
        phones = draft.person_phones if is_person else draft.phones
        for phone in read_phones(cell, label, region, keeps_bad=keeps_bad):
            if not phones or all(other.value != phone.value for other in phones):
                phones.append(phone)

    return put


def read_phones(cell: str, label: str, region: str, *, keeps_bad: bool) -> list[PhoneDraft]:
    """Every number in a cell. A number that cannot be read is refused, or kept as `invalid`."""
    phone = parse_phone(cell, default_region=region)
    if phone.e164:
        return [_phone_draft(phone, label)]
    found = []
    for raw in split_phones(cell[:400]) or [cell]:
        phone = parse_phone(raw, default_region=region)
        if phone.e164:
            found.append(_phone_draft(phone, label))
        elif keeps_bad:
            digits = "".join(char for char in raw if char.isascii() and char.isdigit())[:40]
            found.append(PhoneDraft(digits or "?", raw[:300], label or "other", "", "invalid"))
        else:
            raise BadCell("bad_phone", value=values.shown(raw), reason=phone.reason)
    return found


_LABELS = {"mobile": "mobile", "fixed": "work"}


def _phone_draft(phone: Phone, label: str) -> PhoneDraft:
    raw, e164, _, extension, kind, _, status, _ = phone
    if kind == label == "mobile":
        return PhoneDraft(e164, raw[:300], label, extension[:10], status)
    # A mobile in the column of office phones is still a mobile.
    is_told = label and (label == "mobile") == (kind == "mobile")
    chosen = label if is_told else _LABELS.get(kind, "other")
    if label == "home" and kind != "mobile":
        chosen = "home"
    return PhoneDraft(e164, raw[:300], chosen, extension[:10], status)


# -- columns of the card ----------------------------------------------------------------------


def _column_putter(spec: Spec, target: str) -> Reader:  # noqa: PLR0911 - one line a target
    if target == "other_name":
        return _appender("other_names", values.text(MAX_NAME))
    if target == "email":
        return _appender("emails", values.email)
    if target == "address":
        return _appender("addresses", values.text(300))
    if target == "postcode":
        return _postcode
    if target in ("latitude", "longitude"):
        return _coordinate_putter(spec, target)
    if target.startswith("person_"):
        return _person_putter(target.removeprefix("person_"))
    if target in ("custodian", "team"):
        return _custody_putter(spec, target)
    if target == "note":
        return _note
    read = _column_reader(target)

    def put(draft: Draft, cell: str) -> None:
        draft.columns[target] = read(cell)

    return put


def _appender(name: str, read: Callable[[str], str]) -> Reader:
    def put(draft: Draft, cell: str) -> None:
        getattr(draft, name).append(read(cell))

    return put


def _postcode(draft: Draft, cell: str) -> None:
    draft.postcode = values.text(12)(cell)


def _coordinate_putter(spec: Spec, target: str) -> Reader:
    most = 90 if target == "latitude" else 180
    system = str(spec.mapping.get("coordinates") or "wgs84")

    def put(draft: Draft, cell: str) -> None:
        number = values.number(cell)
        if not -most <= number <= most:
            raise BadCell("not_a_coordinate", value=values.shown(cell))
        setattr(draft, target, f"{number:.6f}")
        draft.system = system

    return put


def _note(draft: Draft, cell: str) -> None:
    before = draft.columns.get("note")
    draft.columns["note"] = values.text(4000)(f"{before}\n{cell}" if before else cell)


def _person_putter(part: str) -> Reader:
    read = _coded("person_role") if part == "role" else values.text(_LIMITS[f"person_{part}"])

    def put(draft: Draft, cell: str) -> None:
        draft.person[part] = read(cell)

    return put


def _custody_putter(spec: Spec, target: str) -> Reader:
    def custodian(draft: Draft, cell: str) -> None:
        found = spec.people.get(cell.casefold())
        if found is None:
            raise BadCell("unknown_custodian", value=values.shown(cell))
        draft.columns["custodian_id"], team = found
        if team is not None:
            draft.columns.setdefault("team_id", team)

    def team(draft: Draft, cell: str) -> None:
        found = spec.teams.get(cell)
        if found is None:
            raise BadCell("unknown_team", value=values.shown(cell))
        draft.columns["team_id"] = found

    return custodian if target == "custodian" else team


def _column_reader(target: str) -> Callable[[str], str]:
    readers: dict[str, Callable[[str], str]] = {
        "kind": _coded("kind"),
        "sex": _coded("sex"),
        "language": _coded("language"),
        "time_zone": _time_zone,
        "tax_number": values.tax_number,
        "region": _region,
        "grade": _grade,
    }
    return readers.get(target) or values.text(_LIMITS[target])


def _coded(target: str) -> Callable[[str], str]:
    known = words.values(target)

    def read(cell: str) -> str:
        found = known.get(words.plain(cell))
        if found is None:
            raise BadCell(f"unknown_{target}", value=values.shown(cell))
        return found

    return read


def _grade(cell: str) -> str:
    grade = cell.strip().upper()[:1]
    if grade not in "ABCDE" or len(cell.strip()) > 2:
        raise BadCell("unknown_grade", value=values.shown(cell))
    return grade


def _time_zone(cell: str) -> str:
    if cell not in _time_zones():
        raise BadCell("unknown_time_zone", value=values.shown(cell))
    return cell


def _region(cell: str) -> str:
    """A code of a division, or its name as people write it."""
    code = cell if division(cell) else division_of(cell)
    if not code:
        raise BadCell("not_a_region", value=values.shown(cell))
    return code
