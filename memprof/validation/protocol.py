"""How the people behind a source ran their models, where that differs from how today's libraries run them by default.

What a version of PyTorch decides holds for every source (`memprof.tensors.stack`). timm's own inference results of
PyTorch 2 (huggingface/pytorch-image-models, results/) fit only its --fast-norm, which keeps layer and group norm in the
autocast dtype: without it, models with group norm would have to move twice the bytes that the measured time allows.
"""

from __future__ import annotations

from dataclasses import replace

from memprof.devices.hosts import DEFAULT_HOST
from memprof.tensors.stack import Stack, measured_stack
from memprof.vocabulary import INFER

TIMM_SOURCE = "timm"
_HOSTS = {"NVIDIA DeepLearningExamples": "server-2020"}
"""What launched the kernels, by how a source's name begins: that one ran on DGX A100s with PyTorch 1.9."""
_FIRST_FAST_NORM = (2, 0)


def host_of(source: str) -> str:
    """Return the name of the host that `source` measured on, the default one where that is not known."""
    return next((host for begin, host in _HOSTS.items() if source.startswith(begin)), DEFAULT_HOST)


def stack_of(source: str, text: str, phase: str) -> Stack:
    """Return the stack that `source` measured on, which names it `text`; today's where that names no PyTorch."""
    stack = measured_stack(text)
    is_fast = source.startswith(TIMM_SOURCE) and stack.torch is not None and stack.torch >= _FIRST_FAST_NORM
    return replace(stack, fast_norm=stack.fast_norm or (is_fast and phase == INFER))
