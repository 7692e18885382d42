"""Load through the door of `tailor serve` to an engine without a model: what the door adds, and what it does in need.

    .venv/bin/python benchmarks/serving/load.py                       # about 6 minutes
    .venv/bin/python benchmarks/serving/load.py --full                # 5 minutes of load, 30 of soak
    .venv/bin/python benchmarks/serving/load.py --litellm /tmp/litellm/bin/litellm --only overhead streams

Engine, door and load are three processes on loopback. Load is open-loop: requests leave at their time whether or not
earlier ones are back, and latency counts from that time. What the door adds is a quantile through the door minus that
quantile straight to the engine, under the same load, JSON and HTTP included. On a machine that does something else
beside, look at the processor's milliseconds per request instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from processes import Door, beside, door, engine, litellm, make_workspace

PARTS = ("overhead", "streams", "overload", "swaps", "soak")


@dataclass
class Replies:
    """What came back: seconds from the scheduled time, to the first and to the last byte, by status."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    refused: list[tuple[float, bool]] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, str]] = field(default_factory=Counter)

    def quantiles(self, values: Sequence[float]) -> dict[str, float]:
        """p50 and p99 in milliseconds."""
        ordered = sorted(values) or [float("nan")]
        return {f"p{q}": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * q // 100)], 2) for q in (50, 99)}


async def ask(http: aiohttp.ClientSession, url: str, model: str, due: float, replies: Replies, stream: bool) -> None:
    """One request that was to leave at `due`."""
    body = {"model": model, "messages": [{"role": "user", "content": "What time is it?"}], "stream": stream}
    try:
        async with http.post(f"{url}/v1/chat/completions", json=body) as reply:
            first, raw = None, b""
            async for chunk in reply.content.iter_any():
                first = first or time.perf_counter()
                raw += chunk
            now = time.perf_counter()
            replies.statuses[reply.status] += 1
            if reply.status == 200:
                replies.seconds.append(now - due)
                replies.first.append((first or now) - due)
                text, label = said(raw, stream)
                replies.texts[text] += 1
                replies.labels[label, text.split(" ")[0]] += 1
            else:
                in_order = reply.status == 429 and reply.headers.get("retry-after", "").isdigit()
                replies.refused.append((now - due, in_order))
    except (aiohttp.ClientError, TimeoutError):
        replies.statuses[0] += 1


def said(raw: bytes, stream: bool) -> tuple[str, str]:
    """The words of a reply and the model that it names."""
    if not stream:
        value = json.loads(raw)
        return value["choices"][0]["message"]["content"], value["model"]
    text, label = "", ""
    for line in raw.decode().splitlines():
        if line.startswith("data: {"):
            value = json.loads(line[6:])
            if "error" in value:
                return f"error {value['error']}", label
            label = value["model"]
            text += "".join(c["delta"].get("content") or "" for c in value["choices"])
    return text, label


async def load(url: str, model: str, rate: float, seconds: float, *, stream: bool = False) -> Replies:
    """So many requests a second for so long."""
    replies = Replies()
    limits = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=limits, timeout=aiohttp.ClientTimeout(total=60)) as http:
        start, tasks = time.perf_counter() + 0.1, []
        for n in range(int(rate * seconds)):
            due = start + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(ask(http, url, model, due, replies, stream)))
        await asyncio.gather(*tasks)
    return replies


def added(direct: Replies, through: Replies, name: str = "seconds") -> dict[str, Any]:
    one, two = (r.quantiles(getattr(r, name)) for r in (direct, through))
    return {
        "direct": one,
        "through": two,
        "added": {q: round(two[q] - one[q], 2) for q in one},
        "errors": through.statuses.total() - through.statuses[200],
        "requests": through.statuses.total(),
    }


def overhead(engine_url: str, doors: dict[str, Door], seconds: float, rate: float) -> dict[str, Any]:
    """Whole answers at a steady rate: every door beside the engine itself, in turns."""
    found = {}
    for name, through in doors.items():
        asyncio.run(load(through.url, through.model, rate, 2))
        direct = asyncio.run(load(engine_url, "mock", rate, seconds / 2))
        before = through.processor_seconds()
        replies = asyncio.run(load(through.url, through.model, rate, seconds))
        spent = 1000 * (through.processor_seconds() - before) / replies.statuses.total()
        found[name] = {**added(direct, replies), "processor_ms_per_request": round(spent, 2)}
    return found


def streams(engine_url: str, doors: dict[str, Door], count: int) -> dict[str, Any]:
    """So many streams begun within two seconds, each two seconds and more long, so that all are open at once."""
    found = {}
    for name, through in doors.items():
        asyncio.run(load(through.url, through.model, 10, 1, stream=True))
        direct = asyncio.run(load(engine_url, "mock", count / 2, 2, stream=True))
        replies = asyncio.run(load(through.url, through.model, count / 2, 2, stream=True))
        texts = {t.split(" ", 1)[1] for t in (*direct.texts, *replies.texts)}
        found[name] = {**added(direct, replies, "first"), "same_words": len(texts) == 1}
    return found


def overload(through: Door, capacity: float, seconds: float) -> dict[str, Any]:
    """Five times what the engine can do; then how long until answers come as fast as before."""
    usual = asyncio.run(load(through.url, through.model, capacity / 2, 5)).quantiles
    before = asyncio.run(load(through.url, through.model, capacity / 2, 5))
    replies = asyncio.run(load(through.url, through.model, 5 * capacity, seconds))
    over, recovery = time.perf_counter(), None
    while time.perf_counter() - over < 30:
        now = asyncio.run(load(through.url, through.model, capacity / 2, 1))
        if now.quantiles(now.seconds)["p50"] <= 2 * usual(before.seconds)["p50"]:
            recovery = round(time.perf_counter() - over, 1)
            break
    prompt = sum(in_order and seconds <= 0.1 for seconds, in_order in replies.refused)
    return {
        "capacity_per_second": capacity,
        "statuses": dict(replies.statuses),
        "refusals_in_order": sum(in_order for _, in_order in replies.refused),
        "refusals_in_order_within_100_ms": round(prompt / max(1, len(replies.refused)), 4),
        "refusal_ms": replies.quantiles([s for s, _ in replies.refused]),
        "recovery_seconds": recovery,
    }


def swaps(through: Door, workspace: Path, count: int) -> dict[str, Any]:
    """The champion changes under load; an answer's label must name the release whose words it has."""
    from tailor.registry import ReleaseStore

    async def run() -> Replies:
        store = ReleaseStore(workspace)

        def swap() -> None:
            for _ in range(count):
                store.rollback("benchmark", "swap")

        swapping = asyncio.create_task(asyncio.to_thread(swap))
        found = Replies()
        while not swapping.done():
            part = await load(through.url, through.model, 20, 2)
            found.statuses += part.statuses
            found.labels += part.labels
        await swapping
        return found

    replies = asyncio.run(run())
    wrong = sum(n for (label, word), n in replies.labels.items() if label != word)
    by_label = {label: n for (label, word), n in replies.labels.items() if label == word}
    return {
        "swaps": count,
        "requests": replies.statuses.total(),
        "failed": replies.statuses.total() - replies.statuses[200],
        "mislabelled": wrong,
        "answers": by_label,
    }


def soak(through: Door, seconds: float, rate: float) -> dict[str, Any]:
    """Memory and descriptors of the door after a warm-up and at the end."""
    asyncio.run(load(through.url, through.model, rate, min(60, seconds / 3)))
    time.sleep(2)
    before = through.usage()
    replies = asyncio.run(load(through.url, through.model, rate, seconds))
    time.sleep(70 if seconds > 600 else 5)  # connections that are kept alive end
    after = through.usage()
    return {
        "requests": replies.statuses.total(),
        "errors": replies.statuses.total() - replies.statuses[200],
        "memory_mb": [round(u["rss"] / 1e6, 1) for u in (before, after)],
        "memory_growth": round(after["rss"] / before["rss"] - 1, 4),
        "descriptors": [before["fds"], after["fds"]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the lengths of the acceptance list")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--litellm", type=Path, help="the `litellm` of an environment of its own, measured beside")
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
    }
    with tempfile.TemporaryDirectory() as name, beside() as processes:
        root = Path(name)
        plain = engine(processes)
        workspace = make_workspace(root / "plain", plain)
        doors = {"tailor": door(processes, workspace)}
        if options.litellm:
            doors["litellm"] = litellm(processes, root, options.litellm, plain)
        if "overhead" in options.only:
            found["overhead"] = overhead(plain, doors, 300 if options.full else 60, options.rate)
        if "streams" in options.only:
            found["streams"] = streams(plain, doors, 200)
        if "swaps" in options.only:
            found["swaps"] = swaps(doors["tailor"], workspace, 200)
        if "overload" in options.only:
            # 8 at once, 100 ms each: 80 a second.
            slow = make_workspace(root / "slow", engine(processes, "--milliseconds", "100", "--slots", "8"))
            found["overload"] = overload(door(processes, slow), 80, 60 if options.full else 20)
        if "soak" in options.only:
            found["soak"] = soak(doors["tailor"], 1800 if options.full else 120, options.rate / 2)
    found["load_after"] = os.getloadavg()[0]
    text = json.dumps(found, indent=2)
    sys.stdout.write(text + "\n")
    if options.output:
        options.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
