"""Inline SVG for the memo: no script, no network, light and dark by the page's CSS variables."""

from tailor.decision.pictures.break_even import break_even_picture
from tailor.decision.pictures.cells import cells_picture
from tailor.decision.pictures.curves import curve_pictures
from tailor.decision.pictures.forest import forest_picture
from tailor.decision.pictures.pareto import pareto_picture

__all__ = ["break_even_picture", "cells_picture", "curve_pictures", "forest_picture", "pareto_picture"]
