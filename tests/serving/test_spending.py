"""Money limits of keys: counted from priced usage, held across a restart."""

from __future__ import annotations

import datetime
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest

from tailor.cost.prices.files import add_price
from tailor.errors import ConfigError
from tailor.records import Adaptation, Base, Completion, Interval, Usage
from tailor.registry import Evidence, Lineage, ReleaseStore
from tailor.runtime import Runtime
from tailor.serving.keys import KeyStore
from tailor.serving.pricing import Rate
from tailor.serving.request_log import open_log
from tailor.study.ledger import StudyPrices

EACH = 0.02
"""10 tokens at 1,000 and 5 at 2,000 US dollars a million."""


class Provider:
    """An OpenAI-compatible endpoint that bills 10 and 5 tokens for every answer."""

    def __init__(self) -> None:
        self.asked = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                provider.asked += 1
                choice = {"message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
                usage = {"prompt_tokens": 10, "completion_tokens": 5}
                body = json.dumps({"choices": [choice], "usage": usage}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.http.shutdown()
    provider.http.server_close()


@pytest.fixture
def shop(workspace: Path, provider: Provider) -> Path:
    """A workspace whose champion asks a model with a price; `free@3` asks one without."""
    day = datetime.date(2026, 11, 1)
    add_price(workspace, "127.0.0.1/priced", "tokens", {"input": 1000.0, "output": 2000.0}, "a test", day)
    for model in ("free", "priced"):
        base = Base("endpoint", model, provider.url, model)
        evidence = Evidence(Interval(0.8, 0.7, 0.9), "adopt", True)
        lineage = Lineage("d" * 64, "e" * 64, {"arm": model}, "0.1.0", evidence)
        ReleaseStore(workspace).promote(
            Adaptation(base), arm=model, seed=0, study="s", lineage=lineage, by="ada", why="test"
        )
    return workspace


def ask(url: str, token: str, model: str = "champion", **options: Any) -> Any:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=token, timeout=20, max_retries=2)
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Open?"}], **options)


def test_a_key_that_has_spent_its_money_waits_for_the_next_month(
    shop: Path, provider: Provider, run_server: Any
) -> None:
    _, poor = KeyStore(shop).add("poor", usd_per_month=2.5 * EACH)
    _, rich = KeyStore(shop).add("rich")
    for _ in range(2):
        with run_server(shop, Runtime) as url:
            if provider.asked == 0:
                ask(url, poor), ask(url, poor, n=2)
            before = provider.asked
            with pytest.raises(openai.RateLimitError) as refused:
                ask(url, poor)
            # The client is told not to try again by itself, and the model was not asked.
            assert provider.asked == before
            assert (refused.value.code, refused.value.type) == ("insufficient_quota", "insufficient_quota")
            assert "0.05 US dollars" in refused.value.message
            assert ask(url, rich).choices[0].message.content == "Yes."
    command = [sys.executable, "-m", "tailor.cli.main", "keys", "list", "-w", str(shop), "--json"]
    listed = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
    assert [k["usd_per_month"] for k in listed] == [2.5 * EACH, None]
    assert [k["usd_this_month"] for k in listed] == pytest.approx([3 * EACH, 2 * EACH])


def test_a_limit_that_cannot_be_held_is_said(shop: Path, run_server: Any) -> None:
    _, poor = KeyStore(shop).add("poor", usd_per_month=1)
    _, rich = KeyStore(shop).add("rich")
    with run_server(shop, Runtime) as url:
        with pytest.raises(openai.PermissionDeniedError) as refused:
            ask(url, poor, "free@3")
        assert refused.value.code == "price_unknown"
        assert ask(url, rich, "free@3").choices[0].message.content == "Yes."
        assert ask(url, poor).choices[0].message.content == "Yes."
    with sqlite3.connect(shop / ".tailor" / "serving" / "requests.db") as database:
        rows = dict(database.execute("SELECT model, usd FROM requests"))
    # Unknown is unknown, not 0.
    assert rows == {"free@3": None, "champion": pytest.approx(EACH)}


def test_machine_time_is_charged_by_an_answers_own_share_of_it() -> None:
    rate = Rate(StudyPrices("machine", None, None, 2.0), 48)
    assert rate.of([Completion("a", Usage(1, 1, 27.0)), Completion("b", Usage(1, 1, 9.0))]) == pytest.approx(0.02)
    assert rate.at_most(10, None, 1, 3600.0) == 2.0
    assert Rate(StudyPrices("machine", None, None, None), 48).of([Completion("a")]) is None


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_impossible_limits(limit: float, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="US dollars a month"):
        KeyStore(tmp_path).add("x", usd_per_month=limit)


def test_a_log_of_the_last_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "requests.db"
    columns = (
        "id, at, route, key, model, release, unit, experiment, phase, arm, shadow_of, status, code, stream, complete, "
        "refused, finish, prompt_tokens, completion_tokens, first_text_ms, ms, input, output"
    )
    with sqlite3.connect(path) as old:
        old.execute(f"CREATE TABLE requests ({columns}, PRIMARY KEY (id))")
        old.execute("CREATE TABLE exposures (experiment, phase, unit, arm, at, PRIMARY KEY (experiment, phase, unit))")
        old.execute("INSERT INTO requests (id, key) VALUES ('r1', 'k1')")
        old.execute("PRAGMA user_version = 1")
    for _ in range(2):
        database = open_log(path)
        assert database.execute("SELECT id, key, usd FROM requests").fetchall() == [("r1", "k1", None)]
        assert database.execute("SELECT count(propensity) FROM exposures").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM spending").fetchone() == (0,)
        database.close()
