"""The customer floor's work outside the request; the worker finds it here."""

from genjin.customers.exporting.jobs import destroy_old_exports, make_export
from genjin.customers.facets.building import work_in_changes
from genjin.customers.importing.jobs import check_import, write_import

__all__ = [
    "check_import",
    "destroy_old_exports",
    "make_export",
    "work_in_changes",
    "write_import",
]
