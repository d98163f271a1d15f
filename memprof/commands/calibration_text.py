"""A calibration as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from memprof.calibration.records import Calibration, Ceiling, Timing
from memprof.devices import FIGURES
from memprof.reports.parts.typeset import finish, start
from memprof.units import bytes_per_second, flops_per_second, number

_OTHERS = 3
_LEGEND = (
    "Spread: how much longer the median call took than the best. Others: what else was tried, in the same unit. Bytes "
    "are those that an operator asks for; a multiply-add is two FLOP."
)


def render(calibration: Calibration, width: int, *, color: bool) -> str:
    """Return the ceilings with their spread and what reached them, then what to beware of."""
    device = calibration.device
    console = start(width, color=color)
    console.print(Text(f"{device.name}: {device.title}", style="bold"))
    about = [f"{value:g} {words}" for value, words in _counts(calibration)]
    console.print(f"{', '.join([*about, calibration.measured_by])}; measured in {calibration.seconds:.0f} s")
    console.print()
    console.print(_table(calibration))
    console.print(_LEGEND, style="dim")
    ridge = _ridge(calibration)
    if ridge is not None:
        console.print(
            f"\nAn FP32 operator needs {number(ridge)} FLOP for each byte it moves through DRAM before "
            "arithmetic limits it rather than memory."
        )
    for caution in calibration.cautions:
        console.print(Text(f"! {caution.what}", style="bold yellow"))
        if caution.remedy:
            console.print(Text(f"  → {caution.remedy}"))
    return finish(console)


def _counts(calibration: Calibration) -> Iterator[tuple[float, str]]:
    for key, words in (("core_count", "cores"), ("sm_count", "SMs")):
        value = calibration.device.get(key)
        if value is not None:
            yield value, words if value != 1 else words.removesuffix("s")


def _table(calibration: Calibration) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("Ceiling")
    table.add_column("Measured", justify="right", no_wrap=True)
    table.add_column("Spread", justify="right", no_wrap=True)
    table.add_column("Runs", justify="right", no_wrap=True)
    table.add_column("Reached by")
    table.add_column("Others", style="dim")
    for ceiling in calibration.ceilings:
        winner = ceiling.winner
        table.add_row(
            calibration.device.words(ceiling.key),
            _rate(ceiling.key, ceiling.value),
            f"{winner.spread * 100:.0f} %",
            f"{winner.calls:,}",
            _way(winner),
            _others(ceiling),
        )
    return table


def _others(ceiling: Ceiling) -> str:
    """Return the best of each other way to reach the ceiling, in its unit: "triad 15.2, read 12.9"."""
    best: dict[str, Timing] = {}
    for timing in (ceiling.winner, *ceiling.others):
        best.setdefault(_way(timing), timing)
    others = list(best.items())[1 : 1 + _OTHERS]
    return ", ".join(f"{way} {number(timing.rate / _scale(ceiling.value))}" for way, timing in others)


def _scale(value: float) -> float:
    """Return the power of a thousand in whose unit `value` is printed."""
    return 1000.0 ** math.floor(math.log10(value * 1.0005) / 3)


def _way(timing: Timing) -> str:
    """Return what a probe is called without its size: "matmul" for "matmul of 512"."""
    return timing.task.name.partition(" of ")[0]


def _rate(key: str, value: float) -> str:
    rounded = float(f"{value:.3g}")
    return bytes_per_second(rounded) if FIGURES[key].unit == "B/s" else flops_per_second(rounded)


def _ridge(calibration: Calibration) -> float | None:
    """Return the FLOP per byte at which the FP32 peak and the DRAM bandwidth meet."""
    peak, bandwidth = (calibration.device.get(key) for key in ("fp32_flops_per_second", "dram_bytes_per_second"))
    return peak / bandwidth if peak and bandwidth else None
