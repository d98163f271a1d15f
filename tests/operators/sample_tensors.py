"""Tensors that sample calls are made of."""

from __future__ import annotations

from memprof.tensors.spec import Argument
from tests.operators.building import tensor

Inputs = tuple[Argument, ...]

IMAGE = tensor(4, 8, 12, 12)
VOLUME = tensor(2, 8, 6, 6, 6)
MATRIX = tensor(16, 32)
CHANNELS = tensor(8)
INDICES = tensor(6, dtype="int64")
QUERY = tensor(2, 4, 256, 64, dtype="float16")
LIST = (tensor(64, 64), tensor(64), tensor(3, 3))
WEIGHT = tensor(16, 8, 3, 3)
PLAIN = ((1, 1), (1, 1), (1, 1), 1)
CONVOLVED = tensor(4, 16, 12, 12)
POOL = ((3, 3), (2, 2), (1, 1))
