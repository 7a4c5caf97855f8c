"""What the forms of the card share: what they showed, and words that several offer."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy

from genjin.foundation.audit import plain

DATE = {"type": "date"}
LANGUAGES = (
    ("", "–"), ("cmn", gettext_lazy("Mandarin")), ("yue", gettext_lazy("Cantonese")),
    ("nan", gettext_lazy("Min Nan")), ("wuu", gettext_lazy("Wu")), ("hak", gettext_lazy("Hakka")),
    ("en", gettext_lazy("English")),
)  # fmt: skip
HOURS_HELP = gettext_lazy("For example mon-fri 09:00-12:00 14:00-18:00; empty for no wish.")


class SeenForm(forms.Form):
    """A form that remembers what it showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def stored_name(self, name: str) -> str:
        """The operation's name of a form field."""
        return f"fields.{name.removeprefix('field_')}" if name.startswith("field_") else name

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keeps `values` (by the operation's names) as what the person has before their eyes."""
        self.initial["seen"] = signing.dumps(plain(values), salt="card", compress=True)

    def seen_values(self) -> dict[str, Any] | None:
        """What the person saw, None when it is missing or was tampered with."""
        try:
            return signing.loads(self.cleaned_data.get("seen", ""), salt="card")
        except signing.BadSignature:
            return None

    def values(self) -> dict[str, Any]:
        """What was typed, by the operation's names."""
        return {
            self.stored_name(name): value
            for name, value in self.cleaned_data.items()
            if name != "seen"
        }
