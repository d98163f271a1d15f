"""The pictures of README.md and docs/ are what their commands draw today; benchmarks/pictures.py makes them."""

from __future__ import annotations

import importlib.util
import io
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.command_line import memprof
from tests.source_tree import ROOT

DOCS = ROOT / "docs"
_LINK = re.compile(r"!\[[^\]]*\]\(([^)]+\.(?:png|svg))\)")
_REFRESH = "run: python benchmarks/pictures.py"
DIFFERS, MOST_IN_A_FIGURE, MOST_IN_A_BROWSER = 60, 0.002, 0.01
"""From which difference of 255 levels a pixel is another one, and how many of them may be: a browser's letters vary."""

SLOW = ("reproduced/reproduce.png", "images/page_gallery.png")
"""Many networks, which take minutes: tests/papers/test_docs.py computes some of the first's figures again."""


def load() -> ModuleType:
    """Return the module that makes the pictures; benchmarks/ is no package."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "benchmarks" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PICTURES = load()


def other_pixels(one: Image.Image, other: Image.Image) -> float:
    """Return the share of pixels in which two pictures differ to an eye, in grey and blurred; 1 if not as large."""
    if one.size != other.size:
        return 1.0
    grey = [np.asarray(image.convert("L").filter(ImageFilter.BoxBlur(1)), dtype=int) for image in (one, other)]
    return float((abs(grey[0] - grey[1]) > DIFFERS).mean())


def kept(name: str) -> Image.Image:
    return Image.open(DOCS / name).convert("RGB")


def test_every_picture_of_the_documents_has_a_command() -> None:
    shown = {
        (path.parent / link).resolve().relative_to(DOCS).as_posix()
        for path in (ROOT / "README.md", *DOCS.glob("*.md"))
        for link in _LINK.findall(path.read_text(encoding="utf-8"))
    }
    made = {*PICTURES.FIGURES, *PICTURES.VIEWS, PICTURES.NOTEBOOK_PICTURE}
    assert shown == made
    assert {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.png")} == made


def test_a_changed_figure_is_seen() -> None:
    """A digit more in a heading, or a bubble that moved, is another picture; the noise of compression is not."""
    picture = kept("images/convnext_t.png")
    assert other_pixels(picture, picture.quantize(64).convert("RGB")) <= MOST_IN_A_FIGURE
    moved = picture.copy()
    moved.paste(picture.crop((200, 200, 600, 600)), (206, 203))
    assert other_pixels(picture, moved) > MOST_IN_A_FIGURE


@pytest.mark.parametrize("name", sorted({*PICTURES.FIGURES} - {*SLOW}))
def test_a_figure_is_what_its_command_draws(name: str, tmp_path: Path) -> None:
    done = memprof(*shlex.split(PICTURES.FIGURES[name]), "--output", "out", cwd=tmp_path)
    assert done.code == 0, done.err
    (drawn,) = (tmp_path / "out").glob("*.png")
    assert other_pixels(kept(name), Image.open(drawn).convert("RGB")) <= MOST_IN_A_FIGURE, _REFRESH


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.mark.parametrize("name", sorted({*PICTURES.VIEWS} - {*SLOW}))
def test_a_page_looks_as_in_the_documents(browser: Any, folder: Path, name: str) -> None:
    command, file, *seen = PICTURES.VIEWS[name]
    taken = PICTURES.view(browser, PICTURES.page(command, file, folder), *seen)
    assert other_pixels(kept(name), Image.open(io.BytesIO(taken)).convert("RGB")) <= MOST_IN_A_BROWSER, _REFRESH


def test_a_notebook_shows_what_the_documents_show(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "notebook.html"
    path.write_bytes(PICTURES.notebook_html())
    taken = Image.open(io.BytesIO(PICTURES.view(browser, path, PICTURES.NOTEBOOK))).convert("RGB")
    assert other_pixels(kept(PICTURES.NOTEBOOK_PICTURE), taken) <= MOST_IN_A_BROWSER, _REFRESH
