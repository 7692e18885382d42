"""A team's questions and documents: read, grouped by fact, split, audited."""
