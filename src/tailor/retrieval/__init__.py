"""Search a team's documents: cut into passages, index, search, cite."""
