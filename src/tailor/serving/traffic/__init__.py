"""Two releases behind one name: split, shadow, canary."""
