"""A small Llama-type decoder in plain torch, made for pretraining on one processor core.

Parameter names and arithmetic are those of ``transformers.LlamaForCausalLM`` (RMSNorm, rotary positions in the
rotate-half convention, grouped-query attention, SwiGLU, tied embeddings, no biases), so that the weights are
saved once and loaded there without conversion.  Differences are of speed only: the three attention inputs and
the two feed-forward inputs are one matrix product each, weights are cast to bfloat16 once per step, and the
vocabulary projection is computed only for positions that carry loss.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; every field is a count except ``rope_theta`` and ``norm_epsilon``."""

    vocabulary: int = 4096
    hidden: int = 256
    layers: int = 5
    heads: int = 8
    key_value_heads: int = 4
    feed_forward: int = 688
    positions: int = 2048
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionary of the fields, for JSON."""
        return asdict(self)


@dataclass
class Cache:
    """Keys and values of the positions read so far, per layer ``(batch, key_value_heads, room, head_size)``."""

    keys: list[Tensor]
    values: list[Tensor]


class Attention(nn.Module):
    """Causal grouped-query attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        narrow = shape.key_value_heads * shape.head_size
        self.q_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.k_proj = nn.Linear(shape.hidden, narrow, bias=False)
        self.v_proj = nn.Linear(shape.hidden, narrow, bias=False)
        self.o_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)

    def project(self, x: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries and keys, and values, each ``(batch, heads, time, head_size)``."""
        batch, time, _ = x.shape
        s = self.shape
        weight = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight)).to(x.dtype)
        joint = F.linear(x, weight).view(batch, time, -1, s.head_size).transpose(1, 2)
        turning, v = joint.split((s.heads + s.key_value_heads, s.key_value_heads), dim=1)
        cosine, sine = rotary
        left, right = turning.chunk(2, dim=-1)
        turned = torch.cat((left * cosine - right * sine, right * cosine + left * sine), dim=-1)
        q, k = turned.split((s.heads, s.key_value_heads), dim=1)
        return q, k, v

    def output(self, attended: Tensor) -> Tensor:
        """Join the heads and project back to the hidden size."""
        batch, _, time, _ = attended.shape
        joined = attended.transpose(1, 2).reshape(batch, time, -1)
        return F.linear(joined, self.o_proj.weight.to(joined.dtype))

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        q, k, v = self.project(x, rotary)
        return self.output(F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True))


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020): ``down(silu(gate(x)) * up(x))``."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.cat((self.gate_proj.weight, self.up_proj.weight)).to(x.dtype)
        gate, up = F.linear(x, weight).chunk(2, dim=-1)
        return F.linear(F.silu(gate) * up, self.down_proj.weight.to(x.dtype))


class Norm(nn.Module):
    """Root-mean-square normalisation with a learned gain."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.hidden))
        self.epsilon = shape.norm_epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), self.epsilon)


class Block(nn.Module):
    """One decoder layer, normalised before attention and before the feed-forward part."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), rotary)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    """Embedding, blocks and last normalisation; the counterpart of ``LlamaModel``."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape)


class Llama(nn.Module):
    """The language model; ``state_dict`` has the names of ``LlamaForCausalLM`` with tied embeddings.

    ``compute`` is the type of activations and of the weights inside matrix products; parameters, gradients
    and the optimiser stay in float32.
    """

    def __init__(self, shape: Shape, compute: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.shape = shape
        self.compute = compute
        self.model = Decoder(shape)
        frequency = shape.rope_theta ** (-torch.arange(0, shape.head_size, 2).float() / shape.head_size)
        angle = torch.outer(torch.arange(shape.positions).float(), frequency)
        self.register_buffer("cosine", angle.cos(), persistent=False)
        self.register_buffer("sine", angle.sin(), persistent=False)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw N(0, 0.02) weights, output projections scaled by 1/sqrt(2 layers) (Radford 2019)."""
        generator = torch.Generator().manual_seed(seed)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                out = name.endswith(("o_proj.weight", "down_proj.weight"))
                deviation = 0.02 / math.sqrt(2 * self.shape.layers) if out else 0.02
                weight.normal_(0.0, deviation, generator=generator)

    def rotary(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine ``(..., time, head_size / 2)`` of integer positions."""
        cosine, sine = self.get_buffer("cosine"), self.get_buffer("sine")
        return cosine[positions].to(self.compute), sine[positions].to(self.compute)

    def hidden(self, tokens: Tensor) -> Tensor:
        """Last hidden states ``(batch, time, hidden)`` of token ids ``(batch, time)``."""
        rotary = self.rotary(torch.arange(tokens.shape[1]))
        x = F.embedding(tokens, self.model.embed_tokens.weight).to(self.compute)
        for layer in self.model.layers:
            x = layer(x, rotary)
        return self.model.norm(x)

    def project(self, hidden: Tensor) -> Tensor:
        """Vocabulary scores of hidden states, in the compute type."""
        return F.linear(hidden, self.model.embed_tokens.weight.to(hidden.dtype))

    def forward(self, tokens: Tensor) -> Tensor:
        """Scores ``(batch, time, vocabulary)`` for token ids ``(batch, time)``."""
        return self.project(self.hidden(tokens))

    def losses(self, tokens: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Cross-entropy in nats of the targets whose weight is above 0, in order of position (flat)."""
        chosen = weights.flatten().nonzero().squeeze(1)
        hidden = self.hidden(tokens).flatten(0, 1).index_select(0, chosen)
        return F.cross_entropy(
            self.project(hidden).float(), targets.flatten().index_select(0, chosen), reduction="none"
        )
