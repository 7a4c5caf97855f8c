"""What is known of payments, and whether that is fresh enough to dun anybody (RE4).

The gate asks `stop` before every dunning, on whatever channel; the plan and its screen ask `state`.
"""

from datetime import date, datetime

from django.db.models import Max

from genjin.followups import stops
from genjin.kernel.problems import Reason
from genjin.receivables import terms
from genjin.receivables.models import PaymentNews, Receivable
from genjin.receivables.rules import freshness
from genjin.receivables.rules.freshness import News


def complete_to() -> date | None:
    """The last day whose payments are known; None when nothing was ever told."""
    found: date | None = PaymentNews.objects.aggregate(day=Max("complete_to"))["day"]
    return found


def state(now: datetime) -> News:
    """How far what is known of payments reaches, judged at this moment."""
    return freshness.news(
        complete_to(), today=terms.day_of(now), calendar=terms.work_calendar(),
        limit_days=terms.news_working_days(),
    )  # fmt: skip


def is_stale(now: datetime) -> bool:
    """Whether nobody may be dunned because it is not known who has paid."""
    return state(now).is_stale


def stop(now: datetime) -> Reason | None:
    """Why dunning rests for everybody; None while news is fresh, or where nothing is owed."""
    reason = state(now).reason()
    if reason is None or not Receivable.objects.filter(state="open").exists():
        return None
    return reason


def register() -> None:
    """Lets the gate ask whether dunning rests."""
    stops.register("collect", stop)
