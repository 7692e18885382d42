"""When two texts count as the same, or as nearly the same. Everything compares words, nothing needs a model."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tailor.records import Example

WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W_]+(?:['’][^\W_]+)*")
EDGES = " \t\n?!.,;:\"'“”‘’«»…"

# Words that stand in a question whatever it is about. "not", numbers and names must stay: they change the meaning.
_STOP_WORDS = (
    "a an and any are as at be been by can could did do does for from get had has have hey hi how i if in into is it"
    " its let like may me much must my need of on or our please shall should so some tell than that the their them"
    " there these they this those to us want was we were what when where which while who whom whose why will with"
    " would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())


def normalise(text: str) -> str:
    """One spelling for texts that differ only in case, spaces, Unicode form or punctuation at their ends.

    Punctuation inside and signs such as `+`, `-`, `%` or `#` stay: C++ is not C, and -5 is not 5.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return folded.strip(EDGES) or folded


def words(text: str) -> frozenset[str]:
    """The distinct lower-cased words and numbers of a text."""
    return frozenset(WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def content_words(text: str) -> frozenset[str]:
    """The words that say what a question is about, plural s cut off; all words where none are left."""
    found = words(text)
    content = {_singular(w) for w in found if w not in STOP_WORDS}
    return frozenset(content) or found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def question_key(example: Example) -> str:
    """The normalised question, after the turns before it: `Why?` means something else in another conversation."""
    return "\n".join(normalise(m.content) for m in example.messages if m.role != "system")


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared words over all words, in [0, 1]; 0 for two empty sets."""
    union = len(a | b)
    return len(a & b) / union if union else 0.0


def near_pairs(sets: Sequence[frozenset[str]], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Every pair i < j with Jaccard similarity >= threshold, and that similarity. Exact.

    Prefix filter (Chaudhuri et al. 2006, "A primitive operator for similarity joins"): with words ordered from rare to
    frequent, sets this similar share a word among their first n - ceil(threshold * n) + 1.
    """
    frequency = Counter(w for s in sets for w in s)
    seen: dict[str, list[int]] = defaultdict(list)
    for j, right in enumerate(sets):
        ordered = sorted(right, key=lambda w: (frequency[w], w))
        prefix = ordered[: len(ordered) - math.ceil(threshold * len(ordered) - 1e-9) + 1]
        for i in sorted({i for w in prefix for i in seen[w]}):
            if (similarity := jaccard(sets[i], right)) >= threshold:
                yield i, j, similarity
        for w in prefix:
            seen[w].append(j)


class UnionFind:
    """Disjoint sets of 0..n-1; the smallest member names a set."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))

    def find(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def union(self, i: int, j: int) -> None:
        a, b = self.find(i), self.find(j)
        self._parent[max(a, b)] = min(a, b)

    def sets(self) -> list[list[int]]:
        """The sets, each ascending, in the order of their smallest members."""
        members: dict[int, list[int]] = defaultdict(list)
        for i in range(len(self._parent)):
            members[self.find(i)].append(i)
        return [members[root] for root in sorted(members)]
