"""The pictures of the report page in docs/page.md, taken in a browser.

    python benchmarks/page_pictures.py [--chromium /usr/bin/chromium]

Needs Playwright for Python and chromium.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from memprof import reports
from memprof.analysis.asking import Asked
from memprof.report.elsewhere import WhatIf

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MODEL, PHASE = "convnext_t", "infer"
WIDE, PHONE = (1400, 900), (390, 844)
VIEWS = {
    "page": (WIDE, "light", ""),
    "page_l1": (WIDE, "dark", "#level=l1&kinds=depthwise+convolution,normalization"),
    "page_tree": (WIDE, "light", "#chosen=operator.0.0&group=kind&at=modules"),
    "page_device": (WIDE, "light", "#device=t4"),
    "page_phone": (PHONE, "light", ""),
    "page_phone_dark": (PHONE, "dark", "#level=l1&at=roofline"),
}
"""Of each picture the size of the window, the colour scheme, and what a reader has chosen."""
COMMANDS = {
    "page_compare": ("compare resnet50,convnext_t,inceptionnext_t", "compare.html", WIDE, "light", ""),
    "page_explain": (
        "explain convnext_t --against inceptionnext_t --phase train",
        "explain.html",
        WIDE,
        "dark",
        "#chosen=depthwise+convolution",
    ),
    "page_validate_phone": ("validate", "validation.html", PHONE, "light", ""),
    "page_gallery": (
        "gallery . --model resnet18,resnet50,convnext_nano,convnext_t,convnext_s,inceptionnext_atto,inceptionnext_t,"
        "inceptionnext_s --device a100 --device h100 --device rtx-4090",
        "index.html",
        WIDE,
        "light",
        "",
    ),
}
"""Of each picture of another page its command, its file, and the same."""


def main() -> None:
    """Write all pictures."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    (held,) = Asked().hold(MODEL, ["a100"], phase=PHASE)
    options = reports.RenderOptions(what_if=lambda: WhatIf((held.elsewhere(),)))
    content = reports.get("html").render([held.report], options)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_bytes(content)
        browser = driver.chromium.launch(executable_path=chosen.chromium, args=["--no-sandbox"])
        for name, (size, scheme, fragment) in VIEWS.items():
            take(browser, name, path.as_uri() + fragment, size, scheme)
        for name, (command, file, size, scheme, fragment) in COMMANDS.items():
            output = () if command.startswith("gallery") else ("--output", ".")
            run = [sys.executable, "-m", "memprof", *command.split(), *output]
            subprocess.run(run, cwd=folder, check=True, stdout=subprocess.DEVNULL)
            take(browser, name, (Path(folder) / file).as_uri() + fragment, size, scheme)
        browser.close()


def take(browser: Any, name: str, address: str, size: tuple[int, int], scheme: str) -> None:
    """Take one picture."""
    window = {"width": size[0], "height": size[1]}
    page = browser.new_page(viewport=window, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    page.wait_for_timeout(300)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    file = IMAGES / f"{name}.png"
    picture.save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")
    page.close()


if __name__ == "__main__":
    main()
