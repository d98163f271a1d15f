"""A figure's colours for a dark ground, in place of those for paper that it was drawn with."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

from memprof.reports.parts import drawing, theme

_PROPERTIES = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
_NO_COLORS = ("none", "auto", "face")
_COLORS = {to_hex(light): dark for light, dark in theme.ON_DARK.items()}


def darken(figure: Figure) -> None:
    """Give everything in a figure the colour that it has on a dark ground; words on a bar are seen on that bar."""
    for artist in figure.findobj():
        if isinstance(artist, Text):
            _darken_text(artist)
        else:
            _darken(artist)


def _darken_text(text: Text) -> None:
    ground = getattr(text, drawing.GROUND, None)
    text.set_color(theme.ink_on(to_hex(_dark(ground))) if ground is not None else _dark(text.get_color()))
    for patch in (text.get_bbox_patch(), getattr(text, "arrow_patch", None)):
        if patch is not None:
            _darken(patch)


def _darken(artist: Artist) -> None:
    for name in _PROPERTIES:
        read, write = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
        if read is not None and write is not None:
            write(_darkened(read()))


def _darkened(value: Any) -> Any:
    """Return a colour, or the colours of many marks, with what stands for it on a dark ground."""
    if isinstance(value, str) and value in _NO_COLORS:
        return value
    if isinstance(value, np.ndarray) and value.ndim > 1:
        return [_dark(tuple(item)) for item in value]
    return _dark(value)


def _dark(color: Any) -> Any:
    red, green, blue, alpha = to_rgba(color)
    if not alpha:
        return "none"
    dark = _COLORS.get(to_hex((red, green, blue)))
    return color if dark is None else to_hex((*to_rgba(dark)[:3], alpha), keep_alpha=alpha < 1)
