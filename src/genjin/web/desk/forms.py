"""Reads what the desk's outcome panel sends; what it means is decided in `flows`."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from genjin.customers import fields as card_fields
from genjin.customers.models import ContactPerson, ContactPoint
from genjin.customers.states import Grade, ProspectState, VisitingGrade
from genjin.flows.desk_form import OutcomeForm
from genjin.flows.opportunities import NEW
from genjin.followups.operations.scores import Given
from genjin.followups.scores import questions
from genjin.foundation.models import User
from genjin.kernel.problems import Reason
from genjin.sales.models import Opportunity, Product
from genjin.web.desk.sentences import sentence

_DELAY = re.compile(r"\+\s*(\d{1,4})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%dt%H:%M", "%Y/%m/%d %H:%M", "%m-%d %H:%M", "%m/%d %H:%M")
_TALK = re.compile(r"(?:(\d{1,2}):(?=\d{1,2}:))?(\d{1,3}):(\d{2})")


def read_when(text: str, now: datetime) -> datetime:
    """The instant that was typed: "10:30", "11-24 10:00", "2026-11-24 10:00", "+2h", "+1d".

    Times are in the reader's zone. A time without a day is the next such time; a day without a
    year the next such day. Raises ValueError.
    """
    words = " ".join(text.strip().lower().split())
    if found := _DELAY.fullmatch(words):
        return now + timedelta(**{_UNITS[found[2]]: int(found[1])})
    here = timezone.localtime(now)
    if re.fullmatch(r"\d{1,2}:\d{2}", words):
        clock = datetime.strptime(words, "%H:%M")  # noqa: DTZ007 - a clock, made aware below
        at = here.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
        return at if at > here else at + timedelta(days=1)
    for pattern in _FORMATS:
        # The year is written before the day is read: 02-29 does not exist in every year.
        dated = "%Y" in pattern
        words_dated, full = (words, pattern) if dated else (f"{here.year} {words}", f"%Y {pattern}")
        try:
            naive = datetime.strptime(words_dated, full)  # noqa: DTZ007 - made aware below
        except ValueError:
            continue
        at = timezone.make_aware(naive)
        if not dated and at <= here:
            at = timezone.make_aware(naive.replace(year=here.year + 1))
        return at
    raise ValueError(text)


def enthusiasm_choices() -> list[tuple[str, str]]:
    """The degrees of the card field, in the reader's language; none where it was retired."""
    for definition in card_fields.definitions():
        if definition.code == "enthusiasm":
            return card_fields.choice_labels(definition, get_language() or "en")
    return []


class WhenField(forms.CharField):
    """A moment as an agent types it; see `read_when`."""

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_when(text, timezone.now())
        except (ValueError, OverflowError):
            raise ValidationError(sentence(Reason("not_a_time"))) from None


class TalkField(forms.CharField):
    """A length of talk as m:ss, h:mm:ss or plain seconds; None when nothing was entered."""

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if text.isdecimal() and len(text) < 6:
            return int(text)
        found = _TALK.fullmatch(text)
        if found is None or int(found[3]) > 59:
            raise ValidationError(sentence(Reason("not_a_duration")))
        return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])


class AmountField(forms.CharField):
    """An amount with or without separators of thousands."""

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value).replace(",", "").replace(" ", "")
        if not text:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            raise ValidationError(sentence(Reason("not_an_amount")))
        return amount.quantize(Decimal("0.01")) if abs(amount) < Decimal(10) ** 17 else amount


def _line(label: Any, limit: int, **attributes: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=limit,
        widget=forms.TextInput(attrs={"autocomplete": "off", **attributes}),
    )


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class RecordForm(forms.Form):
    """Everything that the outcome panel may hold; each outcome shows its own part of it."""

    token = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    script_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    introduction = forms.UUIDField(required=False, widget=forms.HiddenInput)
    outcome = forms.CharField(label=_("Outcome"), max_length=24, required=False)
    talk = TalkField(label=_("Talk time"), required=False, max_length=12)
    callback_at = WhenField(label=_("Call back at"), required=False, max_length=40)
    grade = forms.ChoiceField(label=_("Grade"), required=False, choices=Grade.choices)
    opportunity = forms.ChoiceField(label=_("Opportunity"), required=False)
    expected_close_date = _day(_("Expected close"))
    expected_amount = AmountField(label=_("Expected amount"), required=False, max_length=24)
    prospect_state = forms.ChoiceField(
        label=_("What to do"), required=False, choices=ProspectState.choices
    )
    paused_until = _day(_("Pause until"))
    visiting_grade = forms.ChoiceField(
        label=_("Visiting grade"), required=False, choices=VisitingGrade.choices
    )
    enthusiasm = forms.ChoiceField(label=_("Enthusiasm"), required=False)
    needs = _line(_("Needs"), 500)
    concern = _line(_("Concern"), 500)
    # A new version of the script may come out during the call: the card of the old one counts.
    objection_card = forms.CharField(
        label=_("Objection card used"), required=False, max_length=60, widget=forms.Select
    )
    product = forms.ChoiceField(label=_("Product proposed"), required=False)
    wanted = _line(_("Wanted item"), 200)
    commitment_text = _line(_("We promised"), 300)
    commitment_due_at = WhenField(label=_("Due"), required=False, max_length=40)
    commitment_owner = forms.ChoiceField(label=_("Owner"), required=False)
    message_text = _line(_("Message left"), 500)
    message_number = _line(_("Number given"), 40, inputmode="tel")
    number_fault = forms.ChoiceField(
        label=_("What is wrong"),
        required=False,
        choices=[("", ""), ("dead", _("Out of service")), ("wrong", _("Wrong number"))],
    )
    point = forms.ChoiceField(label=_("Number"), required=False)
    promise_amount = AmountField(label=_("Amount promised"), required=False, max_length=24)
    promise_date = _day(_("Payment promised for"))
    excuse = forms.ChoiceField(label=_("Reason given"), required=False)
    arrangement = forms.ChoiceField(
        label=_("How the money is collected"), required=False,
        choices=[("", ""), ("account", _("Account details are sent")),
                 ("visit", _("Somebody fetches it, with a receipt")),
                 ("deliverer", _("Taken on the next delivery"))],
    )  # fmt: skip
    grievance = _line(_("What is wrong"), 500)
    disputed_amount = AmountField(label=_("Amount in dispute"), required=False, max_length=24)
    refuses_all = forms.BooleanField(
        label=_("For every purpose, not this one alone"), required=False
    )
    email = forms.CharField(
        label=_("E-mail address"), required=False, max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )  # fmt: skip
    email_answer = forms.ChoiceField(
        label=_("May we write to them?"), required=False,
        choices=[("", _("Not asked")), ("yes", _("Yes, they agree")), ("no", _("No"))],
    )  # fmt: skip
    person = forms.ChoiceField(label=_("Spoke with"), required=False)
    next_step = _line(_("Next step"), 300)
    no_next_reason = _line(_("Or why there is none"), 300)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    score_words = _line(_("What they said about it"), 2000)
    stay = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        cards: Sequence[tuple[str, str]] = (),
        products: Sequence[Product] = (),
        owners: Sequence[User] = (),
        points: Sequence[tuple[ContactPoint, str]] = (),
        people: Sequence[ContactPerson] = (),
        scorable: Sequence[User] = (),
        excuses: Sequence[tuple[str, str]] = (),
        deals: Sequence[Opportunity] = (),
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self._scorable = {str(one.pk): one for one in scorable}
        self.asked = questions.questions() if scorable else []
        for one in self.asked:
            self._add_score(one)
        self._owners = {str(owner.pk): owner for owner in owners}
        self._products = {str(product.pk): product for product in products}
        self.fields["objection_card"].widget.choices = [("", ""), *cards]
        self._choose("product", [(str(one.pk), one.name) for one in products])
        self._choose(
            "commitment_owner", [(str(one.pk), str(one)) for one in owners], empty=__("Me")
        )
        self._choose_deal(deals)
        self._choose("enthusiasm", enthusiasm_choices())
        self._choose("excuse", list(excuses))
        self._choose("point", [(str(point.pk), shown) for point, shown in points])
        self._choose("person", [(str(one.pk), one.name) for one in people])

    def _choose_deal(self, deals: Sequence[Opportunity]) -> None:
        """The open opportunities, the best first, and a new one; without any the card itself."""
        field = self.fields["opportunity"]
        assert isinstance(field, forms.ChoiceField)
        known = [(str(one.pk), f"{one.title} ({one.grade})") for one in deals]
        own = [("", __("None: the grade is the card's own"))]
        field.choices = [*(known or own), (NEW, __("A new opportunity"))]
        if known:
            self.initial.setdefault("opportunity", known[0][0])

    def _add_score(self, one: questions.Question) -> None:
        """The points of a question and whom they are for."""
        levels = [(str(points), str(points)) for points in range(1, questions.OUT_OF + 1)]
        self.fields[f"score_{one.code}"] = forms.ChoiceField(
            label=questions.in_language(one.labels), required=False, choices=[("", ""), *levels]
        )
        able = questions.people_for(one.role, among=self._scorable.values())
        role = questions.roles()[one.role]
        self.fields[f"scored_{one.code}"] = forms.ChoiceField(
            label=questions.in_language(role.labels), required=False,
            choices=[("", __("Not known")), *((str(person.pk), str(person)) for person in able)],
        )  # fmt: skip

    def _scores(self) -> tuple[Given, ...]:
        """What was given; the customer's words stand beside the first score."""
        data = self.cleaned_data
        given = [one for one in self.asked if data[f"score_{one.code}"]]
        return tuple(
            Given(one.code, int(data[f"score_{one.code}"]),
                  self._scorable.get(data[f"scored_{one.code}"]),
                  data["score_words"] if place == 0 else "")
            for place, one in enumerate(given)
        )  # fmt: skip

    def _choose(self, name: str, choices: list[tuple[str, str]], empty: str = "") -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", empty), *choices]

    def read(self, *, talk_seconds: int, wrap_seconds: int) -> OutcomeForm:
        """What was filled in, as the operation takes it. `talk_seconds` where none was typed."""
        data = self.cleaned_data
        product = self._products.get(data["product"])
        return OutcomeForm(
            token=data["token"],
            outcome=data["outcome"],
            talk_seconds=talk_seconds if data["talk"] is None else data["talk"],
            wrap_seconds=wrap_seconds,
            note=data["note"],
            next_step=data["next_step"],
            no_next_reason=data["no_next_reason"],
            callback_at=data["callback_at"],
            grade=data["grade"],
            opportunity=data["opportunity"],
            expected_close_date=data["expected_close_date"],
            expected_amount=data["expected_amount"],
            prospect_state=data["prospect_state"],
            paused_until=data["paused_until"],
            visiting_grade=data["visiting_grade"],
            enthusiasm=data["enthusiasm"],
            needs=data["needs"],
            concern=data["concern"],
            objection_card=data["objection_card"],
            product=product.pk if product else None,
            product_name=product.name if product else "",
            wanted=data["wanted"],
            commitment_text=data["commitment_text"],
            commitment_owner=self._owners.get(data["commitment_owner"]),
            commitment_due_at=data["commitment_due_at"],
            message_text=data["message_text"],
            message_number=data["message_number"],
            number_fault=data["number_fault"],
            promise_amount=data["promise_amount"],
            promise_date=data["promise_date"],
            excuse=data["excuse"],
            arrangement=data["arrangement"],
            grievance=data["grievance"],
            disputed_amount=data["disputed_amount"],
            refuses_all=data["refuses_all"],
            email=data["email"],
            email_answer=data["email_answer"],
            scores=self._scores(),
            point=UUID(data["point"]) if data["point"] else None,
            person=UUID(data["person"]) if data["person"] else None,
            script_version=data["script_version"],
            introduction=data["introduction"],
        )


# What the page itself fills in.
HIDDEN = ("token", "stay", "script_version", "introduction")
# What a draft keeps: every field that a person fills in.
DRAFT_FIELDS = tuple(name for name in RecordForm.base_fields if name not in HIDDEN)


def is_drafted(name: str) -> bool:
    """Whether a draft keeps a field; those of the scores come with their questions."""
    return name in DRAFT_FIELDS or name.startswith(("score_", "scored_"))
