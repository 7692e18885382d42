"""Singulars of the plural nouns of the word lists."""

from __future__ import annotations

IRREGULAR = {
    "knives": "knife",
    "shelves": "shelf",
    "loaves": "loaf",
    "children": "child",
    "policies": "policy",
    "fishermen": "fisherman",
    "wolves": "wolf",
    "geese": "goose",
    "sheep": "sheep",
    "deer": "deer",
    "trout": "trout",
    "salmon": "salmon",
    "scarves": "scarf",
    "batteries": "battery",
    "cherries": "cherry",
    "berries": "berry",
    "deliveries": "delivery",
    "ponies": "pony",
    "potatoes": "potato",
    "tomatoes": "tomato",
    "patches": "patch",
    "pies": "pie",
    "cookies": "cookie",
    "databases": "database",
    "horses": "horse",
    "licences": "licence",
    "invoices": "invoice",
    "cheeses": "cheese",
    "peaches": "peach",
    "puzzles": "puzzle",
    "bicycles": "bicycle",
    "clothes": "garment",
    "axes": "axe",
    "buses": "bus",
    "boxes": "box",
    "brushes": "brush",
    "watches": "watch",
    "sandwiches": "sandwich",
    "bushes": "bush",
    "foxes": "fox",
    "hedges": "hedge",
    "roses": "rose",
    "bookings": "booking",
    "lunch boxes": "lunch box",
    "new releases": "new release",
    "branches": "branch",
    "parking spaces": "parking space",
    "purchase orders": "purchase order",
    "spare parts": "spare part",
}


def singular(noun: str) -> str:
    """Singular of a plural noun of the word lists."""
    head, _, last = noun.rpartition(" ")
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last.endswith("sses"):
        last = last[:-2]
    elif last.endswith("s"):
        last = last[:-1]
    return f"{head} {last}".strip()
