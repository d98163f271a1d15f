"""Building and running models as another stack would: PyTorch's and timm's own switches, set for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec

from torch import Tensor
from torch.backends import cuda
from torch.nn import functional

from memprof.profiles.optimizers import KEEPS_GRADIENTS
from memprof.tensors.stack import TODAY, Stack


@contextmanager
def stack_settings(stack: Stack) -> Iterator[None]:
    """While entered, models are built and run by the rules of `stack`; nothing changes for today's PyTorch.

    Without fused attention PyTorch's kernels of it are switched off, so that `scaled_dot_product_attention` is computed
    in steps, and timm builds its models as it did before it asked for that. Linear layers add their bias as those of a
    version of PyTorch did, and gradients are kept between steps where they were.
    """
    with ExitStack() as undo:
        if stack != TODAY:
            undo.callback(KEEPS_GRADIENTS.reset, KEEPS_GRADIENTS.set(stack.loops_over_parameters))
            _set_torch(stack, undo)
            _set_linear(stack, undo)
            if find_spec("timm") is not None:
                _set_timm(stack, undo)
        yield


def _set_torch(stack: Stack, undo: ExitStack) -> None:
    flash, efficient = cuda.flash_sdp_enabled(), cuda.mem_efficient_sdp_enabled()  # type: ignore[no-untyped-call]
    narrow = cuda.fp16_bf16_reduction_math_sdp_allowed()  # type: ignore[no-untyped-call]
    undo.callback(cuda.enable_flash_sdp, flash)
    undo.callback(cuda.enable_mem_efficient_sdp, efficient)
    undo.callback(cuda.allow_fp16_bf16_reduction_math_sdp, narrow)
    cuda.enable_flash_sdp(flash and stack.fuses_attention)
    cuda.enable_mem_efficient_sdp(efficient and stack.fuses_attention)
    cuda.allow_fp16_bf16_reduction_math_sdp(narrow or not stack.widens_attention_steps)


def _set_linear(stack: Stack, undo: ExitStack) -> None:
    most, fused = stack.fused_bias_dimensions, functional.linear
    if most is None:
        return

    def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if bias is None or input.dim() <= most:
            return fused(input, weight, bias)
        return (input @ weight.t()).add_(bias)

    undo.callback(setattr, functional, "linear", fused)
    functional.linear = linear


def _set_timm(stack: Stack, undo: ExitStack) -> None:
    from timm.layers.config import set_fused_attn, use_fused_attn
    from timm.layers.fast_norm import is_fast_norm, set_fast_norm

    fused, experimental = use_fused_attn(), use_fused_attn(experimental=True)
    undo.callback(set_fused_attn, fused, experimental=experimental)
    undo.callback(set_fast_norm, is_fast_norm())  # type: ignore[no-untyped-call]
    set_fused_attn(stack.fuses_attention)
    set_fast_norm(stack.fast_norm)  # type: ignore[no-untyped-call]
