"""The same models in other precisions and batch sizes, each simulated, for a page that switches between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from memprof import devices
from memprof.devices.ceilings import precisions
from memprof.errors import ModelError
from memprof.report.elsewhere import Elsewhere, Variation, WhatIf

if TYPE_CHECKING:
    from memprof.analysis.elsewhere import Held

DEVICES, PRECISION, BATCH = NAMES = ("devices", "precision", "batch")
"""What can be switched."""
BATCH_SIZES = (1, 8, 32, 128, 512)

Hold = Callable[[str, int], "Sequence[Held]"]


def what_if(home: Sequence[Held], device: str, names: Sequence[str], hold: Hold) -> WhatIf:
    """Return what a page of `home` can switch to: `names` of NAMES. `hold` analyses in a precision and a batch size."""
    first = home[0].report.workload
    kinds = precisions(devices.get(device)) if PRECISION in names else ()
    sizes = BATCH_SIZES if BATCH in names else ()
    found = []
    for precision in dict.fromkeys((first.precision, *kinds)):
        for size in sorted({first.batch_size, *sizes}):
            if (precision, size) == (first.precision, first.batch_size):
                continue
            try:
                held = hold(precision, size)
            except ModelError:  # as of a batch norm of single values: such a step is left out
                continue
            found.append(Variation(precision, size, tuple(item.report for item in held), _elsewhere(held, names)))
    return WhatIf(_elsewhere(home, names), tuple(found))


def _elsewhere(held: Sequence[Held], names: Sequence[str]) -> tuple[tuple[Elsewhere, ...], ...]:
    return tuple(item.elsewhere() for item in held) if DEVICES in names else ()
