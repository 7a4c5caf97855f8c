"""The small pieces that pages are put together from, by subject; templates load them all at once
as `genjin_ui`."""
