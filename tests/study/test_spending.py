"""Money of a study at a paid endpoint: to the micro-dollar, never past the budget, nothing paid twice."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

from loopback import Server, good

from tailor.decision.conclude import conclude
from tailor.errors import ConfigError
from tailor.models import resolve_base
from tailor.records import Base, Failure
from tailor.study.analyse import analyse
from tailor.study.config import load_workspace
from tailor.study.estimate import estimate
from tailor.study.inputs import read_inputs
from tailor.study.ledger import BudgetReached, Meter, spending, study_prices
from tailor.study.plan import Study, plan_study
from tailor.study.run import run_study
from tiny_workspace import edit, save_workspace, tailor

# Dollars for a million tokens, on purpose not round.
INPUT, CACHED, OUTPUT = Decimal("0.413"), Decimal("0.0971"), Decimal("1.733")
PRICES = f"""\
format_version: 1
kind: tokens
currency: USD
unit: 1M tokens
valid_from: 2026-11-01
source: contract
licence: own
prices:
  ours/model: {{input: {INPUT}, cached: {CACHED}, output: {OUTPUT}}}
"""


class Quiet:
    def cell_progress(self, cell: str, phase: str, fraction: float, words: str) -> None: ...

    def cell_done(self, cell: str, failure: Failure | None, seconds: float) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    # Every reply is another one: the counts are walked through, the last reply holds for the rest.
    server.replies = [good("Oslo", usage=tokens(90 + 7 * n, 64 * (n % 2), 3 + n % 5)) for n in range(40)] + [
        good("Lisbon", usage=tokens(151, 0, 9))
    ]
    yield server
    server.close()


def tokens(prompt: int, cached: int, completion: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


@pytest.fixture
def paid(tmp_path: Path, server: Server) -> Path:
    folder = save_workspace(tmp_path / "paid", "unused")
    (folder / "prices.yaml").write_text(PRICES, encoding="utf-8")
    text = (folder / "tailor.yaml").read_text(encoding="utf-8")
    text = text.replace("base: unused", f"base: {{endpoint: {server.url}, model: model}}")
    text = "".join(line for line in text.splitlines(keepends=True) if "lora" not in line and "full" not in line)
    text = text.replace("  machine_hour_usd: 0.1\n", "  tokens: ours/model\n")
    (folder / "tailor.yaml").write_text(text, encoding="utf-8")
    return folder


def planned(folder: Path) -> Study:
    workspace = load_workspace(folder)
    return plan_study(workspace, read_inputs(workspace))


def lines(study: Study, part: str, pattern: str = "*.jsonl") -> list[dict[str, Any]]:
    paths = sorted((study.folder / part).glob(pattern))
    return [json.loads(line) for p in paths for line in p.read_text(encoding="utf-8").splitlines()]


def by_hand(usage: dict[str, Any]) -> Decimal:
    fresh = usage["prompt_tokens"] - usage["cached_tokens"]
    return (fresh * INPUT + usage["cached_tokens"] * CACHED + usage["completion_tokens"] * OUTPUT) / 1_000_000


def test_money_equals_a_recomputation_from_the_replies_to_the_micro_dollar(paid: Path) -> None:
    study = planned(paid)
    assert run_study(study, Quiet()) == {}
    results = conclude(analyse(study), study.folder)
    asked = {e.id for e in study.inputs.of("test") if e.cell != "general" and e.cell != "trained-framing"}
    for arm, record in results["arms"].items():
        answers = [a for a in lines(study, "answers", f"{arm}@*.jsonl") if a["item"] in asked]
        spent = sum(by_hand(a["usage"]) for a in answers)
        assert abs(Decimal(record["usage"]["token_usd"]) - spent) < Decimal("1e-9")
        assert record["usage"]["priced"] == record["usage"]["answers"] == len(answers)
    # The ledger holds more than the test answers: choices on dev and the questions that measure latency too.
    whole = sum(by_hand({"cached_tokens": 0, **x}) for x in lines(study, "ledger") if "answers" in x)
    assert abs(Decimal(results["ledger"]["usd"]) - whole) < Decimal("1e-9")
    assert results["prices"]["tokens"]["source"] == "contract"
    assert results["prices"]["billing"] == "tokens"
    assert "$" in (study.folder / "report.html").read_text(encoding="utf-8")


def test_replies_without_counts_leave_the_cost_unknown(paid: Path, server: Server) -> None:
    server.replies = [good("Oslo")]
    study = planned(paid)
    run_study(study, Quiet())
    results = analyse(study)
    for record in results["arms"].values():
        assert record["usage"]["token_usd"] is None
        assert record["usage"]["uncounted"] == record["usage"]["answers"]
    assert results["ledger"]["usd"] is None


def test_a_budget_stops_before_it_is_passed_and_the_same_command_goes_on(paid: Path) -> None:
    study = planned(paid)
    with pytest.raises(BudgetReached, match=r"budget of \$0.004 is reached"):
        run_study(study, Quiet(), budget=0.004)
    spent = spending(study.folder)["usd"]
    assert 0 < spent <= 0.004
    kept = {line["item"] for line in lines(study, "answers")}
    with pytest.raises(BudgetReached):
        run_study(study, Quiet(), budget=0.004)
    assert spending(study.folder)["usd"] <= 0.004
    assert run_study(study, Quiet(), budget=1.0) == {}
    for path in (study.folder / "answers").glob("*.jsonl"):
        items = [json.loads(line)["item"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert len(items) == len(set(items))
    assert kept <= {line["item"] for line in lines(study, "answers")}
    assert analyse(study)["status"] == "complete"


def test_a_budget_without_a_price_is_refused_before_anything_is_asked(paid: Path, server: Server) -> None:
    edit(paid / "tailor.yaml", "  tokens: ours/model\n", "")
    with pytest.raises(BudgetReached, match=r"price of the machine is unknown"):
        run_study(planned(paid), Quiet(), budget=1.0)
    assert server.asked == []


def test_a_job_at_a_provider_is_begun_only_within_the_budget(paid: Path) -> None:
    study = planned(paid)
    there, here = (Base("endpoint", "m", url, "m") for url in ("https://api.example.com/v1", "http://127.0.0.1:1/v1"))
    meter = Meter(study.folder, "api-tuned@0", study.workspace, there, 1.0)
    meter.admit_tuning(there, 0.9)
    with pytest.raises(BudgetReached, match=r"the next step could cost \$1.1000"):
        meter.admit_tuning(there, 1.1)
    with pytest.raises(BudgetReached, match="what tuning m costs is unknown"):
        meter.admit_tuning(there, None)
    meter.admit_tuning(here, None)  # time of a machine of one's own
    Meter(study.folder, "api-tuned@0", study.workspace, there, None).admit_tuning(there, None)


def test_a_price_that_nobody_knows_is_refused_by_name(paid: Path, server: Server) -> None:
    edit(paid / "tailor.yaml", "tokens: ours/model", "tokens: ours/modle")
    with pytest.raises(ConfigError, match="No price called 'ours/modle'"):
        planned(paid)
    assert server.asked == []


def test_a_providers_own_address_is_paid_by_the_token_and_a_local_one_by_the_hour(paid: Path) -> None:
    edit(paid / "tailor.yaml", "  tokens: ours/model\n", "  machine_hour_usd: 2.0\n")
    workspace = load_workspace(paid)

    def prices(url: str, model: str) -> Any:
        return study_prices(workspace, Base("endpoint", model, url, model))

    known = prices("https://api.openai.com/v1", "gpt-4.1-mini")
    assert (known.billing, known.tokens.name) == ("tokens", "openai/gpt-4.1-mini")
    # A price of one's own by host and model, for a model of one's own.
    text = PRICES.replace("ours/model", "api.example.com/tuned")
    (paid / "prices.yaml").write_text(text, encoding="utf-8")
    assert prices("https://api.example.com/v1", "tuned").tokens.source == "contract"
    unknown = prices("https://api.example.com/v1", "gpt-4.1-mini")
    assert (unknown.billing, unknown.tokens) == ("tokens", None)
    assert not unknown.known
    local = prices("http://192.168.1.7:8000/v1", "llama")
    assert (local.billing, local.machine_usd(1800.0)) == ("machine", 1.0)


def test_an_arm_with_a_model_of_its_own_is_not_estimated_at_the_price_of_the_base(paid: Path) -> None:
    arms = """\
  - zero-shot
  - endpoint: {url: "https://api.openai.com/v1", model: gpt-4.1-mini}
  - api-tuned: {url: "https://api.openai.com/v1", model: gpt-4.1-mini, epochs: 3, usd_per_million: [5.0, 25.0]}
  - their-bot: {endpoint: "https://api.example.com/v1", model: unheard-of}
  - predictions: {file: given.jsonl}
"""
    questions = [e.id for e in read_inputs(load_workspace(paid)).of("test")]
    given = [json.dumps({"id": q, "prediction": "x"}) for q in questions]
    (paid / "given.jsonl").write_text("\n".join(given), encoding="utf-8")
    text = (paid / "tailor.yaml").read_text(encoding="utf-8")
    head, _, tail = text.partition("arms:\n")
    (paid / "tailor.yaml").write_text(f"{head}arms:\n{arms}{tail[tail.index('seeds:') :]}", encoding="utf-8")
    workspace = load_workspace(paid)
    inputs = read_inputs(workspace)
    found = {a.arm: a for a in estimate(workspace, inputs).arms}
    price = study_prices(workspace, Base("endpoint", "gpt-4.1-mini", "https://api.openai.com/v1"), own=False).tokens
    assert price is not None
    asked = found["endpoint"]
    by_hand = (asked.prompt_tokens * price.rates["input"] + asked.completion_tokens * price.rates["output"]) / 1e6
    assert asked.usd == pytest.approx(by_hand, rel=0.05)  # tokens of a question are rounded
    assert asked.usd != found["zero-shot"].usd
    train = inputs.of("train")
    tokens = 3 * sum(len(e.question + (e.answer or "")) / 4 + 24 for e in train)
    low, high = found["api-tuned[usd_per_million=5.0]"], found["api-tuned[usd_per_million=25.0]"]
    assert low.usd is not None
    assert high.usd is not None
    assert high.usd - low.usd == pytest.approx(high.cells * 20.0 * tokens / 1e6)
    assert found["their-bot"].usd is None
    [given_arm] = [a for name, a in found.items() if name.startswith("given")]
    assert (given_arm.questions, given_arm.usd) == (0, 0)


def test_an_estimate_by_hand_asks_nothing_and_freezes_nothing(paid: Path, server: Server) -> None:
    workspace = load_workspace(paid)
    inputs = read_inputs(workspace)
    found = estimate(workspace, inputs, budget=0.001)
    [plain] = [a for a in found.arms if a.arm == "zero-shot"]
    test, dev = inputs.of("test"), inputs.of("dev")
    # 24 tokens around a question, four characters a token, two more to end an answer; 22 questions for latency
    prompt = round(24 + sum(len(e.question) for e in test) / len(test) / 4)
    answer = round(2 + sum(len(e.answer or "I don't know.") for e in test) / len(test) / 4)
    by_hand = (len(test) + 22) * (prompt * INPUT + answer * OUTPUT) / 1_000_000
    assert plain.usd == pytest.approx(float(by_hand))
    assert (plain.questions, plain.seconds, plain.basis) == (len(test) + 22, None, "tokens")
    [rag] = [a for a in found.arms if a.arm == "rag"]
    assert rag.prompt_tokens / rag.questions > plain.prompt_tokens / plain.questions
    assert rag.questions == len(test) + 22 + 4 * len(dev)
    assert found.usd == pytest.approx(sum(a.usd or 0 for a in found.arms))
    assert server.asked == []
    assert not (paid / ".tailor" / "studies").exists()
    ran = tailor("compare", paid, "--estimate", "--budget", "0.001")
    assert ran.code == 0, ran.err
    assert "more than the budget" in ran.out
    edit(paid / "tailor.yaml", "  tokens: ours/model\n", "")
    assert estimate(load_workspace(paid), inputs).usd is None


def test_waiting_for_a_providers_model_is_no_time_of_the_machine(tmp_path: Path) -> None:
    """In a study of a local base at $0.10 an hour, an arm that asks a provider is paid by its tokens alone."""
    workspace = load_workspace(save_workspace(tmp_path / "w", "builtin/small"))
    local = resolve_base("builtin/small", workspace.folder)
    meter = Meter(tmp_path, "cell", workspace, local, None)
    meter.time(3600)
    assert spending(tmp_path)["usd"] == pytest.approx(0.1)
    meter.asked = resolve_base({"endpoint": "https://api.example.com/v1", "model": "large"}, workspace.folder)
    meter.time(7200)
    assert spending(tmp_path)["usd"] == pytest.approx(0.1)
    meter.asked = resolve_base({"endpoint": "http://127.0.0.1:9/v1", "model": "large"}, workspace.folder)
    meter.time(3600)  # a server of the team's own is a machine of theirs
    assert spending(tmp_path)["usd"] == pytest.approx(0.2)
