"""The comparison of cards outside the request."""

from django.utils import timezone

from genjin.customers.duplicates.scanning import scan_duplicates
from genjin.foundation import jobs


@jobs.job("customers.scan_for_duplicates", tries=2)
def scan_for_duplicates(*, is_full: bool) -> None:
    """Compares the changed cards, or every card, with all others."""
    scan_duplicates(timezone.now(), is_full=is_full)
