"""The words that arguments may be, for editors that complete them."""

from __future__ import annotations

from typing import Literal

PhaseName = Literal["infer", "train"]
LayoutName = Literal["channels-last", "channels-first"]
BestLayout = Literal["channels-last", "channels-first", "best"]
PrecisionName = Literal["fp32", "tf32", "amp-fp16", "amp-bf16", "fp16", "bf16"]
