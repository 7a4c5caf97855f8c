"""Whom a message may reach outside production: nobody, but for a list that is set by hand.

A copy of the database on a test machine, a trial and the sample organisation must not write to
real people. `GENJIN_PRODUCTION=1` says that this installation is the real one; everywhere else
`GENJIN_MAIL_ALLOW` names addresses and domains that may be written to.
"""

from django.conf import settings

from genjin.foundation import policy
from genjin.kernel.problems import Reason

OUTSIDE_PRODUCTION = "outside_production"
SAMPLE = "sample_organisation"


def is_production() -> bool:
    """Whether messages go to whom they are for."""
    return bool(settings.PRODUCTION) and not policy.value("organisation.is_sample", False)


def is_listed(address: str, allowed: list[str]) -> bool:
    """Whether an address, or its whole domain, is on the list."""
    folded = address.strip().casefold()
    domain = folded.rpartition("@")[2]
    return any(
        folded == one.casefold() if "@" in one.lstrip("@") else domain == one.casefold().lstrip("@")
        for one in allowed
    )


def why_not(address: str) -> Reason | None:
    """Why nothing may be sent to this address from here; None when it may."""
    if is_production() or is_listed(address, settings.MAIL_ALLOW):
        return None
    is_sample = bool(policy.value("organisation.is_sample", False))
    return Reason(SAMPLE if is_sample else OUTSIDE_PRODUCTION, {"address": address})
