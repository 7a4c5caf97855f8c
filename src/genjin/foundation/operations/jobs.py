"""Jobs by a person's hand: try a failed one again, stop a long task."""

from datetime import datetime

from django.db import connection, transaction
from procrastinate.contrib.django import app

from genjin.foundation import audit
from genjin.foundation.models import User
from genjin.kernel.errors import Conflict


@transaction.atomic
def retry_failed_job(job_id: int, *, by: User, now: datetime) -> None:
    """Puts a failed job back in the queue. Raises Conflict (`job_not_failed`)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name FROM procrastinate_jobs WHERE id = %s AND status = 'failed' "
            "FOR UPDATE",
            [job_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Conflict("job_not_failed", id=job_id)
    app.job_manager.retry_job_by_id(job_id, retry_at=now)
    audit.record("retry", ("job", str(job_id)), by=by, now=now, label=row[0])
