"""Why memprof is furthest off where it is, as far as known: kept by hand, read by benchmarks/accuracy.py.

The first line that fits a case counts. Where none does, the page says that the reason is not known; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Reason:
    """A reason for the models whose names `pattern` is found in.

    `phase` ("infer", "train") and `layout` ("channels-first", "channels-last") narrow it down; "" is both.
    """

    pattern: str
    text: str
    phase: str = ""
    layout: str = ""


FIRST, LAST = "channels-first", "channels-last"
REASONS = (
    Reason("^nest_", "attention on 5-D tensors: PyTorch's fused kernels refuse those, memprof predicts them", "infer"),
    Reason("^vgg13$", "measured slower than the larger vgg19, whose prediction is near", "train", FIRST),
    Reason("^vgg13_bn$", "measured slower than the larger vgg19_bn, whose prediction is near", "infer", FIRST),
    Reason("^tresnet", "measured 3 times slower than channels-first; which of its kernels is not known", "train", LAST),
    Reason(
        "_gn$",
        "group norm: CUDA copies channels-last tensors to channels-first for it; measured far slower than "
        "channels-first, by more than memprof predicts for the copies",
        "infer",
        LAST,
    ),
    Reason(
        "rexnetr_[23]|coatnet|xception65|mobilevit|maxvit|mobilenetv2_1[24]|efficientnet_(b[3-8]|l2|lite[34])",
        "depthwise convolutions of 112 or more channels at stride 2, channels-last, in very large batches take "
        "about ten times as long as others; training with smaller batches does not show it",
        "infer",
        LAST,
    ),
    Reason(
        "regnet|senet154|resnest|nfnet_l|resnext|res2next|_g16_",
        "grouped convolutions: in channels-last, cuDNN's speed varies by the group's width by more than memprof "
        "predicts",
        "",
        LAST,
    ),
)
"""Found by holding the worst rows beside their other layout and beside their neighbours of the same family."""


def reason(model: str, phase: str, layout: str) -> str:
    """Return why the prediction for a model is off, as far as known."""
    for known in REASONS:
        if re.search(known.pattern, model) and known.phase in ("", phase) and known.layout in ("", layout):
            return known.text
    return NOT_KNOWN
