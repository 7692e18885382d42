"""Questions that a team's documents answer, made from their sentences or by a model, each checked before it is kept."""
