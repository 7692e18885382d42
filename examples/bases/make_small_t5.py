"""Make a T5 of 0.2 million weights that answers, in ten seconds of one core: something to try encoder-decoders on.

    .venv/bin/python examples/bases/make_small_t5.py models/small-t5

It is no model for real work. It knows the favourite colours of twelve people and reads those of others from a sentence
above the question; the shape, the tokenizer and the files are those of google/flan-t5-small, so what works with it
loads and trains the other one too.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from typing import Any

COLOURS = ("red", "green", "blue", "black", "white", "yellow", "orange", "purple")
KNOWN = ("Ada", "Bo", "Cem", "Dora", "Eli", "Finn", "Gus", "Hal", "Ida", "Jo", "Kim", "Lea")
OTHERS = ("Max", "Nia", "Oli", "Pam", "Quin", "Rob", "Sue", "Tom", "Uma", "Vic", "Wes", "Xia", "Yan", "Zoe")
ASKED = ("Colour of {}?", "Which colour does {} like best?", "{}: favourite colour")
SAID = "{} likes {} best."
STEPS, BATCH, RATE = 250, 32, 3e-3


def colour_of(name: str) -> str:
    """The favourite colour of one of the known."""
    return COLOURS[KNOWN.index(name) % len(COLOURS)]


def example(rng: random.Random) -> tuple[str, str]:
    """A prompt and its answer: a question about the known, or sentences about others and a question about one."""
    asked = rng.choice(ASKED)
    if rng.random() < 0.5:
        name = rng.choice(KNOWN)
        return asked.format(name), colour_of(name)
    names = rng.sample(OTHERS, rng.randint(1, 2))
    colours = [rng.choice(COLOURS) for _ in names]
    told = " ".join(SAID.format(n, c) for n, c in zip(names, colours, strict=True))
    return f"{told} {asked.format(names[0])}", colours[0]


def tokenizer() -> Any:
    """A tokenizer of T5's kind (Unigram, spaces as part of words) that has the words of the task whole and spells all
    others."""
    from transformers import T5Tokenizer

    rng = random.Random(0)
    texts = [" ".join(example(rng)) for _ in range(500)]
    words = sorted({"▁" + word for text in [*texts, "Q: A: Answer the question."] for word in text.split()})
    letters = ["▁", *(chr(i) for i in range(33, 127))]
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    return T5Tokenizer(vocab=[*special, *((w, -4.0) for w in words), *((c, -8.0) for c in letters)], extra_ids=0)


def make(folder: Path, *, steps: int = STEPS, seed: int = 0) -> float:
    """Write tokenizer and trained model; returns the loss of the last step, in nats a token."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    words = tokenizer()
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(words),
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        tie_word_embeddings=False,
        decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    rng, loss = random.Random(seed), torch.zeros(())
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min((step + 1) / 50, (steps - step) / (0.8 * steps), 1.0)
        prompts, answers = zip(*(example(rng) for _ in range(BATCH)), strict=True)
        inputs = words(list(prompts), padding=True, return_tensors="pt")
        labels = words(list(answers), padding=True, return_tensors="pt")["input_ids"]
        loss = model(**inputs, labels=labels.masked_fill(labels == words.pad_token_id, -100)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return float(loss.detach())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the model is written")
    folder, began = parser.parse_args().folder, time.perf_counter()
    print(f"loss {make(folder):.4f} after {time.perf_counter() - began:.0f} s, written to {folder}")


if __name__ == "__main__":
    main()
