"""What answers and training cost: seconds and assumptions in, dollars out. Unknown stays unknown."""
