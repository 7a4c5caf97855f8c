"""Forms of the campaign builder: they parse and warn; operations decide."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from genjin.calling import rules, states
from genjin.calling.models import Campaign, Script
from genjin.calling.queries import people_of, teams_of
from genjin.customers.fields import definitions, label
from genjin.customers.models import Segment
from genjin.flows.purposes import OutcomeRule, outcomes_for, retry_of
from genjin.foundation.access import roles, scope_of
from genjin.foundation.models import Team, User
from genjin.kernel.errors import BadInput
from genjin.kernel.worktime import WeeklyHours
from genjin.sales.models import Product
from genjin.web.campaigns.sentences import WEEKDAYS, sentence

USUAL_DAY = "09:00-11:30 13:30-17:30"
CODES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StepForm(forms.Form):
    """One step of the builder. `initial_of` reads a campaign, `values` gives its columns."""

    template_name = "partials/form.html"

    def __init__(
        self, *arguments: Any, campaign: Campaign | None, user: User, **named: Any
    ) -> None:
        self.campaign, self.user = campaign, user
        if campaign is not None:
            named.setdefault("initial", self.initial_of(campaign))
        super().__init__(*arguments, **named)
        self.build()

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {name: getattr(campaign, name) for name in self.base_fields}

    def build(self) -> None:
        """Adds what depends on the campaign and the person."""

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def offer(self, name: str, rows: QuerySet[Any]) -> None:
        """Sets what a field may be chosen from."""
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def take(self, error: BadInput) -> None:
        """Shows an operation's refusals beside the fields they belong to."""
        for name, reasons in error.problems.items():
            place = name if name in self.fields else None
            for reason in reasons:
                self.add_error(place, sentence(reason))


class BasicsForm(StepForm):
    """Name, kind, product, team, dates and the hours of each weekday."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=states.CampaignKind.choices)
    product = forms.ModelChoiceField(
        Product.objects.none(), label=_("Product"), required=False, empty_label="–"
    )
    team = forms.ModelChoiceField(
        Team.objects.none(), label=_("Team"), required=False, empty_label="–"
    )
    skills = forms.CharField(
        label=_("Skills needed"),
        required=False,
        max_length=300,
        help_text=_("Separated by commas. Only agents who have all of them get its customers."),
    )
    starts_on = forms.DateField(label=_("First day"), required=False, widget=DATE)
    ends_on = forms.DateField(label=_("Last day"), required=False, widget=DATE)

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        week = _week_of(campaign.weekly)
        hours = {f"hours_{code}": text for code, text in zip(CODES, week, strict=True)}
        own = {name: getattr(campaign, name) for name in self.base_fields if name != "skills"}
        return own | hours | {"skills": ", ".join(campaign.queue.skills)}

    def build(self) -> None:
        self.offer("product", Product.objects.filter(is_active=True).order_by("name"))
        self.offer("team", teams_of(self.user))
        if self.campaign is not None and self.campaign.filled_at:
            self.fields["kind"].disabled = True
        for place, code in enumerate(CODES):
            self.fields[f"hours_{code}"] = forms.CharField(
                label=WEEKDAYS[place],
                required=False,
                max_length=60,
                initial=USUAL_DAY if place < 5 else "",
                widget=forms.TextInput(attrs={"placeholder": _("no calls")}),
            )

    def hours(self) -> Iterator[forms.BoundField]:
        for code in CODES:
            yield self[f"hours_{code}"]

    def clean_skills(self) -> list[str]:
        """The codes as a person's own skills are written: small letters, each once."""
        found = re.split(r"[\s,;，、；]+", self.cleaned_data["skills"].lower())
        return list(dict.fromkeys(one for one in found if one))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        days = []
        for code in CODES:
            text = cleaned.pop(f"hours_{code}", "").replace("：", ":").replace("–", "-").strip()
            try:
                WeeklyHours.parse(f"{code} {text}" if text else "")
            except ValueError:
                self.add_error(f"hours_{code}", _("Write hours like 09:00-11:30 13:30-17:30."))
                continue
            if text:
                days.append(f"{code} {text}")
        if not any(name.startswith("hours_") for name in self.errors):
            hours = WeeklyHours.parse("; ".join(days))
            cleaned["weekly"] = hours.format() if hours else ""
        return cleaned


def _week_of(weekly: str) -> list[str]:
    """The hours of each weekday as people write them."""
    hours = WeeklyHours.parse(weekly)
    return [
        " ".join(
            f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}" for start, end in spans
        )
        for spans in hours.days
    ]


class WhoForm(StepForm):
    """The segment, whether it is frozen, and in which order its customers are called."""

    segment = forms.ModelChoiceField(
        Segment.objects.none(), label=_("Segment"), required=False, empty_label="–"
    )
    selection = forms.ChoiceField(
        label=_("Selection"), choices=Campaign.Selection.choices, widget=forms.RadioSelect
    )
    order = forms.ChoiceField(label=_("Order"))

    def build(self) -> None:
        self.offer("segment", Segment.objects.filter(is_archived=False).order_by("name"))
        order = self.fields["order"]
        assert isinstance(order, forms.ChoiceField)
        order.choices = [
            ("list", _("As in the list")),
            ("newest", _("Newest cards first")),
            ("oldest", _("Longest without contact first")),
            ("random", _("Mixed")),
            *order_fields(),
        ]
        if self.campaign is not None and (self.campaign.filled_at or self._is_wider()):
            for field in self.fields.values():
                field.disabled = True

    def _is_wider(self) -> bool:
        """Whether the campaign selects within a wider scope than this person's.

        Its customers are those whom its maker sees; whoever sees fewer does not choose them.
        """
        maker = self.campaign.created_by if self.campaign else None
        return maker is not None and scope_of(maker) == "all" and scope_of(self.user) != "all"


def order_fields() -> list[tuple[str, str]]:
    """Card fields that a campaign can be ordered by: numbers and dates."""
    return [
        (definition.code, label(definition, get_language() or "en"))
        for definition in definitions()
        if definition.type in ("number", "date")
    ]


class ScriptForm(StepForm):
    """The script; only one with a published version can be called with."""

    script = forms.ModelChoiceField(
        Script.objects.none(), label=_("Script"), required=False, empty_label="–"
    )

    def build(self) -> None:
        self.offer(
            "script",
            Script.objects.filter(is_archived=False, versions__isnull=False)
            .distinct()
            .order_by("name"),
        )


class GoalsForm(StepForm):
    """Goals by month, day and hour, the closings wanted, wrap-up, rotation and payment terms."""

    goal_month = forms.IntegerField(label=_("Successes a month"), required=False, min_value=0)
    goal_day = forms.IntegerField(label=_("Successes a day"), required=False, min_value=0)
    goal_hour = forms.IntegerField(label=_("Successes an hour"), required=False, min_value=0)
    closings_wanted = forms.IntegerField(
        label=_("Closings wanted in all"),
        required=False,
        min_value=1,
        help_text=_("From these the contacts needed per day and hour are computed back."),
    )
    wrap_up_seconds = forms.IntegerField(
        label=_("Wrap-up time (seconds)"), min_value=0, max_value=1800
    )
    rotation_days = forms.IntegerField(
        label=_("Days until an agent rotates to other work"), min_value=1, max_value=1000
    )
    payment_terms = forms.CharField(
        label=_("Payment terms that may be offered"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One on each line. Agents may offer these and no others."),
    )

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        goals = {f"goal_{name}": campaign.goals.get(name) for name in rules.GOAL_PERIODS}
        return {
            **goals,
            "closings_wanted": campaign.closings_wanted,
            "wrap_up_seconds": campaign.wrap_up_seconds,
            "rotation_days": campaign.rotation_days,
            "payment_terms": "\n".join(campaign.payment_terms),
        }

    def values(self) -> dict[str, Any]:
        found = dict(self.cleaned_data)
        goals = {name: found.pop(f"goal_{name}") for name in rules.GOAL_PERIODS}
        lines = (line.strip() for line in found["payment_terms"].splitlines())
        return {
            **found,
            "goals": {name: value for name, value in goals.items() if value},
            "payment_terms": [line for line in lines if line],
        }


class RetryForm(StepForm):
    """For each outcome that is tried again: after how many minutes, and how often in all."""

    def rules_shown(self) -> list[OutcomeRule]:
        assert self.campaign is not None
        purpose = states.PURPOSE_OF[states.CampaignKind(self.campaign.kind)]
        found = outcomes_for(purpose, self.campaign.kind)
        return [rule for rule in found if rule.default_retry is not None]

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {}

    def build(self) -> None:
        assert self.campaign is not None
        for rule in self.rules_shown():
            plan = self.campaign.retry_plan.get(rule.code) or {}
            default = retry_of(rule, None)
            assert default is not None
            self.fields[f"delay_{rule.code}"] = forms.IntegerField(
                label=_("Again after minutes"),
                min_value=1,
                max_value=60 * 24 * 60,
                initial=plan.get("delay_minutes", default.delay_minutes),
            )
            self.fields[f"tries_{rule.code}"] = forms.IntegerField(
                label=_("Calls at most"),
                min_value=0,
                max_value=20,
                initial=plan.get("tries", default.tries),
            )

    def rows(self) -> Iterator[dict[str, Any]]:
        for rule in self.rules_shown():
            yield {
                "label": rule.label,
                "delay": self[f"delay_{rule.code}"],
                "tries": self[f"tries_{rule.code}"],
            }

    def values(self) -> dict[str, Any]:
        return {
            "retry_plan": {
                rule.code: {
                    "delay_minutes": self.cleaned_data[f"delay_{rule.code}"],
                    "tries": self.cleaned_data[f"tries_{rule.code}"],
                }
                for rule in self.rules_shown()
            }
        }


class SheetForm(StepForm):
    """The campaign's sheet with its four blocks: product, price, process, people."""

    product = forms.CharField(label=_("Product"), required=False, widget=forms.Textarea)
    price = forms.CharField(label=_("Price"), required=False, widget=forms.Textarea)
    process = forms.CharField(label=_("Process"), required=False, widget=forms.Textarea)
    people = forms.CharField(label=_("People"), required=False, widget=forms.Textarea)

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {name: campaign.sheet.get(name, "") for name in rules.SHEET_BLOCKS}

    def build(self) -> None:
        helps = {
            "product": _("What it is, what it does better, what the customer has of it."),
            "price": _("What it costs, how that compares, what may be granted."),
            "process": _("How a call goes and what happens after a yes."),
            "people": _("Who calls, who answers questions, what they must know."),
        }
        for name, text in helps.items():
            self.fields[name].help_text = text
            self.fields[name].widget.attrs["rows"] = 5

    def values(self) -> dict[str, Any]:
        return {"sheet": {name: self.cleaned_data[name].strip() for name in rules.SHEET_BLOCKS}}


QUESTIONS_SHOWN = 5
ANSWERS_SHOWN = 4


class BriefingForm(StepForm):
    """The briefing and the questions whose right answers prove that it was read."""

    briefing = forms.CharField(
        label=_("Briefing"), required=False, widget=forms.Textarea(attrs={"rows": 12})
    )

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {"briefing": campaign.briefing}

    def build(self) -> None:
        assert self.campaign is not None
        asked = self.campaign.briefing_questions
        self.count = max(QUESTIONS_SHOWN, len(asked) + 1)
        for place in range(self.count):
            question = asked[place] if place < len(asked) else {}
            answers = list(question.get("answers", ()))
            self.fields[f"question_{place}"] = forms.CharField(
                label=_("Question"), required=False, initial=question.get("question", "")
            )
            for number in range(max(ANSWERS_SHOWN, len(answers))):
                self.fields[f"answer_{place}_{number}"] = forms.CharField(
                    label=_("Answer"),
                    required=False,
                    initial=answers[number] if number < len(answers) else "",
                )
            self.fields[f"right_{place}"] = forms.TypedChoiceField(
                label=_("Right answer"),
                required=False,
                coerce=int,
                empty_value=None,
                initial=question.get("right"),
                choices=[("", "–"), *((n, str(n + 1)) for n in range(ANSWERS_SHOWN))],
            )

    def questions(self) -> Iterator[dict[str, Any]]:
        for place in range(self.count):
            yield {
                "number": place + 1,
                "question": self[f"question_{place}"],
                "answers": [
                    self[name] for name in self.fields if name.startswith(f"answer_{place}_")
                ],
                "right": self[f"right_{place}"],
                "is_open": bool(self[f"question_{place}"].value()) or place == 0,
            }

    def values(self) -> dict[str, Any]:
        found = []
        for place in range(self.count):
            text = self.cleaned_data[f"question_{place}"].strip()
            answers = [
                value.strip()
                for name, value in self.cleaned_data.items()
                if name.startswith(f"answer_{place}_")
            ]
            while answers and not answers[-1]:
                answers.pop()
            if text or answers:
                right = self.cleaned_data[f"right_{place}"]
                found.append({"question": text, "answers": answers, "right": right})
        return {"briefing": self.cleaned_data["briefing"].strip(), "briefing_questions": found}


class PersonTicks(forms.ModelMultipleChoiceField):
    """People to tick, each with the staff number."""

    def label_from_instance(self, person: Any) -> str:
        return str(person)


class AgentsForm(StepForm):
    """Who works on the campaign: people of the supervisor's scope who work at the desk."""

    agents = PersonTicks(
        User.objects.none(),
        label=_("Agents"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def initial_of(self, campaign: Campaign) -> dict[str, Any]:
        return {
            "agents": list(campaign.agents.filter(is_active=True).values_list("user", flat=True))
        }

    def build(self) -> None:
        at_desk = [code for code, role in roles().items() if "desk.work" in role.rights]
        people = people_of(self.user).filter(role__in=at_desk)
        if self.campaign is not None and self.campaign.team_id:
            people = people.filter(team=self.campaign.team_id)
        self.offer("agents", people)


class RotationForm(forms.Form):
    """Lets an agent work on past the day of rotation."""

    template_name = "partials/form.html"
    until = forms.DateField(label=_("Works on until"), widget=DATE)
    reason = forms.CharField(label=_("Reason"), max_length=300)


STEPS: dict[str, tuple[Any, type[StepForm]]] = {
    "basics": (_("Basics"), BasicsForm),
    "who": (_("Who"), WhoForm),
    "script": (_("Script"), ScriptForm),
    "goals": (_("Goals"), GoalsForm),
    "retry": (_("Retries"), RetryForm),
    "sheet": (_("Sheet"), SheetForm),
    "briefing": (_("Briefing"), BriefingForm),
    "agents": (_("Agents"), AgentsForm),
}
