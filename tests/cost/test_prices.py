from __future__ import annotations

import contextlib
import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailor.cost.prices import STALE_DAYS, add_price, endpoint_vendor, read_book
from tailor.errors import ConfigError

TODAY = datetime.date(2026, 11, 25)
SHARED = Path(__file__).parents[3] / "shared" / "data"
LIST = """\
format_version: 1
kind: tokens
currency: USD
unit: 1M tokens
valid_from: 2026-06-01
source: contract
licence: own
prices:
  ours/model: {input: 0.5, output: 1.5}
"""


def write(folder: Path, text: str) -> Path:
    (folder / "prices.yaml").write_text(text, encoding="utf-8")
    return folder


def test_every_packaged_price_has_source_day_unit_and_a_positive_rate() -> None:
    book = read_book(today=TODAY)
    assert {p.kind for p in book.prices.values()} == {"tokens", "machine", "storage", "labelling"}
    for price in book.prices.values():
        assert price.source
        assert price.licence
        assert price.currency == "USD"
        assert price.valid_from <= TODAY
        assert all(rate > 0 for rate in price.rates.values())


def test_cached_input_and_batches_are_cheaper_than_plain_ones() -> None:
    for price in read_book(today=TODAY).search(kind="tokens"):
        rates = price.rates
        assert rates.get("cached", 0) < rates["input"]
        assert rates.get("batch_input", 0) < rates["input"]
        assert "output" not in rates or rates.get("batch_output", 0) < rates["output"]


@pytest.mark.parametrize(
    "path", ["genai_prices/data.json", "litellm_prices/model_prices_and_context_window_backup.json"]
)
def test_token_prices_are_those_of_the_public_catalogues(path: str) -> None:
    """Both catalogues are read here on their own; figures that only one of them has are not compared."""
    if not (SHARED / path).is_file():
        pytest.skip(f"{SHARED / path} is not on this machine")
    catalogue = json.loads((SHARED / path).read_text(encoding="utf-8"))
    compared = 0
    for price in read_book(today=TODAY).search(kind="tokens"):
        model = price.name.partition("/")[2]
        if isinstance(catalogue, list):
            [found] = [m for v in catalogue if v["id"] == price.vendor for m in v["models"] if m["id"] == model]
            named = {"input": "input_mtok", "cached": "cache_read_mtok", "output": "output_mtok"}
            scale, record = 1.0, found["prices"]
        else:
            prefix = {"google": "gemini/", "mistral": "mistral/", "groq": "groq/", "together": "together_ai/"}
            record = catalogue[prefix.get(price.vendor, "") + model]
            named = {
                "input": "input_cost_per_token",
                "cached": "cache_read_input_token_cost",
                "output": "output_cost_per_token",
                "batch_input": "input_cost_per_token_batches",
                "batch_output": "output_cost_per_token_batches",
            }
            scale = 1e6
        for ours, theirs in named.items():
            value = record.get(theirs)
            value = value["base"] if isinstance(value, dict) else value
            if ours in price.rates and value:
                assert price.rates[ours] == pytest.approx(value * scale), (price.name, ours)
                compared += 1
    assert compared > 60


def test_an_unknown_price_is_refused_by_name_and_never_zero() -> None:
    book = read_book(today=TODAY)
    with pytest.raises(ConfigError, match="No price called 'openai/gpt-4") as error:
        book.get("openai/gpt-4.1-mni")
    assert "openai/gpt-4.1-mini" in error.value.hint
    with pytest.raises(ConfigError, match="price of a machine"):
        book.get("lambda/a10", "tokens")


def test_only_a_vendors_own_address_has_its_prices() -> None:
    book = read_book(today=TODAY)
    found = book.of_endpoint("https://api.openai.com/v1", "gpt-4.1-mini")
    assert found is not None
    assert found.rates["input"] == 0.4
    assert book.of_endpoint("https://api.openai.com/v1", "gpt-9") is None
    for url in ("http://127.0.0.1:11434/v1", "https://api.openai.com.evil.example/v1", "not a url"):
        assert endpoint_vendor(url) is None


def test_prices_grow_old() -> None:
    price = read_book(today=TODAY).get("openai/gpt-4.1")
    assert not price.stale(price.valid_from + datetime.timedelta(days=STALE_DAYS))
    assert price.stale(price.valid_from + datetime.timedelta(days=STALE_DAYS + 1))


def test_ones_own_price_goes_before_the_packaged_one(tmp_path: Path) -> None:
    write(tmp_path, LIST.replace("ours/model", "openai/gpt-4.1"))
    price = read_book(tmp_path, today=TODAY).get("openai/gpt-4.1")
    assert (price.rates["input"], price.own) == (0.5, True)
    assert read_book(today=TODAY).get("openai/gpt-4.1").rates["input"] == 2


def test_of_two_lists_the_newest_that_holds_already_counts(tmp_path: Path) -> None:
    later = LIST.replace("2026-06-01", "2026-10-01").replace("0.5", "0.7")
    future = LIST.replace("2026-06-01", "2027-01-01").replace("0.5", "0.9")
    lists = "lists:\n" + "".join(
        "- " + "\n  ".join(text.rstrip().splitlines()) + "\n" for text in (later, LIST, future)
    )
    write(tmp_path, lists)
    assert len([p for p in read_book(tmp_path, today=TODAY).all if p.name == "ours/model"]) == 3
    assert read_book(tmp_path, today=TODAY).get("ours/model").rates["input"] == 0.7
    assert read_book(tmp_path, today=datetime.date(2027, 2, 1)).get("ours/model").rates["input"] == 0.9


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.5", "-0.5", "at least 0, found -0.5"),
        ("0.5", ".nan", "at least 0"),
        ("0.5", "free", "found 'free'"),
        ("USD", "XYZ", "currency is 'XYZ'"),
        ("1M tokens", "1k tokens", "per 1M tokens"),
        ("input:", "inptu:", "no rate called 'inptu'"),
        ("source: contract\n", "", "'source' is missing"),
        ("kind: tokens", "kind: love", "no kind of price called 'love'"),
        ("2026-06-01", "soon", "expected a day"),
        ("{input: 0.5, output: 1.5}", "7", "expected rates"),
        ("prices:", "prices: [", "not valid YAML"),
        ("format_version: 1", "format_version: 2", "format_version 2"),
    ],
)
def test_a_wrong_price_file_is_refused_with_its_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    write(tmp_path, LIST.replace(old, new))
    with pytest.raises(ConfigError, match=message) as error:
        read_book(tmp_path, today=TODAY)
    assert "prices.yaml" in str(error.value)


def test_adding_keeps_the_others_and_refuses_nonsense(tmp_path: Path) -> None:
    add_price(tmp_path, "ours/box", "machine", {"on_demand": 1.2}, "bill of May", TODAY)
    add_price(tmp_path, "ours/model", "tokens", {"input": 0.3, "output": 0.6}, "contract", TODAY)
    add_price(tmp_path, "ours/box", "machine", {"on_demand": 1.4}, "bill of June", TODAY)
    book = read_book(tmp_path, today=TODAY)
    assert (book.get("ours/box").rates, book.get("ours/model").source) == ({"on_demand": 1.4}, "contract")
    before = (tmp_path / "prices.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="at least 0"):
        add_price(tmp_path, "ours/model", "tokens", {"input": -1.0}, "x", TODAY)
    with pytest.raises(ConfigError, match="vendor/name"):
        add_price(tmp_path, "box", "machine", {"on_demand": 1.0}, "x", TODAY)
    assert (tmp_path / "prices.yaml").read_text(encoding="utf-8") == before


@given(st.text(max_size=80))
def test_any_text_as_a_price_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("prices")
    try:
        write(folder, text)
    except UnicodeEncodeError:
        return
    with contextlib.suppress(ConfigError):
        assert read_book(folder, today=TODAY).prices
