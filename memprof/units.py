"""How quantities are printed: one function per unit. In memory everything is in base units; only text is rounded."""

from __future__ import annotations

import math

_METRIC = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_TIME = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_ABSENT = "–"


def number(value: float, digits: int = 3) -> str:
    """Return `value` with `digits` significant digits, without an exponent between 0.0001 and 10 million."""
    if not math.isfinite(value):
        return _ABSENT
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent > 6:
        return f"{value:.{digits - 1}e}"
    decimals = digits - 1 - math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return f"{value:,.{max(0, decimals)}f}"


def seconds(value: float) -> str:
    """Format a duration: "1.23 ms"."""
    for factor, unit in _TIME:
        if abs(value) >= factor * 0.9995:
            return f"{number(value / factor)} {unit}"
    return "0 s" if value == 0 else f"{number(value / _TIME[-1][0])} {_TIME[-1][1]}"


def milliseconds(value: float) -> str:
    """Format a duration for a column that states its unit, "ms": "0.123", "<0.0001"; a difference may be negative."""
    if 0 < abs(value) < 1e-7:
        return "<0.0001" if value > 0 else "-0.0000"
    return number(value * 1e3)


def byte_count(value: float) -> str:
    """Format bytes with decimal prefixes, 1 GB being 10^9 bytes: "1.56 GB"."""
    return _scaled(value, "B")


def few_bytes(value: float) -> str:
    """Format the bytes that one value costs, without a prefix: "8 bytes", "396 bytes"."""
    return f"{value:,.0f} bytes" if value >= 1000 else f"{value:.3g} bytes"


def gigabytes(value: float) -> str:
    """Format bytes for a column that states its unit, "GB" of 10^9 bytes: "1.56"."""
    return number(value / 1e9)


def flop_count(value: float) -> str:
    """Format floating-point operations: "1.14 TFLOP"."""
    return _scaled(value, "FLOP")


def gigaflops(value: float) -> str:
    """Format floating-point operations for a column that states its unit, "GFLOP": "1,140"."""
    return number(value / 1e9)


def flops_per_second(value: float) -> str:
    """Format a rate of arithmetic: "156 TFLOP/s", "19.5 TFLOP/s"."""
    return _rate(value, "FLOP/s")


def bytes_per_second(value: float) -> str:
    """Format a bandwidth: "1.555 TB/s"."""
    return _rate(value, "B/s")


def count(value: float) -> str:
    """Format how many there are of something: "28.06 M", "4.19 G", "512"."""
    if abs(value) < 10_000:
        return number(value, 4) if value % 1 else f"{value:,.0f}"
    return _scaled(value, "", 4)


def images_per_second(value: float) -> str:
    """Format a throughput: "7,914 images/s"."""
    return throughput(value)


def throughput(value: float, noun: str = "images") -> str:
    """Format how many of something a second: "7,914 samples/s"."""
    return f"{_per_second(value)} {noun}/s"


def throughput_span(low: float, high: float) -> str:
    """Format the ends of an interval of throughputs: "7,814 to 8,014"; with as many digits as tell them apart."""
    digits = next((digits for digits in (3, 4, 5) if number(low, digits) != number(high, digits)), 3)
    ends = (f"{value:,.0f}" if value >= 1000 else number(value, digits) for value in (low, high))
    return " to ".join(ends)


def span(low: float, high: float) -> str:
    """Format the ends of an interval of times: "45.0 ms to 45.5 ms"; with as many digits as tell them apart."""
    factor, unit = next(((size, unit) for size, unit in _TIME if max(abs(low), abs(high)) >= size), _TIME[-1])
    ends = low / factor, high / factor
    digits = next((digits for digits in (3, 4, 5) if number(ends[0], digits) != number(ends[1], digits)), 3)
    return f"{number(ends[0], digits)} to {number(ends[1], digits)} {unit}"


def percent(value: float | None) -> str:
    """Format what of a roof is reached, as a fraction that may be above 1: "65 %"; a dash where there is no roof."""
    return _ABSENT if value is None else share(value) if value < 0.995 else f"{value * 100:,.0f} %"


def hertz(value: float) -> str:
    """Format a clock: "1.41 GHz", "1.215 GHz"."""
    return _rate(value, "Hz")


def watts(value: float) -> str:
    """Format a power: "312 W"."""
    return f"{number(value)} W"


def celsius(value: float) -> str:
    """Format a temperature: "54 °C"."""
    return f"{value:.0f} °C"


def joules(value: float) -> str:
    """Format an energy: "1.25 J", "85.2 mJ"."""
    return f"{number(value)} J" if value >= 1 or value == 0 else f"{number(value * 1e3)} mJ"


def intensity(value: float | None) -> str:
    """Format an arithmetic intensity in FLOP per byte, without the unit; a dash where no byte moves."""
    return _ABSENT if value is None else number(value, 2 if value < 10 else 3)


def share(value: float) -> str:
    """Format a fraction as a percentage: "41 %", "0.4 %", "<0.1 %"."""
    percent = value * 100
    if percent == 0:
        return "0 %"
    if abs(percent) < 0.1:
        return "<0.1 %"
    if 99.5 <= percent < 100 - 1e-9:
        return ">99 %"
    return f"{percent:.1f} %" if abs(percent) < 1 and f"{percent:.1f}" != "1.0" else f"{percent:.0f} %"


def coverage(value: float) -> str:
    """Format a fraction that must not be rounded up to everything: "99.9 %" unless it is exactly 1."""
    if value >= 1:
        return "100 %"
    return f"{min(99.9, math.floor(value * 1000) / 10):.1f} %"


def ratio(value: float) -> str:
    """Format how many times one quantity is another: "0.93x", "1.18x", "3.9x", "12.1x"."""
    return f"{number(value, 3 if 1 <= value < 2 or value >= 10 else 2)}x"


def shape(sizes: tuple[int, ...]) -> str:
    """Format a tensor's shape: "128x96x56x56"; a scalar is "scalar"."""
    return "x".join(str(size) for size in sizes) if sizes else "scalar"


def shapes(of_inputs: tuple[tuple[int, ...], ...]) -> str:
    """Format the shapes of several tensors: "128x96x56x56, 96x1x7x7"."""
    return ", ".join(shape(sizes) for sizes in of_inputs)


def _per_second(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else number(value)


def _scaled(value: float, unit: str, digits: int = 3) -> str:
    for factor, prefix in _METRIC:
        if abs(value) >= factor * 0.9995:
            return f"{number(value / factor, digits)} {prefix}{unit}".rstrip()
    return f"{number(value, digits)} {unit}".rstrip()


def _rate(value: float, unit: str) -> str:
    """Scale with up to four significant digits, as datasheets do, without zeros at the end."""
    amount, _, prefixed = _scaled(value, unit, 4).partition(" ")
    return f"{amount.rstrip('0').rstrip('.') if '.' in amount else amount} {prefixed}"
