"""How the people behind a source ran their models, where that differs from how today's libraries run them by default.

What a version of PyTorch decides holds for every source: up to 1.13 there was no fused attention, so that timm's
models computed softmax(Q K^T) V in steps, as `set_fused_attn(False)` does today. A Linear layer with a bias was one
kernel for inputs of two dimensions only before 1.12 (github.com/pytorch/pytorch pull request 72728), of up to three
before 2.1 (106911: ConvNeXt's, of four, became 35 % faster in bfloat16); of more it multiplied, then added the bias.
Before 2.5, attention that no fused kernel takes was computed in 16 bits where its operands had them; since then it is
in 32. timm's own inference results of PyTorch 2 (huggingface/pytorch-image-models, results/) fit only its --fast-
norm, which keeps layer and group norm in the autocast dtype: without it, models with group norm would have to move
twice the bytes that the measured time allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from memprof.devices.hosts import DEFAULT_HOST
from memprof.vocabulary import INFER

if TYPE_CHECKING:
    from torch import Tensor

TIMM_SOURCE = "timm"
_HOSTS = {"NVIDIA DeepLearningExamples": "server-2020"}
"""What launched the kernels, by how a source's name begins: that one ran on DGX A100s with PyTorch 1.9."""
_FIRST_FUSED = (2, 0)
_FIRST_WIDE_STEPS = (2, 5)
_FUSED_LINEAR = (((1, 12), 2), ((2, 1), 3))
"""Before a version, the most dimensions of an input to which a Linear layer adds its bias at once."""


def torch_version(stack: str) -> tuple[int, int] | None:
    """Return the major and minor version in a stack such as "torch 1.12, CUDA 11.3", None where it names none."""
    match = re.search(r"torch\s+(\d{1,9})\.(\d{1,9})", stack)
    return (int(match[1]), int(match[2])) if match else None


def host_of(source: str) -> str:
    """Return the name of the host that `source` measured on, the default one where that is not known."""
    return next((host for begin, host in _HOSTS.items() if source.startswith(begin)), DEFAULT_HOST)


@contextmanager
def source_settings(source: str, stack: str, phase: str) -> Iterator[None]:
    """While entered, build and run models as `source` did on `stack`; nothing changes where it names no PyTorch."""
    version = torch_version(stack)
    if version is None:
        yield
        return
    from timm.layers.config import set_fused_attn, use_fused_attn
    from timm.layers.fast_norm import is_fast_norm, set_fast_norm
    from torch.backends import cuda

    norm, fused, experimental = is_fast_norm(), use_fused_attn(), use_fused_attn(experimental=True)  # type: ignore[no-untyped-call]
    narrow = cuda.fp16_bf16_reduction_math_sdp_allowed()  # type: ignore[no-untyped-call]
    set_fused_attn(version >= _FIRST_FUSED)
    if source.startswith(TIMM_SOURCE):
        set_fast_norm(version >= _FIRST_FUSED and phase == INFER)  # type: ignore[no-untyped-call]
    cuda.allow_fp16_bf16_reduction_math_sdp(narrow or version < _FIRST_WIDE_STEPS)
    try:
        with _linear_of(version):
            yield
    finally:
        set_fast_norm(norm)  # type: ignore[no-untyped-call]
        set_fused_attn(fused, experimental=experimental)
        cuda.allow_fp16_bf16_reduction_math_sdp(narrow)


@contextmanager
def _linear_of(version: tuple[int, int]) -> Iterator[None]:
    """While entered, Linear layers add their bias as those of a version of PyTorch did."""
    from torch.nn import functional

    most = next((most for first, most in _FUSED_LINEAR if version < first), None)
    if most is None:
        yield
        return
    fused = functional.linear

    def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if bias is None or input.dim() <= most:
            return fused(input, weight, bias)
        return (input @ weight.t()).add_(bias)

    functional.linear = linear
    try:
        yield
    finally:
        functional.linear = fused
