"""Properties are checked without a time limit: the first call of a test imports scipy."""

from hypothesis import settings

settings.register_profile("evaluation", deadline=None)
settings.load_profile("evaluation")
