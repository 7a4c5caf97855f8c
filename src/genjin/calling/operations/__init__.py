"""Use cases of telephone work, by subject: campaigns, agents."""
