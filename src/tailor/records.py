"""The narrow waist: plain frozen records that every part of Tailor passes on.

Nothing here computes, reads a file or imports another part. An `Adaptation` is what every method returns and what the
runtime, the study, the registry and the server all take: whatever differs between prompting, retrieval and tuning is a
field of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]
Split = Literal["train", "dev", "test"]
CellName = Literal["trained-framing", "held-out-framing", "held-out-fact", "unanswerable", "general"]

CELLS: tuple[CellName, ...] = ("trained-framing", "held-out-framing", "held-out-fact", "unanswerable", "general")
ABSTENTION = "I don't know."


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True)
class ToolTurn(Message):
    """A call of tools, or what a tool returned (role user): `raw` is the message as JSON, which a model behind an
    endpoint takes as it is. No other model can be asked with it."""

    raw: str = ""


@dataclass(frozen=True)
class Example:
    """One question and its answer.

    `answer` is None where the right thing is to abstain. `fact` is the piece of knowledge asked for (the unit of all
    statistics), `framing` one way of asking for it, `group` what may never straddle a split, `source` where the answer
    stands (`docs/pricing.md#Rates`). `split` and `cell` are set by `data.split`. `rejected` holds answers that a person
    liked less (preference pairs).
    """

    id: str
    messages: tuple[Message, ...]
    answer: str | None
    aliases: tuple[str, ...] = ()
    fact: str = ""
    framing: str = ""
    group: str = ""
    source: str | None = None
    split: Split | None = None
    cell: CellName | None = None
    rejected: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The last user turn."""
        return self.messages[-1].content


@dataclass(frozen=True)
class Document:
    """One source text of the team. `path` is relative to the workspace; `pages` holds the offsets in `text` at which
    the pages 1, 2, ... begin, where the file has pages (PDF)."""

    path: str
    title: str
    text: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A piece of a document: what retrieval returns and a citation points to. `page` is the page on which it begins,
    from 1, None where the file has no pages."""

    id: str
    document: str
    heading: str
    text: str
    page: int | None = None

    @property
    def reference(self) -> str:
        """How a person finds it: `docs/pricing.md#Rates`, `docs/terms.pdf#Notice (page 3)`, `docs/plain.pdf#page=3`."""
        if not self.heading:
            return f"{self.document}#page={self.page}" if self.page else self.document
        return f"{self.document}#{self.heading}" + (f" (page {self.page})" if self.page else "")


@dataclass(frozen=True)
class Base:
    """A base model. `kind`: builtin and folder are local Hugging Face folders (`location` is the path), hub is a
    Hugging Face name, endpoint an OpenAI-compatible URL, or one of Anthropic's messages API where `api` says so (`name`
    is then the model name there), command a program of the user's (`name` is its command line, `location` the folder it
    is run in).
    `revision` is the content hash (local), commit (hub) or model name (endpoint). `key_env` names the environment
    variable that holds an endpoint's key; the key itself is never stored. `quantised` says that the weights of a local
    base are held in 4 bits (NF4: Dettmers et al. 2023, arXiv 2305.14314). predictions is a file of answers:
    there is no model to ask."""

    kind: Literal["builtin", "folder", "hub", "endpoint", "command", "predictions"]
    name: str
    location: str
    revision: str = ""
    key_env: str = ""
    quantised: Literal["", "nf4"] = ""
    api: Literal["", "anthropic"] = ""


@dataclass(frozen=True)
class Artifact:
    """A folder below the store's root (`.tailor/models`, or a release) with its content hash."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Weights:
    """Trained weights: a PEFT adapter, or a whole model that replaces the base."""

    kind: Literal["adapter", "full"]
    artifact: Artifact


@dataclass(frozen=True)
class Demonstration:
    question: str
    answer: str


@dataclass(frozen=True)
class Demonstrations:
    """`fixed`: the first `k` of `pool` stand before every question, in order. `nearest`: the `k` of the pool most
    similar to the question, most similar last; `nearest-first`: most similar first."""

    kind: Literal["fixed", "nearest", "nearest-first"]
    k: int
    pool: tuple[Demonstration, ...]


@dataclass(frozen=True)
class Retriever:
    """A search index and how many passages of it are shown."""

    index: Artifact
    k: int


@dataclass(frozen=True)
class Generation:
    """How an answer is generated. `temperature` 0 is greedy."""

    max_new_tokens: int = 48
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Constraint:
    """What form an answer must have. `text` is a JSON list of texts for `choice`, a regular expression for `regex`, a
    JSON schema for `json-schema`."""

    kind: Literal["choice", "regex", "json-schema"]
    text: str


@dataclass(frozen=True)
class Adaptation:
    """What fitting an arm produced, as plain data. `format_version` 2 says that it has a part that version 1 had not
    (`constraint`)."""

    base: Base
    system: str | None = None
    demonstrations: Demonstrations | None = None
    retriever: Retriever | None = None
    weights: Weights | None = None
    generation: Generation = Generation()
    constraint: Constraint | None = None
    format_version: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took. `seconds` is the answer's own share of wall-clock time. `cached_tokens` are those of the
    prompt that a provider found in its cache and charges less for; `prompt_tokens` 0 means that nobody counted."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    cached_tokens: int = 0


@dataclass(frozen=True)
class TokenLogprob:
    """One token of an answer with its natural-log probability, and its likeliest alternatives (text, logprob)."""

    text: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. `passages` are those shown to the model, in the order of their numbers [1], [2], ...; `logprobs` one
    entry per token where the request asked for them; `tool_calls` a JSON list of the calls that the model asks for."""

    text: str
    usage: Usage = Usage()
    passages: tuple[Passage, ...] = ()
    finish: Literal["stop", "length", "tool_calls"] = "stop"
    logprobs: tuple[TokenLogprob, ...] = ()
    tool_calls: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. A failure is never a score."""

    kind: Literal["too-long", "engine", "endpoint", "timeout", "data", "training", "budget", "interrupted", "metric"]
    cause: str
    retryable: bool = False
    hint: str = ""


Grade = Literal["correct", "incorrect", "not-attempted"]


@dataclass(frozen=True, slots=True)
class Score:
    """One scored answer. `value` is the primary metric in [0, 1]; `grade` the triad of it; `f1` token F1 in [0, 1].
    On an unanswerable item abstaining has value 1 and grade correct; any other answer value 0 and grade incorrect."""

    item: str
    value: float
    grade: Grade
    f1: float
    abstained: bool


@dataclass(frozen=True)
class Interval:
    """A point with a 95 % interval unless said otherwise. NaN where there is no data, never 0."""

    value: float
    low: float
    high: float
    n_items: int = 0
    n_facts: int = 0


@dataclass(frozen=True)
class TrainingRecord:
    """What one training took. `curve` holds (step, train loss, dev loss or NaN); `tokens` are those of the team's rows;
    `rehearsal_tokens` and `rehearsal_seconds` (part of `seconds`) what protection against forgetting took.
    `dev_accuracy` (teacher forced, in [0, 1]) and `dev_loss` (nats a token) are of the weights kept, None without dev
    rows."""

    method: str
    seed: int
    steps: int
    tokens: int
    seconds: float
    trainable_parameters: int
    peak_memory_mb: float
    best_step: int
    curve: tuple[tuple[int, float, float], ...] = ()
    notes: tuple[str, ...] = ()
    rehearsal_tokens: int = 0
    rehearsal_seconds: float = 0.0
    dev_accuracy: float | None = None
    dev_loss: float | None = None


@dataclass(frozen=True)
class Fitted:
    """An adaptation and how it came about: options chosen on dev, training records, wall seconds."""

    adaptation: Adaptation
    chosen: Mapping[str, object] = field(default_factory=dict)
    training: TrainingRecord | None = None
    seconds: float = 0.0
