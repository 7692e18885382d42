"""Local models through Transformers and PEFT: one base in memory, adapters switched on top of it."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from tailor.errors import MissingDependency, ModelError
from tailor.models.decoding import Row, cut_at_stop, decode_batch, text_of
from tailor.models.engine import LoadedWeights, Request
from tailor.records import Base, Completion, Failure, Usage

BATCH_ROWS = 32
BATCH_TOKENS = 16_384  # padded prompt tokens of one batch: bounds the memory of the prefill
KEPT_ADAPTERS = 16
KEPT_MODELS = 2


class TransformersEngine:
    """Answers with a local or hub model.

    On a CPU the weights are held in float32: a greedy answer must not depend on who shares its batch, and in bfloat16
    near-ties are decided by rounding. On a GPU the model's own dtype is used.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self._tokenizer: Any = None
        self._model: Any = None
        self._adapters: OrderedDict[str, str] = OrderedDict()
        self._full: OrderedDict[str, Any] = OrderedDict()

    def answer(
        self, requests: Sequence[Request], *, on_progress: Callable[[int], None] | None = None
    ) -> list[Completion | Failure]:
        """Answer requests in batches of equal weights and similar length."""
        answers: list[Completion | Failure | None] = [None] * len(requests)
        prompts: dict[int, list[int]] = {}
        for i, request in enumerate(requests):
            tokens = self._render(request)
            if isinstance(tokens, Failure):
                answers[i] = tokens
            else:
                prompts[i] = tokens
        done = len(requests) - len(prompts)
        for batch in _batches(prompts, requests):
            made = self._answer_batch([requests[i] for i in batch], [prompts[i] for i in batch])
            for i, answer in zip(batch, made, strict=True):
                answers[i] = answer
            done += len(batch)
            if on_progress:
                on_progress(done)
        return [a for a in answers if a is not None]

    def stream(self, request: Request) -> Iterator[str | Completion]:
        """Stream one answer; the pieces joined are the text of the final Completion."""
        import torch

        tokens = self._render(request)
        if isinstance(tokens, Failure):
            raise ModelError(tokens.cause, hint=tokens.hint)
        started, sent = time.perf_counter(), ""
        row = Row(tokens, request.generation)
        with torch.inference_mode(), self._with_weights(request.weights) as model:
            for _ in decode_batch(model, self._tokenizer, [row], self._end_ids(model)):
                text, stopped = cut_at_stop(text_of(self._tokenizer, row.tokens), request.generation.stop)
                # An unfinished character decodes to U+FFFD and a stop string may still be growing: hold both back.
                held = 0 if stopped else max((len(s) - 1 for s in request.generation.stop), default=0)
                safe = text[: len(text) - held] if held else text
                if not safe.endswith("�") and safe.startswith(sent) and len(safe) > len(sent):
                    yield safe[len(sent) :]
                    sent = safe
        completion = self._completion(row, time.perf_counter() - started)
        if len(completion.text) > len(sent):
            yield completion.text[len(sent) :]
        yield completion

    def close(self) -> None:
        """Forget the model and all adapters."""
        self._model = self._tokenizer = None
        self._adapters.clear()
        self._full.clear()

    def _answer_batch(self, requests: Sequence[Request], prompts: Sequence[list[int]]) -> list[Completion | Failure]:
        import torch

        started = time.perf_counter()
        rows = [Row(p, r.generation) for p, r in zip(prompts, requests, strict=True)]
        try:
            with torch.inference_mode(), self._with_weights(requests[0].weights) as model:
                for _ in decode_batch(model, self._tokenizer, rows, self._end_ids(model)):
                    pass
        except torch.OutOfMemoryError as error:
            return [Failure("engine", f"out of memory: {error}", hint="Use a smaller base model.")] * len(rows)
        share = (time.perf_counter() - started) / len(rows)
        return [self._completion(row, share) for row in rows]

    def _completion(self, row: Row, seconds: float) -> Completion:
        text, _ = cut_at_stop(text_of(self._tokenizer, row.tokens), row.generation.stop)
        usage = Usage(len(row.prompt), len(row.tokens), seconds)
        return Completion(text, usage, finish="length" if row.finish == "length" else "stop")

    def _render(self, request: Request) -> list[int] | Failure:
        self._load()
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        limit = getattr(self._model.config, "max_position_embeddings", None) or 1 << 30
        if len(tokens) + request.generation.max_new_tokens > limit:
            return Failure(
                "too-long",
                f"the prompt has {len(tokens)} tokens and the answer may have {request.generation.max_new_tokens}, "
                f"the model's context is {limit}",
                hint="Show fewer passages or demonstrations, or use a base with a longer context.",
            )
        return tokens

    def _end_ids(self, model: Any) -> frozenset[int]:
        configured = getattr(model.generation_config, "eos_token_id", None)
        ids = configured if isinstance(configured, list) else [configured, self._tokenizer.eos_token_id]
        return frozenset(int(i) for i in ids if i is not None)

    def _load(self) -> None:
        if self._model is not None:
            return
        self._tokenizer, self._model = load_model(self.base)

    @contextmanager
    def _with_weights(self, weights: LoadedWeights | None) -> Iterator[Any]:
        """The model to use: the base, the base with an adapter switched on, or a fully tuned model."""
        self._load()
        if weights is not None and weights.kind == "full":
            yield self._full_model(weights)
            return
        if weights is not None:
            self._use_adapter(weights)
            yield self._model
            return
        has_adapters = hasattr(self._model, "peft_config")
        with self._model.disable_adapter() if has_adapters else nullcontext():
            yield self._model

    def _use_adapter(self, weights: LoadedWeights) -> None:
        from peft import PeftModel

        name = f"a{weights.sha256[:16]}"
        if name not in self._adapters:
            with _quiet():
                if hasattr(self._model, "peft_config"):
                    self._model.load_adapter(str(weights.folder), adapter_name=name)
                else:
                    self._model = PeftModel.from_pretrained(self._model, str(weights.folder), adapter_name=name)
            self._adapters[name] = name
            self._model.eval()
        self._adapters.move_to_end(name)
        self._model.set_adapter(name)
        if len(self._adapters) > KEPT_ADAPTERS:
            self._model.delete_adapter(self._adapters.popitem(last=False)[0])

    def _full_model(self, weights: LoadedWeights) -> Any:
        if weights.sha256 not in self._full:
            base = Base("folder", str(weights.folder), str(weights.folder), weights.sha256)
            self._full[weights.sha256] = load_model(base)[1]
            if len(self._full) > KEPT_MODELS:
                self._full.popitem(last=False)
        self._full.move_to_end(weights.sha256)
        return self._full[weights.sha256]


def load_model(base: Base) -> tuple[Any, Any]:
    """Tokenizer and model, ready for inference on the best device of this machine.

    Raises:
        MissingDependency: torch or transformers is not installed.
        ModelError: the model cannot be loaded, or has no chat template.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        raise MissingDependency(f"The base model {base.name}", "train") from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options: dict[str, Any] = {"revision": base.revision} if base.kind == "hub" and base.revision else {}
    try:
        with _quiet():
            tokenizer = AutoTokenizer.from_pretrained(base.location, **options)
            model = AutoModelForCausalLM.from_pretrained(
                base.location, dtype=torch.float32 if device == "cpu" else "auto", use_safetensors=True, **options
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        offline = base.kind == "hub"
        raise ModelError(
            f"The base model {base.name} cannot be loaded: {_first_line(error)}",
            hint="A Hugging Face name needs a network or an earlier download. Offline, use builtin/small or a folder."
            if offline
            else "Expected a Hugging Face folder of a causal language model with safetensors weights.",
        ) from None
    if not tokenizer.chat_template:
        raise ModelError(
            f"The base model {base.name} has no chat template.",
            hint="Use the instruction-tuned variant, or add chat_template.jinja to its folder.",
        )
    return tokenizer, model.to(device).eval()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _batches(prompts: dict[int, list[int]], requests: Sequence[Request]) -> Iterator[list[int]]:
    """Indices of requests that run together: same weights, longest first, bounded by rows and padded tokens."""
    order = sorted(prompts, key=lambda i: (_weights_key(requests[i]), -len(prompts[i]), i))
    batch: list[int] = []
    for i in order:
        if batch:
            same = _weights_key(requests[i]) == _weights_key(requests[batch[0]])
            full = len(batch) >= BATCH_ROWS or (len(batch) + 1) * len(prompts[batch[0]]) > BATCH_TOKENS
            if full or not same:
                yield batch
                batch = []
        batch.append(i)
    if batch:
        yield batch


def _weights_key(request: Request) -> str:
    return request.weights.sha256 if request.weights else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Loading prints progress bars and advice that mean nothing to a reader of ours."""
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    from transformers.utils import logging as transformers_logging

    level = logging.getLogger("transformers").level
    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.getLogger("transformers").setLevel(level)
