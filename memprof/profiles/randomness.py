"""Random numbers while a network is simulated: the same every time, and none taken from the user's generators."""

from __future__ import annotations

import random
import sys
from types import TracebackType
from typing import Self

import torch

_SEED = 0


class Seeded:
    """While entered, the CPU generators of torch, Python and NumPy start from a fixed seed; then they are as before.

    A network that leaves out layers at random is simulated with the same ones every time.
    """

    def __enter__(self) -> Self:
        self._torch, self._python = torch.get_rng_state(), random.getstate()
        torch.default_generator.manual_seed(_SEED)
        random.seed(_SEED)
        numpy = sys.modules.get("numpy")
        self._numpy = None if numpy is None else numpy.random.get_state()
        if numpy is not None:
            numpy.random.seed(_SEED)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        torch.set_rng_state(self._torch)
        random.setstate(self._python)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)
