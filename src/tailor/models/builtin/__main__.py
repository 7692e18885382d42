"""Command line of the built-in model: ``python -m tailor.models.builtin tokenizer|pretrain|export|evaluate``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path


def clock(text: str) -> float:
    """A time of day ``HH:MM`` (UTC, today or the coming one) or ``+minutes``, as seconds since the epoch."""
    now = datetime.now(UTC)
    if text.startswith("+"):
        return now.timestamp() + 60 * float(text[1:])
    hour, minute = (int(part) for part in text.split(":"))
    seconds = now.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp()
    return seconds if seconds > now.timestamp() else seconds + 86_400


def make_tokenizer(arguments: argparse.Namespace) -> None:
    """Train the tokenizer on a sample of the corpus."""
    from tailor.models.builtin.corpus import documents
    from tailor.models.builtin.tokenizer import sample_texts, train_tokenizer

    train_tokenizer(sample_texts(documents(arguments.seed), arguments.characters), arguments.folder)


def run_pretraining(arguments: argparse.Namespace) -> None:
    """Start or continue a run."""
    from tailor.models.builtin.network import Shape
    from tailor.models.builtin.pretrain import Settings, pretrain

    shape = Shape(
        hidden=arguments.hidden,
        layers=arguments.layers,
        heads=arguments.heads,
        key_value_heads=arguments.key_value_heads,
        feed_forward=arguments.feed_forward,
    )
    pretrain(
        Settings(
            run=arguments.run,
            tokenizer=arguments.tokenizer,
            deadline=arguments.until,
            shape=shape,
            seed=arguments.seed,
            start=arguments.start,
            seen=int(arguments.seen),
            processes=arguments.processes,
            muon=not arguments.adamw,
            rate=arguments.rate,
            decay_share=arguments.decay,
            pieces=arguments.pieces,
        )
    )


def export_weights(arguments: argparse.Namespace) -> None:
    """Copy the run's latest published weights to a folder."""
    from tailor.models.builtin.export import export, load

    latest = arguments.run / "latest"
    export(load(latest), latest, arguments.folder)


def show_accuracies(arguments: argparse.Namespace) -> None:
    """Print probe accuracies of an exported folder."""
    from tailor.models.builtin.evaluate import as_records, evaluate, table

    rows = evaluate(arguments.folder, arguments.items, arguments.seed)
    print(json.dumps(as_records(rows), indent=2) if arguments.json else table(rows))


def parser() -> argparse.ArgumentParser:
    """The command line's arguments."""
    small = Path(__file__).parent / "weights" / "small"
    top = argparse.ArgumentParser(prog="python -m tailor.models.builtin", description=__doc__)
    commands = top.add_subparsers(required=True)
    tokenizer = commands.add_parser("tokenizer", help="train the tokenizer on a sample of the corpus")
    tokenizer.add_argument("folder", type=Path)
    tokenizer.add_argument("--characters", type=int, default=15_000_000)
    tokenizer.add_argument("--seed", type=int, default=0)
    tokenizer.set_defaults(act=make_tokenizer)
    pretrain = commands.add_parser("pretrain", help="start a run, or continue it from its checkpoint")
    pretrain.add_argument("run", type=Path)
    pretrain.add_argument("--tokenizer", type=Path, required=True)
    pretrain.add_argument("--until", type=clock, required=True, help="HH:MM in UTC, or +minutes")
    pretrain.add_argument("--seed", type=int, default=1)
    pretrain.add_argument("--start", type=Path, help="an exported folder whose weights to begin with")
    pretrain.add_argument("--seen", type=float, default=0, help="tokens those weights have been trained on")
    pretrain.add_argument("--processes", type=int, default=1, help="processes of one thread that share each step")
    pretrain.add_argument("--rate", type=float, default=1.0, help="multiplies the learning rates of the recipe")
    pretrain.add_argument("--decay", type=float, default=0.25, help="share of the time over which the rates fall to 0")
    pretrain.add_argument("--pieces", type=int, default=4, help="pieces of about 2,000 tokens in one step")
    pretrain.add_argument("--hidden", type=int, default=256)
    pretrain.add_argument("--layers", type=int, default=4)
    pretrain.add_argument("--heads", type=int, default=8)
    pretrain.add_argument("--key-value-heads", type=int, default=4)
    pretrain.add_argument("--feed-forward", type=int, default=688)
    pretrain.add_argument("--adamw", action="store_true", help="AdamW for the block matrices instead of Muon")
    pretrain.set_defaults(act=run_pretraining)
    export = commands.add_parser("export", help="copy a run's latest weights to a folder transformers can load")
    export.add_argument("run", type=Path)
    export.add_argument("folder", type=Path, nargs="?", default=small)
    export.set_defaults(act=export_weights)
    evaluate = commands.add_parser("evaluate", help="probe accuracies with 95 % intervals")
    evaluate.add_argument("folder", type=Path, nargs="?", default=small)
    evaluate.add_argument("--items", type=int, default=200)
    evaluate.add_argument("--seed", type=int, default=4242)
    evaluate.add_argument("--json", action="store_true")
    evaluate.set_defaults(act=show_accuracies)
    return top


def main() -> int:
    """Run one command; 0 on success, 2 when something expected was not found."""
    arguments = parser().parse_args()
    try:
        arguments.act(arguments)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
