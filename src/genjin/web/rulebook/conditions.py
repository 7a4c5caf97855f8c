"""A rule's conditions as rows of a form: one clause each, joined by "and" or "or".

A clause that needs no value is a choice of its own ("they are dear"); of the others the row's
value is read. "or" binds a row to the one before it: rows a, or b, and c mean (a or b) and c.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from genjin.customers.events import Fact, FactType
from genjin.followups.rulebook import facts

EMPTY_ROWS = 2
MOST_ROWS = 10
AND, OR = "and", "or"


def _clauses(fact: Fact) -> list[tuple[str, str]]:
    """(code, words) of everything that may be said about a fact."""
    name = {"fact": str(fact.label)}
    if fact.type is FactType.FLAG:
        return [(f"{fact.code}|is|yes", str(fact.label)), (f"{fact.code}|is|no", str(fact.denied))]
    if fact.type is FactType.NUMBER:
        return [
            (f"{fact.code}|at_least|", _("%(fact)s is at least …") % name),
            (f"{fact.code}|at_most|", _("%(fact)s is at most …") % name),
        ]
    if fact.type is FactType.CHOICE:
        return [
            (f"{fact.code}|one_of|{code}", _("%(fact)s is %(value)s") % {**name, "value": label})
            for code, label in fact.choices
        ]
    return [
        (f"{fact.code}|is|", _("%(fact)s is …") % name),
        (f"{fact.code}|contains|", _("%(fact)s contains …") % name),
    ]


def clauses(event: str) -> list[tuple[str, str]]:
    """Every clause that a rule for this event may use."""
    return [clause for fact in facts.facts_of(event) for clause in _clauses(fact)]


class ConditionForm(forms.Form):
    """One row: how it is joined, the clause, and its value where it needs one."""

    joined = forms.ChoiceField(
        label=gettext_lazy("Joined by"), required=False,
        choices=[(AND, gettext_lazy("and")), (OR, gettext_lazy("or"))],
    )  # fmt: skip
    clause = forms.ChoiceField(label=gettext_lazy("Condition"), required=False)
    value = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=120)

    def __init__(self, *args: Any, event: str, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["clause"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), *clauses(event)]
        self.event = event

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if clause := data.get("clause"):
            self.read(clause, data.get("value", "").strip())
        return data

    def read(self, clause: str, typed: str) -> None:
        """Checks the row and keeps its condition in `condition`."""
        code, op, fixed = clause.split("|", 2)
        fact = facts.fact(self.event, code)
        assert fact is not None
        value: Any = fixed == "yes" if fact.type is FactType.FLAG else fixed
        if fact.type is FactType.CHOICE:
            value = [fixed]
        elif fact.type is not FactType.FLAG:
            value = typed
            if not typed:
                self.add_error("value", _("This is needed."))
                return
            if fact.type is FactType.NUMBER:
                try:
                    value = _figure(typed)
                except ValueError:
                    self.add_error("value", _("This is not a number."))
                    return
        self.condition = {"field": code, "op": op, "value": value}


def _figure(text: str) -> int | float:
    value = float(text.replace(",", "").replace("\uff0c", ""))
    if value != value or abs(value) > 10**12:  # noqa: PLR0124 - not a number
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _row(condition: Mapping[str, Any], joined: str) -> list[dict[str, str]]:
    """The rows that say one condition; several for one with several values."""
    code, op, value = condition["field"], condition["op"], condition["value"]
    if isinstance(value, bool):
        return [{"joined": joined, "clause": f"{code}|is|{'yes' if value else 'no'}"}]
    if isinstance(value, list):
        return [
            {"joined": OR if place else joined, "clause": f"{code}|{op}|{one}"}
            for place, one in enumerate(value)
        ]
    return [{"joined": joined, "clause": f"{code}|{op}|", "value": str(value)}]


def rows_of(conditions: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A rule's conditions as the form's first values."""
    rows: list[dict[str, str]] = []
    for condition in conditions:
        for place, part in enumerate(condition.get("any", [condition])):
            rows += _row(part, OR if place else AND)
    return rows


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Alternatives as one condition; choices of one fact become one list."""
    kept: list[dict[str, Any]] = []
    for part in parts:
        same = next((one for one in kept if part["op"] == "one_of"
                     and (one["field"], one["op"]) == (part["field"], "one_of")), None)  # fmt: skip
        if same is None:
            kept.append({**part})
        else:
            same["value"] = [*same["value"], *part["value"]]
    return kept[0] if len(kept) == 1 else {"any": kept}


class Conditions:
    """All rows of a rule's conditions."""

    def __init__(self, event: str, *, data: Any = None, conditions: Sequence[Any] = ()) -> None:
        first = rows_of(conditions)
        count = min(MOST_ROWS, len(first) + EMPTY_ROWS)
        if data is not None:
            given = str(data.get("conditions", ""))
            count = min(MOST_ROWS, int(given)) if given.isascii() and given.isdigit() else 0
        self.rows = [
            ConditionForm(data, event=event, prefix=f"c{place}",
                          initial=first[place] if place < len(first) else {"joined": AND})
            for place in range(count)
        ]  # fmt: skip

    def is_valid(self) -> bool:
        """Whether every row can be understood."""
        found = [row.is_valid() for row in self.rows]  # all of them, for their messages
        return all(found)

    def value(self) -> list[dict[str, Any]]:
        """The conditions as a rule keeps them."""
        groups: list[list[dict[str, Any]]] = []
        for row in self.rows:
            condition = getattr(row, "condition", None)
            if condition is None:
                continue
            if groups and row.cleaned_data.get("joined") == OR:
                groups[-1].append(condition)
            else:
                groups.append([condition])
        return [_merged(group) for group in groups]
