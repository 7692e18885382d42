"""Studies with a known best arm, decided by Tailor's own rules (`tailor.decision.choice`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from worlds import Floats, World

from tailor.decision.choice import Choice, choose
from tailor.decision.evidence import Evidence
from tailor.decision.selection import optimism
from tailor.evaluation.statistics import clustered_mean, holm, non_inferiority, paired_difference, standings

# Order of simplicity, whether trained.
ARMS: Mapping[str, tuple[int, bool]] = {
    "zero-shot": (0, False),
    "few-shot": (1, False),
    "rag": (3, False),
    "lora": (5, True),
    "full": (6, True),
    "rag+lora": (7, True),
}
CONTROL = "zero-shot"
MARGIN, GENERAL_MARGIN = 0.05, 0.03
GENERAL_ITEMS = 1_000
CONFIDENT = ("adopt", "keep-simple", "do-nothing", "not-allowed")


@dataclass(frozen=True)
class Truth:
    """True accuracy in the primary cell and true loss of general ability, by arm."""

    right: Mapping[str, float]
    loss: Mapping[str, float]

    @property
    def allowed(self) -> list[str]:
        return [a for a in ARMS if self.loss[a] <= GENERAL_MARGIN]

    @property
    def best(self) -> float:
        return max(self.right[a] for a in self.allowed)

    @property
    def answer(self) -> str:
        """What the rules name if every number were known: the simplest allowed arm within the margin of the best; the
        control where nothing gains more than the margin."""
        if self.best - self.right[CONTROL] <= MARGIN:
            return CONTROL
        return next(a for a in self.allowed if self.best - self.right[a] <= MARGIN)


@dataclass
class Tally:
    """Counts over studies. `wrong`: confident verdicts with a `fault`; `beyond_margin`: those that name an arm behind
    by more than the plain margin, or that forgets more than it. `optimism`: measured minus true accuracy of the arm
    named; `corrected`: less what is said to be the luck of the pick. `naive`: the arm with the highest score."""

    studies: int = 0
    clear: int = 0
    clear_right: int = 0
    clear_open: int = 0
    confident: int = 0
    wrong: int = 0
    beyond_margin: int = 0
    optimism: list[float] = field(default_factory=list)
    corrected: list[float] = field(default_factory=list)
    naive_optimism: list[float] = field(default_factory=list)
    naive_wrong: int = 0


def draw_truth(rng: np.random.Generator) -> Truth:
    """A third of the arms is no better than the control; half of the trained ones forget."""
    base = rng.uniform(0.15, 0.6)
    right, loss = {CONTROL: base}, {CONTROL: 0.0}
    for arm, (_, trained) in list(ARMS.items())[1:]:
        right[arm] = base + (0.0 if rng.random() < 1 / 3 else rng.uniform(-0.05, 0.35))
        loss[arm] = rng.uniform(0.0, 0.12) if trained and rng.random() < 0.5 else 0.0
    return Truth(right, loss)


def draw_clear_truth(rng: np.random.Generator) -> Truth:
    """Arms on three levels far apart, forgetting nothing or much: most of these studies are clear (`is_clear`)."""
    levels = rng.uniform(0.1, 0.3) + np.array([0.0, 1.0, 2.0]) * rng.uniform(0.16, 0.32)
    right, loss = {CONTROL: float(levels[0])}, {CONTROL: 0.0}
    for arm, (_, trained) in list(ARMS.items())[1:]:
        right[arm] = float(rng.choice(levels))
        loss[arm] = float(rng.uniform(0.1, 0.25)) if trained and rng.random() < 0.4 else 0.0
    return Truth(right, loss)


def draw_like_truth(rng: np.random.Generator) -> Truth:
    """Five arms of one accuracy, 20 points above the control: whichever is named, its score was picked among five."""
    base = rng.uniform(0.2, 0.5)
    return Truth({a: base + (0.2 if a != CONTROL else 0.0) for a in ARMS}, dict.fromkeys(ARMS, 0.0))


def measured(rng: np.random.Generator, truth: Truth, world: World) -> dict[str, Any]:
    """results.json of one study as far as the rules read it. Trained arms have three seeds that differ by a point."""
    seeds = {a: rng.normal(0, 0.01, 3) if trained else np.zeros(1) for a, (_, trained) in ARMS.items()}
    shares = [np.clip(truth.right[a] + s, 0, 1) if len(s) > 1 else truth.right[a] for a, s in seeds.items()]
    tables = dict(zip(ARMS, world.answers(rng, *shares), strict=True))
    names, comparisons = list(ARMS), []
    for i, arm in enumerate(names):
        for against in names[:i]:
            found = paired_difference(tables[arm], tables[against], world.codes)
            comparisons.append(
                {"arm": arm, "against": against, "cell": "held-out-framing", "p_holm": None, **asdict(found)}
            )
    family = [c for c in comparisons if c["against"] == CONTROL]
    for row, p in zip(family, holm([c["p"] for c in family]), strict=True):
        row["p_holm"] = p
    general = {a: _general(rng, truth.loss[a]) for a, (_, trained) in ARMS.items() if trained}
    arms = {}
    for arm, (complexity, _) in ARMS.items():
        table = tables[arm]
        mean = clustered_mean(table if table.ndim == 1 else table.mean(axis=1), world.codes)
        arms[arm] = {"status": "ok", "complexity": complexity, "quality": asdict(mean), "general": general.get(arm)}
    return {
        "arms": arms,
        "comparisons": comparisons,
        "control": CONTROL,
        "primary_cell": "held-out-framing",
        "margin": MARGIN,
        "general_margin": GENERAL_MARGIN,
    }


def _general(rng: np.random.Generator, loss: float) -> dict[str, Any]:
    """1,000 general items before and after; beside the loss a tenth of them changes one way or the other."""
    u = rng.random(GENERAL_ITEMS)
    before = (u >= 0.05).astype(float)
    after = ((u < 0.05) | (u >= 0.10 + loss)).astype(float)
    found = non_inferiority(after, before, np.arange(GENERAL_ITEMS), GENERAL_MARGIN)
    return {"verdict": found.verdict, "detectable": found.detectable}


def is_clear(truth: Truth, results: Mapping[str, Any]) -> bool:
    """Every gap that decides is at least twice what the study can detect: an arm equals the control or leads by 2 MDE;
    it is within the margin of the best or behind it by the margin and 2 MDE; it forgets nothing or 2 detectable losses
    beyond the margin; and the study can tell the margin at all (its intervals are no wider than +- margin)."""
    pairs = {(c["arm"], c["against"]): c for c in results["comparisons"]}
    for arm in list(ARMS)[1:]:
        general = results["arms"][arm]["general"]
        if truth.loss[arm] and general and truth.loss[arm] < GENERAL_MARGIN + 2 * general["detectable"]:
            return False
        seen = pairs[arm, CONTROL]["mde"]
        gain = truth.right[arm] - truth.right[CONTROL]
        if 0 < gain < 2 * seen:
            return False
    best = max(truth.allowed, key=lambda a: truth.right[a])
    if 0 < truth.best - truth.right[CONTROL] < MARGIN + 2 * pairs.get((best, CONTROL), {"mde": 0})["mde"]:
        return False
    for arm in truth.allowed:
        pair = pairs.get((best, arm)) or pairs.get((arm, best))
        behind = truth.best - truth.right[arm]
        if pair and (pair["high"] - pair["low"] > 2 * MARGIN or MARGIN < behind < MARGIN + 2 * pair["mde"]):
            return False
    return True


def fault(truth: Truth, arm: str | None) -> str:
    """What is wrong with naming an arm; empty where nothing is. The tolerance is one margin more, since the rules call
    two arms too close to tell only where twice the margin is not excluded."""
    arm = arm or CONTROL
    if truth.loss[arm] > 2 * GENERAL_MARGIN:
        return "forgets more than twice the allowed loss"
    if truth.best - truth.right[arm] > 2 * MARGIN:
        return "more than twice the margin behind the best allowed arm"
    if arm != CONTROL and truth.right[arm] <= truth.right[CONTROL]:
        return "no better than the control"
    return ""


# Truth, numbers of facts, seed.
SETTINGS: Mapping[str, tuple[Callable[[np.random.Generator], Truth], tuple[int, ...], int]] = {
    "mixed": (draw_truth, (100, 200, 400, 1000), 7),
    "clear": (draw_clear_truth, (400, 1000), 8),
    "like": (draw_like_truth, (200,), 9),
}


def decision_worlds(worlds: int, setting: str) -> Tally:
    """Decide `worlds` studies with 1 or 3 wordings per fact."""
    draw, sizes, seed = SETTINGS[setting]
    rng, tally = np.random.default_rng(seed), Tally()
    for _ in range(worlds):
        truth = draw(rng)
        world = World(int(rng.choice(sizes)), int(rng.choice([1, 3])), float(rng.choice([0.0, 0.3, 0.7])), 0.6)
        results = measured(rng, truth, world)
        _count(tally, truth, results, choose(Evidence(results)))
    return tally


def calibration(worlds: int) -> tuple[Floats, Floats]:
    """For every arm of every study: `p_best`, and 1 where it is truly the best; arms that tie share it."""
    rng = np.random.default_rng(10)
    said, was = [], []
    for _ in range(worlds):
        truth = draw_truth(rng)
        world = World(int(rng.choice([100, 200, 400])), int(rng.choice([1, 3])), float(rng.choice([0.0, 0.5])), 0.6)
        tables = world.answers(rng, *(truth.right[a] for a in ARMS))
        said += [s.best for s in standings(tables, world.codes, draws=1_000)]
        best = np.array([truth.right[a] == max(truth.right.values()) for a in ARMS], dtype=np.float64)
        was += list(best / best.sum())
    return np.array(said), np.array(was)


def _count(tally: Tally, truth: Truth, results: Mapping[str, Any], choice: Choice) -> None:
    quality = {a: r["quality"]["value"] for a, r in results["arms"].items()}
    confident = choice.kind in CONFIDENT
    tally.studies += 1
    tally.confident += confident
    tally.wrong += confident and bool(fault(truth, choice.arm))
    if confident and choice.arm:
        behind, lost = truth.best - truth.right[choice.arm], truth.loss[choice.arm]
        tally.beyond_margin += behind > MARGIN or lost > GENERAL_MARGIN
        tally.optimism.append(quality[choice.arm] - truth.right[choice.arm])
        tally.corrected.append(tally.optimism[-1] - (optimism(choice, Evidence(results)) or 0.0))
    top = max(quality, key=lambda a: quality[a])
    tally.naive_wrong += bool(fault(truth, top))
    tally.naive_optimism.append(quality[top] - truth.right[top])
    if is_clear(truth, results):
        tally.clear += 1
        tally.clear_right += confident and choice.arm == truth.answer
        tally.clear_open += not confident
