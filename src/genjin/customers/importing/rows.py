"""Cleans rows: from the cells of a file to a draft of a customer, with its faults. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from genjin.customers.importing import generators, words
from genjin.customers.importing.draft import Draft, PhoneDraft
from genjin.customers.importing.mapping import FIELD, IGNORE, Spec
from genjin.customers.importing.readers import Reader, reader
from genjin.customers.importing.values import BadCell, composed_day


class RowCleaner:
    """Cleans the rows of one file by one mapping."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        mapping = spec.mapping
        place = {name: at for at, name in enumerate(spec.columns)}
        self._readers: list[tuple[int, str, Reader]] = [
            (place[name], name, reader(spec, rule))
            for name, rule in mapping["columns"].items()
            if rule["target"] != IGNORE and name in place
        ]
        self._constants = [
            (target, reader(spec, {"target": target}), value)
            for target, value in mapping.get("constants", {}).items()
        ]
        self._composed = [
            (rule["field"], rule["parts"], place)
            for rule in mapping.get("composed", {}).values()
            if rule["target"] == FIELD
        ]
        self._generate: Mapping[str, Any] = mapping.get("generate", {})
        self._width = len(spec.columns)

    def clean(self, number: int, cells: Sequence[str]) -> Draft:
        """The draft of row `number`; its `problems` are empty when it may come in."""
        draft = Draft(number)
        if "\x00" in "".join(cells):
            draft.refuse("", "nul_character")
            return draft
        if len(cells) > self._width and any(cells[self._width :]):
            draft.refuse("", "too_many_cells", cells=len(cells), columns=self._width)
            return draft
        for name, put, value in self._constants:
            try:
                put(draft, value)
            except BadCell as bad:
                draft.refuse(name, bad.code, **bad.data)
        given = len(cells)
        for at, name, put in self._readers:
            if at < given and (cell := cells[at].strip()):
                try:
                    put(draft, cell)
                except BadCell as bad:
                    draft.refuse(name, bad.code, **bad.data)
        for code, parts, place in self._composed:
            self._compose(draft, code, parts, place, cells)
        if self._generate:
            self._make_up(draft)
        self._finish(draft)
        return draft

    @staticmethod
    def _compose(
        draft: Draft,
        code: str,
        parts: Mapping[str, Any],
        place: Mapping[str, int],
        cells: Sequence[str],
    ) -> None:
        found = []
        for part in ("year", "month", "day"):
            source = str(parts.get(part, ""))
            at = place.get(source)
            found.append(source if at is None else cells[at].strip() if at < len(cells) else "")
        if not all(found):
            return
        try:
            draft.fields[code] = composed_day(*found)
        except BadCell as bad:
            draft.refuse(code, bad.code, **bad.data)

    def _make_up(self, draft: Draft) -> None:
        if "name" in self._generate and "name" not in draft.columns:
            name, sex = generators.person(draft.number, draft.columns.get("sex", ""))
            draft.columns["name"] = name
            draft.columns.setdefault("sex", sex)
            draft.columns.setdefault("kind", "person")
        if "phone" in self._generate and not draft.phones:
            raw = generators.phone(draft.number)
            draft.phones.append(PhoneDraft("+86" + raw, raw, "mobile", "", "unassigned"))

    def _finish(self, draft: Draft) -> None:
        columns = draft.columns
        name = columns.get("name")
        if not name:
            if not any(place and code == "too_long" for place, code, _ in draft.problems):
                draft.refuse("", "no_name")
            return
        if "kind" not in columns:
            is_organisation = "tax_number" in columns or words.looks_like_organisation(name)
            columns["kind"] = "organisation" if is_organisation else "person"
        has_point = bool(draft.latitude) and bool(draft.longitude) and bool(draft.addresses)
        if (draft.latitude or draft.longitude) and not has_point:
            draft.refuse("", "half_a_point")
        if draft.person_phones and "name" not in draft.person:
            draft.phones += draft.person_phones
            draft.person_phones = []
