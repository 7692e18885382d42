"""Hypothesis without a clock: the machine is shared, and a first call may import a library."""

from hypothesis import settings

settings.register_profile("tailor", deadline=None)
settings.load_profile("tailor")
