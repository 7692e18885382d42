"""Prices: dated data files in `data/`, and a file of the user's own that goes before them. Unknown is never 0."""

from tailor.cost.prices.book import STALE_DAYS, Price, PriceBook, endpoint_vendor
from tailor.cost.prices.files import USER_FILE, add_price, read_book

__all__ = ["STALE_DAYS", "USER_FILE", "Price", "PriceBook", "add_price", "endpoint_vendor", "read_book"]
