"""Forms of the pool: what to look for, and the limits."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from genjin.customers.states import CustomerList, ValueClass
from genjin.foundation import policy
from genjin.foundation.models import Team
from genjin.kernel import address
from genjin.kernel.problems import Reason
from genjin.web.pool.words import sentence

NUMBERS = {
    "per_day": (_("Cards that one person takes a day, at most"), 1000),
    "in_all": (_("Cards that one person keeps in all, at most"), 100_000),
    "retake_days": (_("Days before one may take again what one lost"), 3650),
    "protection_days": (_("Days of protection for a new custodian"), 3650),
    "no_contact_days": (_("Days without a contact after which a card goes back"), 3650),
    "no_deal_days": (_("Days without a deal after which a card goes back"), 3650),
    "order_days": (_("Days for which a deal counts as an order under way"), 3650),
}


class FilterForm(forms.Form):
    """What one looks for in the pool; every answer is optional."""

    region = forms.ChoiceField(label=_("Region"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    value_class = forms.ChoiceField(
        label=_("Class"), required=False,
        choices=[("", _("All")), *((code, label) for code, label in ValueClass.choices if code)],
    )  # fmt: skip
    customer_list = forms.ChoiceField(label=_("List"), required=False, choices=[
        ("", _("All")), *CustomerList.choices])  # fmt: skip

    def __init__(self, *args: Any, sees_teams: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        provinces = [(one.code, one.name) for one in address.children()]
        self.fields["region"].choices = [("", _("All")), *provinces]  # type: ignore[attr-defined]
        if sees_teams:
            teams = [(str(team.pk), team.name) for team in Team.objects.order_by("name")]
            self.fields["team"].choices = [("", _("All")), ("none", _("nobody's")), *teams]  # type: ignore[attr-defined]
        else:
            del self.fields["team"]


class ProtectionForm(forms.Form):
    """Until when a custodian has a card to themselves."""

    until = forms.DateField(
        label=_("Protected until"), widget=forms.DateInput(attrs={"type": "date"}), required=False,
        help_text=_("Empty: no protection; only contact and deals count."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=300)


class PoolForm(forms.Form):
    """The limits of the pool; zero switches one off."""

    by = forms.ChoiceField(
        label=_("Whose a card without a custodian is"),
        choices=[("team", _("The team in which it lies")), ("region", _("The team of its area"))],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial"] = {
            "by": policy.value("pool.by"),
            **{name: policy.value(f"pool.{name}") for name in NUMBERS},
        }
        super().__init__(*args, **options)
        for name, (label, most) in NUMBERS.items():
            self.fields[name] = forms.IntegerField(label=label, min_value=0, max_value=most)
        areas = policy.value("pool.areas", {})
        self.teams = list(Team.objects.filter(is_active=True).order_by("name"))
        for team in self.teams:
            codes = areas.get(str(team.pk), [])
            self.fields[f"area_{team.pk}"] = forms.CharField(
                label=_("Area of %(team)s") % {"team": team.name}, required=False, max_length=2000,
                initial=", ".join(address.place_name(code) for code in codes),
                help_text=_("Provinces, cities or counties, parted by commas."),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        taken: dict[str, str] = {}
        areas: dict[str, list[str]] = {}
        for team in self.teams:
            name = f"area_{team.pk}"
            text = str(values.get(name) or "").replace("\uff0c", ",").replace("\u3001", ",")
            for part in filter(None, map(str.strip, text.split(","))):
                found = address.parse_address(part)
                if not found.division or found.rest:
                    self.add_error(name, sentence(Reason("unknown_area", {"text": part})))
                elif taken.setdefault(found.division, name) != name:
                    self.add_error(name, sentence(Reason("area_twice", {"text": part})))
                else:
                    areas.setdefault(str(team.pk), []).append(found.division)
        self.areas = {team: sorted(set(codes)) for team, codes in areas.items()}
        return values

    def values(self) -> dict[str, Any]:
        """The policy keys with what was entered."""
        found = {f"pool.{name}": self.cleaned_data[name] for name in ("by", *NUMBERS)}
        return {**found, "pool.areas": self.areas}
