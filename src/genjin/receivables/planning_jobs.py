"""Work of collecting outside the request: plans that news of payments makes possible."""

from django.db import transaction
from django.utils import timezone

from genjin.foundation import jobs
from genjin.receivables.operations import plans


@jobs.job("collection.plan")
def plan_today() -> None:
    """Makes today's plans unless they were made; killed and repeated it does the rest."""
    now = timezone.now()
    if not plans.are_made(now):
        plans.make_todays_plans(now)


def plan_when_possible() -> None:
    """Asks the worker for today's plans, once, when the present transaction is done."""
    transaction.on_commit(lambda: jobs.enqueue(plan_today, once="collection.plan"))
