"""The inbox of decisions (PL11)."""
