"""Genjin (跟进): one queue of who to contact next, one gate, one memory."""

__version__ = "0.1.0"
