"""What customers allow and wish, said by themselves: asking, confirming, the page (MA1)."""
