"""What holds for the whole suite.

Hypothesis has no deadline, since the first call of a torch operator is slow, and is repeatable in CI. Ctrl-C reaches
what tests start, also where the suite itself was started to ignore it, as a shell's `&` does: children inherit that.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("memprof", deadline=None)
settings.register_profile("memprof-ci", deadline=None, derandomize=True)
settings.load_profile("memprof-ci" if os.environ.get("CI") else "memprof")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start Debian's chromium, once for a process: two of Playwright's drivers in one do not go together."""
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright for Python")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()
