"""Read-only figures across domains: the logbook, the floor, campaign results."""
