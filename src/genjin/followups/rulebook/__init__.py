"""The rulebook: which event plans which follow-up, as data that people read as sentences (FU2)."""
