"""What a user may choose about figures: how wide, how fine, with a title or without, and for what they are."""

from __future__ import annotations

from dataclasses import dataclass

PAPER, SLIDE, DARK = "paper", "slide", "dark"
STYLES = (PAPER, SLIDE, DARK)
LEAST_MM, MOST_MM = 60.0, 1200.0
"""Widths that a figure may have: below, no plot has room for its words."""
LEAST_DPI, MOST_DPI = 50, 1200
_MM = 25.4
_USUAL_INCHES = 12.0
"""The width for which figures are drawn unless another is asked for: that of a page on a screen."""
_SLIDE_INCHES, _SLIDE_SCALE = 40 / 3, 1.5
"""A slide of 16:9, and how much larger its text is than that of a page."""
SLIDE_ASPECT = 9 / 16
_LEAST_SCALE = 0.75
"""How small text becomes on a narrow figure; one that is narrower still has less beside one another."""
_PRINT_INCHES, _SCREEN_DPI, _PRINT_DPI = 10.0, 150, 300


@dataclass(frozen=True, slots=True)
class Look:
    """How figures are drawn.

    `width_mm` is the width in millimetres; None is 305 mm, the width of a slide where the style is "slide". Text has
    the sizes that are read at that width. `dpi` are the pixels of an inch in a PNG, None 150, below 254 mm 300.
    `title` says whether the heading is drawn; a paper has a caption instead. `style` is one of `STYLES`: black on
    white, the same with text that is read from afar, or light on dark.
    """

    width_mm: float | None = None
    dpi: int | None = None
    title: bool = True
    style: str = PAPER

    @property
    def inches(self) -> float:
        """Return the width in inches."""
        if self.width_mm is not None:
            return self.width_mm / _MM
        return _SLIDE_INCHES if self.is_slide else _USUAL_INCHES

    @property
    def scale(self) -> float:
        """Return by what everything is enlarged that was drawn `drawn_inches` wide."""
        if self.is_slide:
            return _SLIDE_SCALE * self.inches / _SLIDE_INCHES
        return min(1.0, max(_LEAST_SCALE, self.inches / _USUAL_INCHES))

    @property
    def drawn_inches(self) -> float:
        """Return how wide the figure is drawn, with text of its usual size in points, before it is enlarged."""
        return self.inches / self.scale

    @property
    def dots_per_inch(self) -> int:
        """Return the pixels of an inch in a PNG."""
        return self.dpi or (_SCREEN_DPI if self.inches >= _PRINT_INCHES else _PRINT_DPI)

    @property
    def is_slide(self) -> bool:
        """Return whether the figure is for a slide."""
        return self.style == SLIDE

    @property
    def is_dark(self) -> bool:
        """Return whether the ground is dark."""
        return self.style == DARK
