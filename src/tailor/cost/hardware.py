"""What training and serving take, from the size of a model: operations, time, memory. Estimates, and named as such.

    training operations  k × N × T       N weights, T tokens seen; k = 6 in full tuning (forward 2, gradient towards the
                                          input 2, gradient of the weights 2), 4 where the weights are frozen (LoRA,
                                          QLoRA: the last 2 go, the adapter's own are lost in the rest); 2 more where
                                          activations are computed again to save memory
    training time        operations / (peak × MFU)
    memory, at least     full 16 bytes a weight (bfloat16 weight and gradient, float32 copy and two moments);
                         LoRA 2 bytes a frozen weight, QLoRA 0.55, and 16 a trained one. Activations come on top.

Sources: Kaplan et al. 2020 (2 and 6 operations a token and weight), Hu et al. 2021 (LoRA), Dettmers et al. 2023
(QLoRA: 4 bits and the constants of its quantisation); peaks are NVIDIA's data sheets, dense, half precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Tuning = Literal["full", "lora", "qlora"]
OPERATIONS: Mapping[Tuning, int] = {"full": 6, "lora": 4, "qlora": 4}
BYTES_FROZEN: Mapping[Tuning, float] = {"full": 0.0, "lora": 2.0, "qlora": 0.55}
BYTES_TRAINED = 16.0
# Model FLOP utilisation that a well-made training reaches on one GPU; small models and short rows reach less.
MFU = 0.35
# Rank 16 on every linear layer of a 7B to 8B model is about half a percent of its weights.
TRAINED_SHARE = 0.005
PEAK_TFLOPS: Mapping[str, float] = {
    "RTX 6000": 130.5,
    "A10": 125.0,
    "L4": 121.0,
    "A6000": 154.8,
    "V100": 125.0,
    "A100": 312.0,
    "A100 PCIe": 312.0,
    "GH200": 989.4,
    "H100": 989.4,
    "H100 PCIe": 756.0,
    "B200": 2250.0,
}


def training_seconds(
    weights: float, tokens: float, tuning: Tuning, peak_tflops: float, *, mfu: float = MFU, recompute: bool = False
) -> float:
    """Seconds on hardware with that peak in all.

    Args:
        weights: of the whole model, frozen ones included.
        tokens: tokens seen, epochs included.
        recompute: activations are computed again in the backward pass.
    """
    operations = (OPERATIONS[tuning] + (2 if recompute else 0)) * weights * tokens
    return operations / (peak_tflops * 1e12 * mfu)


def training_gb(weights: float, tuning: Tuning, *, trained_share: float = TRAINED_SHARE) -> float:
    """Gigabytes (1e9 bytes) that weights, gradients and optimiser take at least; activations come on top."""
    trained = weights if tuning == "full" else trained_share * weights
    return (BYTES_FROZEN[tuning] * weights + BYTES_TRAINED * trained) / 1e9


def serving_gb(weights: float, *, bits: int = 16) -> float:
    """Gigabytes that the weights take at least; what it remembers of each conversation comes on top."""
    return weights * bits / 8 / 1e9
