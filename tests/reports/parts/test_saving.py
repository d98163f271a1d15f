"""Figures as files: the formats show the same picture, as large as asked for, and nothing in a name has power there."""

from __future__ import annotations

import io
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from memprof.reports.look import Look
from memprof.reports.parts import theme
from memprof.reports.parts.drawing import write_on
from memprof.reports.parts.saving import save
from memprof.reports.parts.sheets import Entry, Heading, Panel, sheet
from memprof.reports.report import WRITERS, write_figure
from memprof.reports.writer import RenderOptions
from tests.reports.sample import sample

MM_PER_INCH, POINTS_PER_INCH = 25.4, 72
COLUMN = Look(width_mm=85)
HOSTILE = "<script>alert(1)</script> & \u202eabc\u200b \x1b[31m $x^2$"


def drawn(look: Look) -> Figure:
    figure, (axes,) = sheet(look, Heading("A title", "below it"), [Panel(2.0)], legend=[Entry(theme.BLUE, "blue")])
    axes.barh(0, 1.0, color=theme.BLUE)
    axes.plot((0, 1), (0, 1), color=theme.INK, linewidth=2)
    write_on(axes, 0.5, 0, "on it", theme.BLUE)
    return figure


def pixels(content: bytes) -> NDArray[np.float64]:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L").resize((200, 200)), dtype=float)


def page_of(content: bytes) -> pypdfium2.PdfPage:
    return pypdfium2.PdfDocument(content)[0]


@pytest.mark.parametrize("look", [COLUMN, Look(style="slide"), Look(style="dark", width_mm=180)])
def test_a_pdf_shows_what_the_png_shows(look: Look) -> None:
    page = page_of(save(drawn(look), "pdf", look))
    assert page.get_width() == pytest.approx(look.inches * POINTS_PER_INCH, abs=0.01)
    buffer = io.BytesIO()
    page.render(scale=2).to_pil().save(buffer, "png")
    assert np.abs(pixels(buffer.getvalue()) - pixels(save(drawn(look), "png", look))).mean() < 4  # of 255


def test_a_column_is_as_wide_as_asked_for_in_every_format() -> None:
    image = Image.open(io.BytesIO(save(drawn(COLUMN), "png", COLUMN)))
    assert image.width == pytest.approx(85 / MM_PER_INCH * 300, abs=1)
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    svg = xml.fromstring(save(drawn(COLUMN), "svg", COLUMN))
    assert svg.get("width") == f"{85 / MM_PER_INCH * POINTS_PER_INCH:.2f}pt"
    assert Image.open(io.BytesIO(save(drawn(COLUMN), "png", replace(COLUMN, dpi=100)))).width == 334


@pytest.mark.parametrize(
    ("look", "least"), [(COLUMN, 5.6), (Look(width_mm=180), 5.6), (Look(), 7.5), (Look(style="slide"), 11.0)]
)
def test_text_can_be_read_at_the_width_it_is_printed(look: Look, least: float) -> None:
    """Six points in a column, more on a screen, eleven and more on a slide: as the figure is printed, enlarged."""
    figure = write_figure.draw(WRITERS.prepare([sample()]), RenderOptions(look=look))
    sizes = [text.get_fontsize() * look.scale for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) >= least


def test_a_slide_has_the_shape_of_one() -> None:
    look = Look(style="slide")
    width, height = write_figure.draw(WRITERS.prepare([sample()]), RenderOptions(look=look)).get_size_inches()
    assert width * look.scale == pytest.approx(40 / 3)
    assert height / width == pytest.approx(9 / 16, abs=0.01)


def test_panels_stand_below_one_another_where_the_width_is_small() -> None:
    wide = sheet(Look(), Heading("a"), [Panel(2.0)] * 2)[1]
    narrow = sheet(COLUMN, Heading("a"), [Panel(2.0)] * 2)[1]
    assert lefts(wide)[0] < lefts(wide)[1]
    assert lefts(narrow)[0] == lefts(narrow)[1]
    assert narrow[0].get_position().y0 > narrow[1].get_position().y1


def test_the_heading_can_be_left_out_but_not_what_must_be_seen() -> None:
    figure, _ = sheet(Look(title=False), Heading("A title", "below it", "THROTTLED"), [Panel(2.0)])
    assert [text.get_text() for text in figure.texts] == ["THROTTLED"]


def test_text_in_an_svg_is_text_with_its_letters_and_names_have_no_power() -> None:
    figure, _ = sheet(Look(), Heading(HOSTILE), [Panel(2.0)])
    content = save(figure, "svg", Look()).decode()
    root = xml.fromstring(content)
    assert any("alert(1)" in (item.text or "") for item in root.iter("{http://www.w3.org/2000/svg}text"))
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert "font-family:'DejaVu Sans'" in content
    for hidden in ("\u202e", "\u200b", "\x1b"):
        assert hidden not in content


def test_a_pdf_holds_text_that_can_be_found_and_no_name_turns_it() -> None:
    figure, _ = sheet(Look(), Heading(HOSTILE), [Panel(2.0)])
    found = page_of(save(figure, "pdf", Look())).get_textpage().get_text_range()
    assert "alert(1)" in found
    assert not {"\u202e", "\u200b", "\x1b"} & set(found)


def test_a_dark_figure_has_no_white_ground_and_words_that_can_be_read() -> None:
    look = Look(style="dark")
    figure = drawn(look)
    corner = Image.open(io.BytesIO(save(figure, "png", look))).convert("RGB").getpixel((3, 3))
    assert corner == (0x0D, 0x11, 0x17)
    for text in (item for item in figure.findobj(Text) if item.get_text() and item.get_text() != "on it"):
        ground = "#0d1117"
        assert theme.contrast(str(text.get_color()), ground) >= 4.5 or text.get_text() == "■", text.get_text()


@pytest.mark.parametrize("color", [*theme.KIND_COLORS.values(), *theme.BOUND_COLORS.values(), *theme.ON_DARK.values()])
def test_words_on_a_bar_have_a_contrast_of_four_and_a_half(color: str) -> None:
    assert theme.contrast(theme.ink_on(color), color) >= 4.5


def test_contrast_is_that_of_the_published_examples() -> None:
    """WCAG 2.2: black on white is 21, #777777 on white just fails 4.5."""
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def lefts(axes: Sequence[object]) -> list[float]:
    return [item.get_position().x0 for item in axes]  # type: ignore[attr-defined]
