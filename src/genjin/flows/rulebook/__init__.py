"""What the clock tells the rulebook, and what its rules would plan in the coming days (FU2)."""
