"""A student that learns what a teacher answers: a prompt, documents or a larger model become an adapter."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tailor.errors import ConfigError, DataError
from tailor.methods.base import FitContext
from tailor.methods.lora import LoRAOptions
from tailor.methods.tuning import check_trainable, fit_weights
from tailor.records import Adaptation, Completion, Example, Fitted, Message
from tailor.retrieval.cite import strip_citations

if TYPE_CHECKING:
    from tailor.methods.compose import Arm


PROMPTS = frozenset({"zero-shot", "prompt", "few-shot", "few-shot-diverse", "few-shot-nearest", "rag"})
"""Arms that change only what the base reads."""


@dataclass(frozen=True)
class DistillOptions:
    """`teacher` is an arm as in the list of arms: a name, or one name with its options; `keep` says which of its
    answers are learnt: all, or those that are right; `soft` learns its distribution over tokens and not only its words,
    for teachers that are the base itself with a longer prompt. The others are those of `lora`: the student is an
    adapter."""

    teacher: str | Mapping[str, Any] = "few-shot"
    keep: Literal["all", "right"] = "all"
    soft: bool = False
    rank: int = 32
    alpha: int = 32
    learning_rate: float | None = None
    epochs: float = 15.0
    replay: float = 0.1
    kl: float = 1.0

    def __post_init__(self) -> None:
        self.student()
        arm = self.teacher_arm()
        if self.soft and not set(arm.method.split("+")) <= PROMPTS:
            raise ConfigError(
                f"distill: soft needs a teacher that is the base with a longer prompt, found {arm.name}.",
                hint=f"Such are {', '.join(sorted(PROMPTS))} and what they join to. Others teach by their words.",
            )

    def student(self) -> LoRAOptions:
        """How the adapter is trained.

        Raises:
            ConfigError: an option that cannot be meant.
        """
        return LoRAOptions(
            rank=self.rank,
            alpha=self.alpha,
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            replay=self.replay,
            kl=self.kl,
        )

    def teacher_arm(self) -> Arm:
        """The arm that teaches.

        Raises:
            ConfigError: it is no arm, or several.
        """
        from tailor.methods.compose import expand

        entry = {self.teacher: None} if isinstance(self.teacher, str) else self.teacher
        if len(entry) != 1:
            raise ConfigError(
                f"distill: expected one teacher, found {', '.join(map(str, entry)) or 'none'}.",
                hint="For example: teacher: rag, or teacher: {rag: {k: 3}}",
            )
        [(name, options)] = entry.items()
        arms = expand(str(name), options or {})
        if len(arms) > 1:
            raise ConfigError(
                f"distill: the teacher {name} is {len(arms)} arms.",
                hint="Give each option of a teacher one value; list whole teachers: teacher: [{rag: {k: 1}}, few-shot]",
            )
        if any(p.method == "distill" for p in arms[0].parts):
            raise ConfigError("distill: a teacher cannot be distill itself.")
        return arms[0]

    @property
    def needs_documents(self) -> bool:
        """Whether the teacher searches documents."""
        return self.teacher_arm().needs_documents


class Distill:
    """Sequence-level distillation (Kim and Rush 2016, arXiv 1606.07947): the teacher answers the training questions,
    and the student learns these answers from the question alone; with `soft` prompt distillation (arXiv 2412.14964)."""

    options = DistillOptions
    complexity = 55
    uses_seed = True
    trains_weights = True
    needs_documents = False

    def fit(self, context: FitContext, options: DistillOptions) -> Fitted:
        """Fit the teacher, ask it, train the student on what it said.

        Raises:
            DataError: the training split is empty, or the teacher gave no answer to learn.
            ModelError: the base's weights are not here.
        """
        from tailor.methods.compose import fit_arm

        check_trainable(context, "distill")
        asked = sorted((e for e in context.train if e.answer is not None), key=lambda e: e.id)
        if not asked:
            raise DataError("distill: the training split is empty.", hint="Add questions with answers.")
        arm = options.teacher_arm()
        context.progress(0.0, f"teacher {arm.name}")
        teacher = fit_arm(arm, dataclasses.replace(context, beside=None))
        started = time.perf_counter()
        said = self._labels(teacher.adaptation, asked, context)
        labelling = time.perf_counter() - started
        right = [e for e, taught in said if context.judge(e, taught.answer or "") >= 1]
        learnt = [t for e, t in said if options.keep == "all" or e in right]
        if not learnt:
            raise DataError(
                f"distill: the teacher {arm.name} answered {len(said)} of {len(asked)} questions, none to learn from.",
                hint="Choose another teacher, or keep: all.",
            )
        recipe = options.student().recipe()
        prompts: list[tuple[Message, ...]] = []
        if options.soft:
            prompts, _ = context.runtime.prompts(teacher.adaptation, [e.messages for e in learnt])
        fitted = fit_weights(dataclasses.replace(context, train=tuple(learnt)), recipe, "adapter", teacher=prompts)
        chosen = {
            **fitted.chosen,
            "teacher": arm.name,
            "rows": len(learnt),
            "teacher_right": len(right) / len(asked),
        }
        return dataclasses.replace(fitted, chosen=chosen, seconds=teacher.seconds + labelling + fitted.seconds)

    def _labels(
        self, teacher: Adaptation, asked: Sequence[Example], context: FitContext
    ) -> list[tuple[Example, Example]]:
        """Each example the teacher answered, and the same with its answer. Citations go: the student sees nothing that
        it could cite."""
        answers = context.runtime.answer(teacher, [e.messages for e in asked])
        pairs = []
        for example, answer in zip(asked, answers, strict=True):
            text = strip_citations(answer.text).strip() if isinstance(answer, Completion) else ""
            if text:
                pairs.append((example, dataclasses.replace(example, answer=text)))
        return pairs
