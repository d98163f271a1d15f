"""Colours can be told apart: of kinds from those of bounds, and of all from the paper, on light and on dark screens."""

from __future__ import annotations

import math
from itertools import combinations, product

import pytest

from memprof.reports.page import colors
from memprof.reports.parts import theme

LIGHT_PAPER, DARK_PAPER = "#ffffff", "#0d1117"
APART, APART_TO_THE_COLOUR_BLIND, STANDS_OUT = 14, 11.5, 1.5
"""Least distances of two colours in CIELAB (1976), of which 2 is just visible, and least contrast with the paper."""


def linear(color: str) -> list[float]:
    """Return red, green and blue as light, by IEC 61966-2-1 (sRGB)."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


SIMULATED = {
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What becomes of red, green and blue light for a reader without one kind of cone: Machado, Oliveira and Fernandes,
A physiologically-based model for simulation of color vision deficiency (2009), severity 1."""


def seen(color: str, blindness: str) -> list[float]:
    """Return red, green and blue as light, as a colour-blind reader sees them."""
    light = linear(color)
    rows = SIMULATED[blindness]
    return [min(1.0, max(0.0, sum(part * light[place] for place, part in enumerate(row)))) for row in rows]


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(color: str) -> tuple[float, float, float]:
    return lab_of_light(linear(color))


def lab_of_light(light: list[float]) -> tuple[float, float, float]:
    """Return the place in CIELAB for the white point D65."""
    red, green, blue = light
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    roots = [part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)]
    return 116 * roots[1] - 16, 500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2])


def contrast(one: str, other: str) -> float:
    """Return the ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on_dark(color: str) -> str:
    return theme.DARK_COLORS.get(color, color)


def test_the_measures_are_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert lab("#ffffff")[0] == pytest.approx(100, abs=0.1)
    assert math.dist(lab("#000000"), lab("#ffffff")) == pytest.approx(100, abs=0.1)


@pytest.mark.parametrize("shown", [str, on_dark])
@pytest.mark.parametrize("blindness", SIMULATED)
def test_no_colour_looks_like_another_to_anybody(shown, blindness: str) -> None:
    """Kinds from kinds, bounds from bounds, and kinds from bounds, also for who sees no red, green or blue."""
    pairs = [
        *product(theme.KIND_COLORS.values(), theme.BOUND_COLORS.values()),
        *combinations(theme.BOUND_COLORS.values(), 2),
        *combinations(theme.KIND_COLORS.values(), 2),
    ]
    near = {
        pair: round(math.dist(*(lab_of_light(seen(shown(color), blindness)) for color in pair)), 1) for pair in pairs
    }
    least = APART if blindness == "none" else APART_TO_THE_COLOUR_BLIND
    assert {pair: distance for pair, distance in near.items() if distance < least} == {}


def test_every_colour_stands_out_from_the_paper() -> None:
    used = (*theme.KIND_COLORS.values(), *theme.BOUND_COLORS.values(), *theme.DEVICE_COLORS)
    assert [color for color in used if contrast(color, LIGHT_PAPER) < STANDS_OUT] == []
    assert [color for color in used if contrast(on_dark(color), DARK_PAPER) < 2 * STANDS_OUT] == []


def test_names_in_a_report_never_reach_the_style_sheet() -> None:
    assert colors.kind_class("depthwise convolution") == "kind-depthwise-convolution"
    assert colors.kind_class("x{}</style>") == "kind-other"
    assert colors.bound_class("x{}</style>") == "bound-other"
    assert ".bound-other{--color:" in colors.style()
