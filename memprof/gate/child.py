"""Work in a child of this process, since it runs the code of models: what ends the child is no verdict.

It keeps accidents and `os._exit(0)` from passing for a green check. It is no sandbox: such code may do all that the
user may.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import traceback
from collections.abc import Callable
from typing import BinaryIO

from memprof.errors import GateError, MemprofError


def in_child(work: Callable[[], str]) -> str:
    """Return what `work` returns in a child of this process, which has everything that is here now.

    What it raises on purpose is raised here, as a GateError with its traceback as a note; GateError, too, where the
    child ends without an answer. A Ctrl-C ends both.
    """
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            _work(work, answer)
        status = 0
        try:
            _, status = os.waitpid(child, 0)
        except KeyboardInterrupt:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        answer.seek(0)
        content = answer.read()
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT:
        raise KeyboardInterrupt
    if not content:
        raise GateError(
            f"a model's code ended the process that analysed it ({_end(status)}), so nothing can be told",
            "look for what exits in that code, or for memory that ran out",
        )
    return _read(content)


def _work(work: Callable[[], str], answer: BinaryIO) -> None:
    """Leave an answer and end; whatever else happens, nothing of the parent's goes on in the child."""
    code = 1
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            said = {"done": work()}
        except MemprofError as error:
            said = {"what": error.what, "remedy": error.remedy, "trace": traceback.format_exc()}
        answer.write(json.dumps(said).encode())
        answer.flush()
        code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def _read(content: bytes) -> str:
    said: dict[str, str] = json.loads(content)
    if "done" in said:
        return said["done"]
    error = GateError(said["what"], said["remedy"])
    error.add_note(said["trace"])
    raise error


def _end(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.WEXITSTATUS(status)}"
