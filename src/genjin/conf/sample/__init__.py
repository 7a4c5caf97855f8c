"""The sample organisation of examples/demo: people, customers, scripts, a running campaign."""
