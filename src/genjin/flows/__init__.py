"""What joins two domains: what a purpose means at the desk, campaigns filling the queue."""
