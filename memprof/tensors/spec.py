"""What an operator is given, without torch: tensors by shape, strides and dtype, numbers, text, and lists of these."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor as the profiler saw it.

    `shape` in elements; `strides` in elements, None where the profile has none (traces before torch 2.1);
    `dtype` by torch's name without the prefix ("float32").
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    dtype: str


Scalar = int | float | bool | str
Argument = TensorSpec | Scalar | None | tuple["Argument", ...]
"""One input of an operator: a tensor, a number, text, nothing, or a list of these."""
