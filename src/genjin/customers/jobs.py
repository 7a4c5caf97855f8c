"""The customer floor's work outside the request; the worker finds it here."""

from genjin.customers.importing.jobs import check_import, write_import

__all__ = ["check_import", "write_import"]
