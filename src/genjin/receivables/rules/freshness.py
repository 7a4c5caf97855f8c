"""Whether what we know of payments is fresh enough to dun anybody (RE4).

Who has paid already must not be asked to pay. So dunning rests, on every channel, as soon as news
of payments is older than some working days, and it is said who must do what.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from genjin.kernel.problems import Reason
from genjin.kernel.workdays import WorkCalendar


@dataclass(frozen=True)
class News:
    """How far what we know of payments reaches, and whether that is far enough.

    `complete_to` is the last day whose payments are known, None when nothing was ever told.
    `age_days` counts the working days after it up to yesterday. `missing_from` is the first day
    of which payments are not known.
    """

    complete_to: date | None
    age_days: int
    limit_days: int

    @property
    def is_stale(self) -> bool:
        return self.complete_to is None or self.age_days > self.limit_days

    @property
    def missing_from(self) -> date | None:
        return self.complete_to + timedelta(days=1) if self.complete_to else None

    def reason(self) -> Reason | None:
        """Why nobody may be dunned now; None while the news is fresh."""
        if not self.is_stale:
            return None
        if self.complete_to is None:
            return Reason("payment_news_none", {"limit": self.limit_days})
        return Reason(
            "payment_news_stale",
            {"complete_to": self.complete_to, "age": self.age_days, "limit": self.limit_days},
        )

    def what_to_do(self) -> tuple[Reason, ...]:
        """Who must do what: `role` does `code`; empty while the news is fresh."""
        if not self.is_stale:
            return ()
        since = {"from": self.missing_from}
        return (
            Reason("bring_in_payments", {"right": "ledger.post", **since}),
            Reason("say_complete", {"right": "payments.complete", **since}),
            Reason("do_not_dun", {"right": "desk.work"}),
        )


def news(complete_to: date | None, *, today: date, calendar: WorkCalendar, limit_days: int) -> News:
    """What is known of payments, judged today.

    Today itself does not count: its payments come in while it lasts.
    """
    if complete_to is None:
        return News(None, 0, limit_days)
    day, age = complete_to + timedelta(days=1), 0
    # Beyond the limit the exact age of very old news tells nobody anything.
    while day < today and age <= 250:
        age += calendar.is_workday(day)
        day += timedelta(days=1)
    return News(complete_to, age, limit_days)
