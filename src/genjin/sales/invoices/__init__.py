"""Tax invoices: requested, issued on the authority's platform, taken back by red ones (SA12)."""
