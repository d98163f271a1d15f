"""A fence around code that memprof did not write: what it raises becomes one line that says whose fault it was."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Self

from memprof.errors import MemprofError, ModelError

LIBRARY_FOLDERS = (
    *(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]),
)
"""Folders whose code is not the user's; a line number in them helps nobody find a mistake."""

_NOT_THEIRS = {"torch", "memprof"}
Remedy = str | Callable[[BaseException], str]

_SIGNATURES = ", but expected one of:"
"""PyTorch lists every way to call a function after these words."""
LONGEST_MESSAGE = 300
"""Characters of a foreign message that are shown; messages of some libraries run over several screens."""


class foreign_code:
    """Run code of a user or a library: `with foreign_code("net.py:build failed"): ...`.

    An exception, SystemExit included, leaves as a ModelError that says `what`, what was raised and in which line of
    the user's file; MemprofError and KeyboardInterrupt pass. `what` may be a function, called when that happens,
    `remedy` one of what was raised.
    What the code prints goes to standard error, since standard output is the report's.
    """

    def __init__(self, what: str | Callable[[], str], remedy: Remedy = "") -> None:
        self.what = what
        self.remedy = remedy
        self._output = redirect_stdout(sys.stderr)

    def __enter__(self) -> Self:
        self._output.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.__exit__(kind, error, trace)
        if isinstance(error, (Exception, SystemExit)) and not isinstance(error, MemprofError):
            what = self.what if isinstance(self.what, str) else self.what()
            remedy = self.remedy if isinstance(self.remedy, str) else self.remedy(error)
            raise ModelError(f"{what}: {describe(error)}{_place(trace)}", remedy) from error


def advise_builder(error: BaseException) -> str:
    """Return what to do about code that failed while it built a model on the meta device."""
    return advise_device(error) or "correct that code, or give its callable other arguments"


def advise_device(error: BaseException) -> str:
    """Return what to do about code that failed because it wants a GPU; "" where it failed of something else."""
    words = ("NVIDIA driver", "not compiled with CUDA", "CUDA error", "out of meta tensor", "No CUDA GPUs")
    wants = any(word in str(error) for word in words)
    return "leave .cuda(), .to(device) and device= out: nothing runs on a device here" if wants else ""


def describe(error: BaseException) -> str:
    """Return the type and message of an exception in one line."""
    message = " ".join(str(error).split()).partition(_SIGNATURES)[0]
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _place(trace: TracebackType | None) -> str:
    """Return the innermost line of the user's own code, else of a library other than torch; "" where there is none."""
    frames = traceback.extract_tb(trace)
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith(("<", *LIBRARY_FOLDERS)) and "site-packages" not in frame.filename
    ]
    if not own:
        own = [frame for frame in frames if not set(Path(frame.filename).parts) & _NOT_THEIRS and frame.lineno]
        own = [frame for frame in own if "site-packages" in frame.filename]
    return f" (line {own[-1].lineno} of {own[-1].filename})" if own else ""
