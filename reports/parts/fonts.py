"""The letters of a figure's fonts, inside an SVG: its text then looks and measures the same everywhere."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.text import Text

_FORMAT = "truetype"
_UNUSED = ["FFTM", "GDEF", "GPOS", "GSUB", "kern", "gasp", "fpgm", "prep", "cvt "]
"""Tables of no use to a browser that draws single letters, and what an editor of fonts left behind."""


def embedded(texts: Iterable[Text]) -> str:
    """Return a style element with the fonts of texts, each with the letters that the texts have and no others."""
    letters: dict[tuple[str, str, str | int], set[str]] = {}
    for text in texts:
        font = text.get_fontproperties()
        path = font_manager.findfont(font)
        name = font_manager.get_font(path).family_name
        letters.setdefault((path, name, font.get_weight()), set()).update(text.get_text())
    faces = [_face(*font, sorted(letters[font])) for font in sorted(letters, key=str) if letters[font]]
    return f'<style type="text/css">{"".join(faces)}</style>'


def _face(path: str, name: str, weight: str | int, letters: Sequence[str]) -> str:
    number = font_manager.weight_dict.get(weight, weight) if isinstance(weight, str) else weight
    content = base64.b64encode(_letters_of(path, letters)).decode()
    source = f"url(data:font/ttf;base64,{content})format('{_FORMAT}')"
    return f"@font-face{{font-family:'{name}';font-weight:{number};src:{source}}}"


def _letters_of(path: str, letters: Sequence[str]) -> bytes:
    """Return the font of a file with some letters only."""
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options(layout_features=[], hinting=False, name_IDs=[], notdef_outline=True, drop_tables=_UNUSED)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[ord(letter) for letter in letters])
    chosen.subset(font)
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
