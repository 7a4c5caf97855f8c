"""Telephone work: campaigns, scripts, the desk's drafts, agents' states.

Campaign states: draft → briefing → pilot → running → closing review → closed, with paused beside
them. Promise: nobody calls before reading the briefing, and every call knows the version of the
script it used.
"""
