"""Code that ends its process, whichever way, ends a child, and is no answer."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

from memprof.errors import GateError, ModelError
from memprof.gate.child import in_child


def refuse() -> str:
    raise ModelError("net.py:build failed", "mend it")


def leave(code: int) -> Callable[[], str]:
    return lambda: os._exit(code)


def test_an_answer_comes_back_whole() -> None:
    text = "é" * 200_000  # more than a pipe holds
    assert in_child(lambda: text) == text
    assert in_child(str) == ""


@pytest.mark.parametrize(
    ("work", "how"),
    [
        (leave(0), "exit code 0"),
        (leave(3), "exit code 3"),
        (lambda: os.execv(sys.executable, [sys.executable, "-c", ""]), "exit code 0"),
        (lambda: sys.exit(0), "exit code 1"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL"),
    ],
)
def test_an_end_without_an_answer_is_told(work: Callable[[], str], how: str) -> None:
    with pytest.raises(GateError, match=rf"ended the process that analysed it \({how}\), so nothing can be told"):
        in_child(work)


def test_what_is_raised_on_purpose_is_raised_here_with_its_traceback() -> None:
    with pytest.raises(GateError) as raised:
        in_child(refuse)
    assert (raised.value.what, raised.value.remedy) == ("net.py:build failed", "mend it")
    (note,) = raised.value.__notes__
    assert "in refuse" in note


def test_ctrl_c_ends_both() -> None:
    with pytest.raises(KeyboardInterrupt):
        in_child(lambda: signal.raise_signal(signal.SIGINT) or "")
