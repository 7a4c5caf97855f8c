"""The head of our papers: who we are, as the settings say (policy/organisation.toml)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from genjin.foundation import policy

_KEYS = ("registered_name", "address", "phone", "email", "website", "tax_number", "bank", "account")


@dataclass(frozen=True)
class Head:
    """Name and lines at the top, and where money for us is paid to."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    tax_number: str = ""
    bank: str = ""
    account: str = ""
    foot: str = ""

    def lines(self) -> list[str]:
        """The lines under the name, in the language that is active."""
        ways = [self.phone and _("Phone %s") % self.phone, self.email, self.website]
        found = [self.address, " · ".join(way for way in ways if way)]
        if self.tax_number:
            found.append(_("Tax number %s") % self.tax_number)
        return [line for line in found if line]

    def bank_lines(self) -> list[tuple[str, str]]:
        """Payee, bank and account with their labels; nothing until an account is entered."""
        if not self.account:
            return []
        lines = [
            (pgettext("paper", "Payee"), self.name),
            (pgettext("paper", "Bank"), self.bank),
            (pgettext("paper", "Account"), self.account),
        ]
        return [(label, value) for label, value in lines if value]


def organisation_head() -> Head:
    """Who we are at this moment."""
    values = {key: str(policy.value(f"organisation.papers.{key}", "")) for key in _KEYS}
    name = values.pop("registered_name") or str(policy.value("organisation.name", ""))
    return Head(name=name, foot=str(policy.value("organisation.papers.foot", "")), **values)
