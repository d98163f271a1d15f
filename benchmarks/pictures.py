"""The pictures of README.md and docs/, each made by a command; tests/test_pictures.py compares them with today's.

    python benchmarks/pictures.py [convnext_t page_l1 ...] [--chromium /usr/bin/chromium]

Figures are what a command writes. Pictures of the report page and of a notebook are taken in a browser, which needs
Playwright for Python and chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
IMAGES = DOCS / "images"
FIGURES = {
    "images/convnext_t.png": "roofline --model convnext_t --what-if none --format png",
    "images/models.png": "roofline resnet50,convnext_t,inceptionnext_t --phase train --what-if none --format png",
    "images/column.png": "roofline --model convnext_t --what-if none --format png --width 85 --no-title",
    "images/slide.png": "explain --model convnext_t --against inceptionnext_t --phase train --format png --style slide",
    "images/explain.png": "explain --model convnext_t --against inceptionnext_t --phase train --format png",
    "images/sweep.png": "ablate --model convnext_t --sweep kernel=3..31:4 --format png",
    "reproduced/reproduce.png": "reproduce inceptionnext --format png",
}
"""Of each figure in docs/ the arguments of `memprof` that write it, but for the folder."""
WIDE, PHONE, NOTEBOOK = (1400, 900), (390, 844), (972, 1130)
REPORT = "roofline --model convnext_t --format html --output ."
SITE = (
    "gallery . --model resnet18,resnet50,convnext_nano,convnext_t,convnext_s,inceptionnext_atto,inceptionnext_t,"
    "inceptionnext_s --device a100 --device h100 --device rtx-4090"
)
EXPLAINED = "explain convnext_t --against inceptionnext_t --phase train --format html --output ."
COMPARED = "compare resnet50,convnext_t,inceptionnext_t --format html --output ."
VIEWS: dict[str, tuple[str, str, tuple[int, int], str, str]] = {
    "images/page.png": (REPORT, "report.html", WIDE, "light", ""),
    "images/page_l1.png": (REPORT, "report.html", WIDE, "dark", "#level=l1&kinds=depthwise+convolution,normalization"),
    "images/page_tree.png": (REPORT, "report.html", WIDE, "light", "#chosen=operator.0.0&group=kind&at=modules"),
    "images/page_device.png": (REPORT, "report.html", WIDE, "light", "#device=t4"),
    "images/page_phone.png": (REPORT, "report.html", PHONE, "light", ""),
    "images/page_phone_dark.png": (REPORT, "report.html", PHONE, "dark", "#level=l1&at=roofline"),
    "images/page_compare.png": (COMPARED, "compare.html", WIDE, "light", ""),
    "images/page_explain.png": (EXPLAINED, "explain.html", WIDE, "dark", "#chosen=depthwise+convolution"),
    "images/page_validate_phone.png": ("validate --format html --output .", "validation.html", PHONE, "light", ""),
    "images/page_gallery.png": (SITE, "index.html", WIDE, "light", ""),
}
"""Of each picture of a page its command, the file that this writes, the size of the window, the colour scheme, and what
a reader has chosen."""
NOTEBOOK_PICTURE = "images/notebook.png"
_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COLORS = 128
"""Colours of a picture that is kept: enough for pages and figures, in a third of the bytes."""


def figure(name: str, folder: Path) -> bytes:
    """Run the command of a figure, and return the PNG that it writes."""
    arguments = [sys.executable, "-m", "memprof", *shlex.split(FIGURES[name]), "--output", str(folder)]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    (written,) = folder.glob("*.png")
    return written.read_bytes()


def notebook_html() -> bytes:
    """Return what a notebook shows of the report that docs/python.md makes."""
    code = next(text for text in _CODE.findall((DOCS / "python.md").read_text(encoding="utf-8")) if "report =" in text)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code.replace("print(", "str("), "docs/python.md", "exec"), names)
    return f'<!doctype html><meta charset="utf-8"><body style="margin: 18px">{names["report"]._repr_html_()}'.encode()


@contextmanager
def browser(chromium: str | None = None) -> Iterator[Any]:
    """Start chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium or shutil.which("chromium"), args=["--no-sandbox"])
        yield started
        started.close()


def view(started: Any, path: Path, size: tuple[int, int], scheme: str = "light", fragment: str = "") -> bytes:
    """Return a picture of a page in a window of a size."""
    viewport = {"width": size[0], "height": size[1]}
    page = started.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page.goto(path.as_uri() + fragment)
    page.wait_for_timeout(300)
    content: bytes = page.screenshot()
    page.close()
    return content


def page(command: str, file: str, folder: Path) -> Path:
    """Run the command of a page in a folder, if it has not run there, and return the file."""
    if not (folder / file).exists():
        arguments = [sys.executable, "-m", "memprof", *shlex.split(command)]
        subprocess.run(arguments, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return folder / file


def keep(name: str, content: bytes) -> None:
    """Write a picture into docs/."""
    picture = Image.open(BytesIO(content)).convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
    file = DOCS / name
    picture.save(file, optimize=True)
    print(f"{name}: {file.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Write the pictures named, or all."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--chromium")
    chosen = parser.parse_args()

    def wanted(name: str) -> bool:
        return not chosen.names or Path(name).stem in chosen.names

    for name in filter(wanted, FIGURES):
        with tempfile.TemporaryDirectory() as folder:
            keep(name, figure(name, Path(folder)))
    if not any(map(wanted, (*VIEWS, NOTEBOOK_PICTURE))):
        return
    with browser(chosen.chromium) as started, tempfile.TemporaryDirectory() as folder:
        for name, (command, file, *seen) in VIEWS.items():
            if wanted(name):
                keep(name, view(started, page(command, file, Path(folder)), *seen))
        if wanted(NOTEBOOK_PICTURE):
            path = Path(folder) / "notebook.html"
            path.write_bytes(notebook_html())
            keep(NOTEBOOK_PICTURE, view(started, path, NOTEBOOK))


if __name__ == "__main__":
    main()
