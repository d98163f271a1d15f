"""InceptionNeXt's token mixer as one operator, `memprof::inception_mixer`, which Triton's kernels run.

On the meta device it only has a shape, so that a step can be simulated without triton and without a GPU;
memprof.operators.inception_mixer says what it costs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from memprof.errors import ModelError

NAME = "memprof::inception_mixer"


def has_triton() -> bool:
    """Return whether triton can be imported."""
    return find_spec("triton") is not None


def _kernels(x: Tensor) -> Any:
    if not has_triton():
        raise ModelError(
            "triton is not installed, which the fused token mixer needs",
            'install it (`pip install triton`; CUDA builds of PyTorch bring it), or use implementation="reference"',
        )
    if x.device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
        raise ModelError(
            "the fused token mixer was given a tensor on the CPU, and there is no GPU in that",
            'move the network to a GPU, use implementation="auto", or set TRITON_INTERPRET=1 to test it',
        )
    from memprof.models import mixer_kernels

    return mixer_kernels


@torch.library.custom_op(NAME, mutates_args=())
def inception_mixer(x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> Tensor:
    """Mix (N, C, H, W): square, horizontal and vertical weights in this order, and as many biases or none."""
    return _kernels(x).forward(x, tuple(weights), tuple(biases) or None)  # type: ignore[no-any-return]


@inception_mixer.register_fake
def _(x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op(NAME + "_backward", mutates_args=())
def inception_mixer_backward(
    grad: Tensor, x: Tensor, weights: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Return the gradients of the input, the weights and the biases."""
    return _kernels(x).backward(grad, x, tuple(weights))  # type: ignore[no-any-return]


@inception_mixer_backward.register_fake
def _(grad: Tensor, x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    return (
        torch.empty_like(x),
        [torch.empty_like(weight) for weight in weights],
        [weight.new_empty(weight.shape[0]) for weight in weights],
    )


def _keep(ctx: Any, inputs: tuple[Tensor, list[Tensor], list[Tensor]], output: Tensor) -> None:
    x, weights, biases = inputs
    ctx.save_for_backward(x, *weights)
    ctx.biased = bool(biases)


def _differentiate(context: Any, grad: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    x, *weights = context.saved_tensors
    of_x, of_weights, of_biases = inception_mixer_backward(grad, x, weights)
    return of_x, of_weights, of_biases if context.biased else []


inception_mixer.register_autograd(_differentiate, setup_context=_keep)
