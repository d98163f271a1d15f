"""Colours as classes of the page's style sheet: names in a report never reach it, and dark screens have their own."""

from __future__ import annotations

from memprof.reports.parts import theme

_OTHER = "other"


def kind_class(kind: str) -> str:
    """Return the class that colours a kind of operator: "kind-depthwise-convolution"."""
    return f"kind-{kind.replace(' ', '-') if kind in theme.KIND_COLORS else _OTHER}"


def bound_class(bound: str) -> str:
    """Return the class that colours a bound: "bound-dram"."""
    return f"bound-{bound if bound in theme.BOUND_COLORS else _OTHER}"


def part_class(index: int) -> str:
    """Return the class that colours a part of the device's time, by its place in `theme.DEVICE_COLORS`."""
    return f"part-{index}"


def series_class(index: int) -> str:
    """Return the class that colours a series that is no kind of operator, by its place."""
    return f"series-{index % len(theme.SERIES_COLORS)}"


MORE, LESS, PALE = "is-more", "is-less", "is-pale"
"""Classes of what takes longer and what takes less time, and of what others are held against."""


def style() -> str:
    """Return rules that set `--color` for every class, on light and on dark screens."""
    classes = {
        **{kind_class(kind): color for kind, color in theme.KIND_COLORS.items()},
        **{bound_class(bound): color for bound, color in theme.BOUND_COLORS.items()},
        **{part_class(index): color for index, color in enumerate(theme.DEVICE_COLORS)},
        **{series_class(index): color for index, color in enumerate(theme.SERIES_COLORS)},
        **{MORE: theme.SLOWER, LESS: theme.FASTER, PALE: theme.DIM},
        **{f"holds-{name}": color for name, color in theme.MEMORY_COLORS.items()},
        kind_class(""): theme.color(""),
        bound_class(""): theme.bound_color(""),
    }
    light = "".join(f".{name}{{--color:{color}}}" for name, color in classes.items())
    dark = "".join(
        f".{name}{{--color:{theme.DARK_COLORS[color]}}}"
        for name, color in classes.items()
        if color in theme.DARK_COLORS
    )
    return f"{light}\n@media (prefers-color-scheme: dark){{{dark}}}\n"
