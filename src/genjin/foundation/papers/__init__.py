"""Templates and fonts of the papers that `foundation.pdf` sets."""
