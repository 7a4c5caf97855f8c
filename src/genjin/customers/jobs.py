"""The customer floor's work outside the request; the worker finds it here."""

from genjin.customers.duplicates.jobs import scan_for_duplicates
from genjin.customers.exporting.jobs import destroy_old_exports, make_export
from genjin.customers.facets.building import work_in_changes
from genjin.customers.importing.jobs import check_import, write_import
from genjin.customers.quality.jobs import count_cards_now

__all__ = [
    "check_import",
    "count_cards_now",
    "destroy_old_exports",
    "make_export",
    "scan_for_duplicates",
    "work_in_changes",
    "write_import",
]
