"""The stack that a step runs on: which library versions launch other kernels than today's, and how. Imports no torch.

Each rule stands here once, with the version from which it holds. What a version of PyTorch decides:

- Fused attention (`scaled_dot_product_attention`) came with 2.0; before, and with timm before 0.9, models computed
  softmax(Q K^T) V in steps.
- Attention in steps was computed in 16 bits where its operands had them; since 2.5 it is in 32
  (`torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp`).
- A Linear layer with a bias was one kernel for inputs of two dimensions only before 1.12 (github.com/pytorch/pytorch
  pull request 72728), of up to three before 2.1 (106911: ConvNeXt's, of four, became 35 % faster in bfloat16); of more
  it multiplied, then added the bias.
- cuDNN's persistent kernels run small recurrent layers since 1.12 (`use_rnn_persist_small_h` in
  ATen/native/cudnn/RNN.cpp).
- Before 2.0 an optimizer went through the parameters one by one, `zero_grad` filled gradients with zeros instead of
  dropping them, and the backward pass added to them (2.0's release notes: foreach and set_to_none by default).
- Before 2.8 the gradients of a layer norm's scale and shift were summed by a block for 32 columns, however many the
  rows (github.com/pytorch/pytorch pull request 148605).

Which norm is no matter of a version: timm's --fast-norm keeps layer and group norm in the autocast dtype.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from memprof.errors import WorkloadError
from memprof.vocabulary import TODAYS_STACK

_FUSED_ATTENTION, _WIDE_STEPS, _PERSISTENT_SMALL = (2, 0), (2, 5), (1, 12)
_FOREACH, _SPLIT_ROWS = (2, 0), (2, 8)
_FUSED_BIAS = (((1, 12), 2), ((2, 1), 3))
"""Before a version, the most dimensions of an input to which a Linear layer adds its bias at once."""
_OLDEST, _REMEDY = (1, 0), 'write it like "torch 1.13", "torch 2.4, attention in steps" or "torch 2.4, fast norm"'
_STEPS, _FUSED, _FAST_NORM = "attention in steps", "fused attention", "fast norm"
_TORCH = re.compile(r"(?:py)?torch[\s=v]+(\d{1,3})\.(\d{1,3})[\w.+-]*", re.IGNORECASE)
_BESIDE = re.compile(r"(?:cuda|cudnn|rocm|ngc|timm|triton|python|driver)[\s=v]+[0-9][\w.+-]*", re.IGNORECASE)
"""What people name beside PyTorch. None of it changes a rule: PyTorch's version decides which of them are used."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What a step runs on; by default today's PyTorch.

    `torch` is PyTorch's major and minor version, None for today's. `attention` says which one runs where that is not
    what the version decides: "attention in steps" or "fused attention". `fast_norm` is timm's option of that name.
    """

    torch: tuple[int, int] | None = None
    attention: str = ""
    fast_norm: bool = False

    @property
    def text(self) -> str:
        """Return the stack as `--stack` takes it, equal for equal stacks; "" for today's PyTorch."""
        version = f"torch {self.torch[0]}.{self.torch[1]}" if self.torch else ""
        return ", ".join(filter(None, (version, self.attention, _FAST_NORM if self.fast_norm else "")))

    @property
    def fuses_attention(self) -> bool:
        """Return whether `scaled_dot_product_attention` is one kernel."""
        return self.attention == _FUSED if self.attention else self._has(_FUSED_ATTENTION)

    @property
    def widens_attention_steps(self) -> bool:
        """Return whether attention in steps is computed in 32 bits where its operands have 16."""
        return self._has(_WIDE_STEPS)

    @property
    def fused_bias_dimensions(self) -> int | None:
        """Return the most dimensions of an input to which a Linear layer adds its bias at once; None for any number."""
        return next((most for first, most in _FUSED_BIAS if not self._has(first)), None)

    @property
    def has_small_persistent_rnn(self) -> bool:
        """Return whether cuDNN's persistent kernels run recurrent layers of a small hidden state."""
        return self._has(_PERSISTENT_SMALL)

    @property
    def loops_over_parameters(self) -> bool:
        """Return whether optimizers take parameters one by one, and gradients are zeroed and added to."""
        return not self._has(_FOREACH)

    @property
    def splits_norm_rows(self) -> bool:
        """Return whether the gradients of a layer norm's scale and shift are summed by blocks that share the rows."""
        return self._has(_SPLIT_ROWS)

    @property
    def words(self) -> str:
        """Say what the rules are: "attention in steps, in 16 bits; fast norm"."""
        width = "32" if self.widens_attention_steps else "16"
        attention = _FUSED if self.fuses_attention else f"{_STEPS}, in {width} bits where its operands are"
        rules = (
            attention,
            "fast layer and group norm" if self.fast_norm else "",
            "" if self.fused_bias_dimensions is None else "the bias of Linear layers added apart",
            "" if self.has_small_persistent_rnn else "no persistent kernels for small recurrent layers",
            "parameters updated one by one" if self.loops_over_parameters else "",
            "" if self.splits_norm_rows else "a norm's scale and shift summed by few blocks",
        )
        return "; ".join(filter(None, rules))

    def _has(self, since: tuple[int, int]) -> bool:
        return self.torch is None or self.torch >= since


TODAY = Stack()


def rules(text: str) -> str:
    """Say what the rules of a stack are; "" where a newer memprof wrote it, whose words this one does not know."""
    try:
        return parse_stack(text).words
    except WorkloadError:
        return ""


def parse_stack(text: str) -> Stack:
    """Read a stack such as "torch 1.13", "torch 2.4.0, CUDA 12.4" or "torch 2.4, fast norm".

    WorkloadError where it is none. "" is today's PyTorch. Versions of CUDA, cuDNN, ROCm, NGC and timm may stand beside
    PyTorch's.
    """
    torch: tuple[int, int] | None = None
    attention, fast_norm = "", False
    for part in text.split(",") if text.strip() else ():
        words = " ".join(part.split()).casefold()
        version = _TORCH.fullmatch(words)
        if version:
            if torch is not None:
                raise WorkloadError(f"the stack {text!r} names two versions of PyTorch", "name one")
            torch = int(version[1]), int(version[2])
        elif words in (_STEPS, _FUSED):
            attention = words
        elif words == _FAST_NORM:
            fast_norm = True
        elif words != TODAYS_STACK.casefold() and not _BESIDE.fullmatch(words):
            raise WorkloadError(f"the stack {text!r} names {part.strip()!r}, which memprof does not know", _REMEDY)
    if torch is not None and torch < _OLDEST:
        raise WorkloadError(f"the stack {text!r} is older than PyTorch 1.0", _REMEDY)
    return Stack(torch, attention, fast_norm)


def measured_stack(text: str) -> Stack:
    """Return the stack that a table of measurements names in its own words: at least the PyTorch in `text`, if any."""
    try:
        return parse_stack(text)
    except WorkloadError:
        version = _TORCH.search(text)
        return Stack((int(version[1]), int(version[2]))) if version else Stack()
