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
_HOSTS = {"NVIDIA DeepLearningExamples": "server-2020", "InceptionNeXt": "server-2020"}
"""What launched the kernels, by how a source's name begins: servers of A100s, with PyTorch 1.9 and 1.13."""
_INCEPTIONNEXT, _CONVNEXT, _ARITHMETIC = "InceptionNeXt README", "convnext_t", ":norm=arithmetic"
_FIRST_FAST_NORM = (2, 0)


def host_of(source: str) -> str:
    """Return the name of the host that `source` measured on, the default one where that is not known."""
    return next((host for begin, host in _HOSTS.items() if source.startswith(begin)), DEFAULT_HOST)


def model_of(source: str, model: str) -> str:
    """Return the network that `source` measured and calls `model`.

    The ConvNeXts of the InceptionNeXt README are the official code's, whose layer norm of stem and downsampling is
    plain arithmetic (models/convnext.py in github.com/sail-sg/inceptionnext).
    """
    is_official = source.startswith(_INCEPTIONNEXT) and model.startswith(_CONVNEXT) and ":" not in model
    return model + _ARITHMETIC if is_official else model


def stack_of(source: str, text: str, phase: str) -> Stack:
    """Return the stack that `source` measured on, which names it `text`; today's where that names no PyTorch."""
    stack = measured_stack(text)
    is_fast = source.startswith(TIMM_SOURCE) and stack.torch is not None and stack.torch >= _FIRST_FAST_NORM
    return replace(stack, fast_norm=stack.fast_norm or (is_fast and phase == INFER))
