"""Properties are checked without a time limit: the first call of a test imports scipy. The invented studies of the
simulations are those of the benchmark."""

import sys
from pathlib import Path

from hypothesis import settings

settings.register_profile("evaluation", deadline=None)
settings.load_profile("evaluation")

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "evaluation"))
