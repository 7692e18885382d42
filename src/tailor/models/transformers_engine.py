"""Local models through Transformers and PEFT."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from tailor.conversations import rendered
from tailor.errors import ModelError
from tailor.models.decoding import Row, completion_of, decode_batch, end_ids, settled
from tailor.models.engine import OnAnswers, OnAsk, Request
from tailor.models.likelihood import likelihoods
from tailor.models.live import LiveBatch
from tailor.models.loading import first_line
from tailor.models.switching import SwitchedModel
from tailor.records import Base, Completion, Failure

BATCH_ROWS = 32
BATCH_TOKENS = 16_384  # padded prompt tokens of one batch: bounds the memory of the prefill


class TransformersEngine:
    """Answers with a local or hub model, from one thread at a time.

    On a CPU the weights are held in float32: a greedy answer must not depend on who shares its batch, and in bfloat16
    near-ties are decided by rounding. On a GPU the model's own dtype is used.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self.models = SwitchedModel(base)
        self._live: LiveBatch | None = None

    def answer(
        self,
        requests: Sequence[Request],
        *,
        on_progress: Callable[[int], None] | None = None,
        on_answers: OnAnswers | None = None,
        on_ask: OnAsk | None = None,  # noqa: ARG002 - nobody is paid
    ) -> list[Completion | Failure]:
        """Answer requests in batches of equal weights and similar length.

        Raises:
            ArtifactError: trained weights are missing or damaged.
            ModelError: the model or trained weights cannot be loaded.
        """
        answers: list[Completion | Failure | None] = [None] * len(requests)
        prompts: dict[int, list[int]] = {}
        for i, request in enumerate(requests):
            tokens = self.render(request)
            if isinstance(tokens, Failure):
                answers[i] = tokens
            else:
                prompts[i] = tokens
        done = len(requests) - len(prompts)
        if on_answers and done:
            on_answers({i: a for i, a in enumerate(answers) if a is not None})
        companies = {r.weights: self.models.company(r.weights) for r in requests}
        keys = {i: (companies[requests[i].weights], _weights_key(requests[i])) for i in prompts}
        for batch in _batches(prompts, keys):
            made = self._answer_batch([requests[i] for i in batch], [prompts[i] for i in batch])
            for i, answer in zip(batch, made, strict=True):
                answers[i] = answer
            if on_answers:
                on_answers(dict(zip(batch, made, strict=True)))
            done += len(batch)
            if on_progress:
                on_progress(done)
        return [a for a in answers if a is not None]

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Stream one answer; the pieces joined are the text of the final Completion. Other answers may be made while
        a stream is open.

        Raises:
            ArtifactError: trained weights are missing or damaged.
            ModelError: the model cannot be loaded, or the prompt is too long for it.
        """
        tokens = self.render(request)
        if isinstance(tokens, Failure):
            raise ModelError(tokens.cause, hint=tokens.hint)
        started, sent = time.perf_counter(), ""
        row = self._row(tokens, request)
        for _ in self._steps([row]):
            text = settled(self.models.tokenizer, row)
            if text.startswith(sent) and len(text) > len(sent):
                yield text[len(sent) :]
                sent = text
        yield completion_of(self.models.tokenizer, row, time.perf_counter() - started)

    def live(self) -> LiveBatch:
        """The answers under way that others may join; one per engine, made at first use."""
        if self._live is None:
            self._live = LiveBatch(self.models, self.render)
        return self._live

    def likelihoods(self, requests: Sequence[Request], continuations: Sequence[str]) -> list[tuple[float, bool]]:
        """How likely each continuation is after its request, as `likelihood.likelihoods`. Context and continuation are
        split where the context's own tokens end, spaces at its end going to the continuation.

        Raises:
            ModelError: a prompt is too long.
        """
        tokenizer, found = self.models.tokenizer, []
        for request, continuation in zip(requests, continuations, strict=True):
            messages = [{"role": m.role, "content": m.content} for m in request.messages]
            text = rendered(tokenizer, messages, prompt=True)
            context = text.rstrip()
            whole = tokenizer(context + text[len(context) :] + continuation, add_special_tokens=False)["input_ids"]
            before = tokenizer(context, add_special_tokens=False)["input_ids"]
            found.append((before, whole[len(before) :]))
        weights = requests[0].weights if requests else None
        return likelihoods(self.models.use(weights), found, self.models.context)

    def forget_prompts(self) -> None:
        """Read every prompt anew from now on."""
        self.models.forget_prompts()

    def close(self) -> None:
        """Forget the model and all adapters."""
        self._live = None
        self.models.forget()

    def _answer_batch(self, requests: Sequence[Request], prompts: Sequence[list[int]]) -> list[Completion | Failure]:
        """Answer together; a batch that does not fit into memory is halved."""
        import torch

        started = time.perf_counter()
        rows = [self._row(p, r) for p, r in zip(prompts, requests, strict=True)]
        try:
            for _ in self._steps(rows):
                pass
        except (RuntimeError, MemoryError) as error:
            # On a CPU torch reports a failed allocation as a plain RuntimeError.
            full = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)
            if not full:
                return [Failure("engine", f"the model failed: {first_line(error)}")] * len(rows)
            if len(rows) == 1:
                return [Failure("engine", "out of memory", hint="Use a smaller base model or shorter prompts.")]
            halves = (slice(None, len(rows) // 2), slice(len(rows) // 2, None))
            return [answer for half in halves for answer in self._answer_batch(requests[half], prompts[half])]
        share = (time.perf_counter() - started) / len(rows)
        return [completion_of(self.models.tokenizer, row, share) for row in rows]

    def _steps(self, rows: Sequence[Row]) -> Iterator[None]:
        ends = end_ids(self.models.use(rows[0].weights), self.models.tokenizer)
        return decode_batch(self.models, self.models.tokenizer, rows, ends)

    def _row(self, prompt: list[int], request: Request) -> Row:
        matcher = self.models.matcher(request.constraint)
        return Row(prompt, request.generation, request.top_logprobs, matcher, request.weights)

    def render(self, request: Request) -> list[int] | Failure:
        """Token ids of the prompt, or why there can be none."""
        from jinja2 import TemplateError

        tokenizer, limit = self.models.tokenizer, self.models.context
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        try:
            text = rendered(tokenizer, messages, prompt=True)
        except TemplateError as error:
            return Failure("data", f"the model's chat template refuses this conversation: {error}")
        tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(tokens) + request.generation.max_new_tokens > limit:
            return Failure(
                "too-long",
                f"the prompt has {len(tokens)} tokens and the answer may have {request.generation.max_new_tokens}, "
                f"the model's context is {limit}",
                hint="Show fewer passages or demonstrations, or use a base with a longer context.",
            )
        return tokens


def _batches(prompts: dict[int, list[int]], keys: dict[int, tuple[str, str]]) -> Iterator[list[int]]:
    """Places of requests that run together: weights that can be mixed, prompts of similar length (within a factor of
    two, longest first) whose neighbours begin alike; bounded by rows and padded tokens."""
    order = sorted(prompts, key=lambda i: (keys[i], -len(prompts[i]).bit_length(), prompts[i], i))
    batch: list[int] = []
    longest = 0
    for i in order:
        if batch:
            same = keys[i][0] == keys[batch[0]][0]
            width = max(longest, len(prompts[i]))
            full = len(batch) >= BATCH_ROWS or (len(batch) + 1) * width > BATCH_TOKENS
            if full or not same:
                yield batch
                batch, longest = [], 0
        batch.append(i)
        longest = max(longest, len(prompts[i]))
    if batch:
        yield batch


def _weights_key(request: Request) -> str:
    return request.weights.sha256 if request.weights else ""
