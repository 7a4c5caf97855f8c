"""The purposes of a contact: which outcomes exist and what each does, one file for each purpose.

A new purpose is one file here, one entry below, its panel in `web/desk` and its entry in
`policy/`. What an effect does stands in `flows.desk`.
"""

from collections.abc import Mapping

from genjin.flows.purposes import care, collect, security, sell, service, survey
from genjin.flows.purposes.base import Detail, Effect, OutcomeRule, Retry

__all__ = ["Detail", "Effect", "OutcomeRule", "Retry", "outcome", "outcomes_for", "retry_of"]

_BY_PURPOSE = {
    "sell": sell.OUTCOMES,
    "survey": survey.OUTCOMES,
    "care": care.OUTCOMES,
    "service": service.OUTCOMES,
    "collect": collect.OUTCOMES,
    "security": security.OUTCOMES,
}
# A kind of campaign whose outcomes are called otherwise than those of its purpose.
_BY_KIND = {
    "data": survey.DATA_OUTCOMES,
    "market_test": survey.TEST_OUTCOMES,
    "sales_support": sell.SUPPORT_OUTCOMES,
}


def outcomes_for(purpose: str, campaign_kind: str = "") -> tuple[OutcomeRule, ...]:
    """The outcomes of a purpose in the order of their keys. An unknown purpose is a KeyError."""
    if campaign_kind in _BY_KIND:
        return _BY_KIND[campaign_kind]
    return _BY_PURPOSE[purpose]


def outcome(purpose: str, code: str, campaign_kind: str = "") -> OutcomeRule | None:
    """The outcome with this code, or None."""
    rules = outcomes_for(purpose, campaign_kind)
    return next((rule for rule in rules if rule.code == code), None)


def retry_of(rule: OutcomeRule, plan: Mapping[str, Mapping[str, int]] | None) -> Retry | None:
    """How an outcome is tried again: by the campaign's plan, else as shipped; None: it is not."""
    if rule.default_retry is None:
        return None
    own = (plan or {}).get(rule.code) or {}
    return Retry(
        delay_minutes=int(own.get("delay_minutes", rule.default_retry.delay_minutes)),
        tries=int(own.get("tries", rule.default_retry.tries)),
    )
