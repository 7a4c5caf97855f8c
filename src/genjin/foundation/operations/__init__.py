"""Use cases of the house itself: people and teams, settings, jobs."""
