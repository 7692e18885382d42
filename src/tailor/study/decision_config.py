"""The parts of `tailor.yaml` that turn quality into a decision: usage, costs, gates. Unknown stays unknown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class UsageConfig(Section):
    """What the answers will be used for.

    A right answer is worth `right_answer_usd`, a wrong one costs `wrong_answer_usd`, one that says "I don't know" costs
    `unanswered_usd` (somebody else must answer). `unanswerable_share` of the questions in use have no answer in the
    data. `tokens` and `machine` name prices (`tailor prices`); `machine` stands for `machine_hour_usd`.
    """

    questions_per_month: Annotated[int, Field(ge=0)] | None = None
    growth_per_year: Annotated[float, Field(gt=-1, le=100)] | None = None
    machine_hour_usd: NotNegative | None = None
    machine: str | None = None
    tokens: str | None = None
    right_answer_usd: NotNegative | None = None
    wrong_answer_usd: NotNegative | None = None
    unanswered_usd: NotNegative | None = None
    unanswerable_share: Share | None = None
    refreshes_per_year: NotNegative | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None

    @model_validator(mode="after")
    def _one_price(self) -> UsageConfig:
        if self.machine is not None and self.machine_hour_usd is not None:
            raise ValueError("machine and machine_hour_usd are two prices for one thing; give one of them")
        return self


class CostsConfig(Section):
    """What owning an arm costs beyond machine seconds and tokens. What is left out is named as not counted."""

    always_on: bool = False
    utilisation: Annotated[float, Field(gt=0, le=1)] | None = None
    label_minutes: NotNegative | None = None
    review_minutes: NotNegative | None = None
    labeller_hour_usd: NotNegative | None = None
    generation_usd: NotNegative | None = None
    relabel_share: Share | None = None
    engineering_hours: NotNegative | dict[str, NotNegative] | None = None
    engineer_hour_usd: NotNegative | None = None
    monitoring_hours: NotNegative | None = None
    storage_gb_month_usd: NotNegative | None = None
    base_life_months: Annotated[float, Field(gt=0)] | None = None
    rebase_hours: NotNegative | None = None


class GatesConfig(Section):
    """What an arm must keep to be chosen at all; a gate that is not set bars nobody."""

    private: bool = False
    citations: bool = False
    untrained: bool = False
    p95_ms: Annotated[float, Field(gt=0)] | None = None
    budget_month_usd: NotNegative | None = None
    invented: Share | None = None


class SituationConfig(Section):
    """What is known before anything is measured: it orders the arms and gives a prior, and decides nothing."""

    changes: Literal["never", "yearly", "monthly", "weekly", "daily"] | None = None
    answers: Literal["facts", "style", "format", "labels"] | None = None
    skills: Literal["none", "some", "team"] | None = None
