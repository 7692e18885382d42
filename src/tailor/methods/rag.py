"""Retrieval: the passages most likely to hold the answer are shown with the question, numbered and cited."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tailor.errors import ConfigError, DataError
from tailor.files import locked, sha256_of, sha256_of_tree
from tailor.methods.base import FitContext, choose_on_dev
from tailor.records import Adaptation, Artifact, Fitted, Retriever

SYSTEM = "Answer from the passages and cite them like [1]. If they do not say, answer: I don't know."
TRIED = (1, 2, 3, 4)


@dataclass(frozen=True)
class RagOptions:
    """`k` passages shown (1-20), or None to choose among 1 to 4 on dev; `dense` adds embeddings to the lexical search
    (None: where the packages are installed); `system` is the instruction."""

    k: int | None = None
    dense: bool | None = None
    system: str = SYSTEM

    def __post_init__(self) -> None:
        if self.k is not None and not 1 <= self.k <= 20:
            raise ConfigError(f"rag: k must be from 1 to 20, found {self.k}.")


class Rag:
    """Hybrid lexical and dense search over the team's documents; new documents need a new index, no training."""

    options = RagOptions
    complexity = 30
    uses_seed = False
    trains_weights = False
    needs_documents = True

    def fit(self, context: FitContext, options: RagOptions) -> Fitted:
        """Index the passages (once per content) and choose how many to show on dev."""
        if not context.passages:
            raise DataError("rag: there are no documents to search.", hint="Set data.documents in tailor.yaml.")
        index = build_once(context, options.dense)
        most = len(context.passages)
        sizes = [min(options.k, most)] if options.k else [k for k in TRIED if k <= most]
        candidates = [
            (k, Adaptation(context.base, system=options.system or None, retriever=Retriever(index, k))) for k in sizes
        ]
        k, adaptation = choose_on_dev(candidates, context)
        return Fitted(adaptation, chosen={"k": k})


def build_once(context: FitContext, dense: bool | None) -> Artifact:
    """The index of these passages, made where it is not there yet."""
    from tailor.retrieval import embedding
    from tailor.retrieval.index import build_index

    dense = embedding.installed() if dense is None else dense
    name = f"index-{sha256_of([context.passages, dense])[:16]}"
    folder: Path = context.store / name
    with locked(context.store / "locks" / name):
        if not folder.is_dir():
            build_index(context.passages, folder, dense=dense)
    return Artifact(name, sha256_of_tree(folder))
