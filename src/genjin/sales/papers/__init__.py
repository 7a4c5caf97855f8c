"""Papers that go out to customers: numbered, set as PDF, kept as they were (SA12).

`operations.issue_paper` is the one way to make one; `queries` reads them. How a paper looks is
`foundation.papers`; what it says is built by whoever issues it.
"""
