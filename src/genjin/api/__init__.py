"""The REST API for other systems (PL6): the same operations as the screens, called by token.

`area` offers an operation under its right, `guard` lets a token through, `problems` makes errors
into problem+json, `paging` and `shapes` are what areas share, `views` puts it all under /api/.
One file for each area: its shapes and its operations. A new operation needs nothing else but its
line in the table of tests/permissions/.
"""
