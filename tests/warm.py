"""Runs `memprof` in forks of one process that has imported everything, since most of a command's time is that import.

A fork starts as a process of its own does: nothing was analysed in it, no thread was started. What it cannot show is
what happens while Python starts and imports: `command_line.memprof_anew` is for that.
"""

from __future__ import annotations

import importlib
import io
import multiprocessing
import os
import pkgutil
import sys
import tempfile
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

_HEAVY = ("torch.profiler", "pandas", "matplotlib.pyplot", "matplotlib.backends.backend_agg", "rich.console")
_PROGRAMS = {"memprof.__main__", "memprof.gate.measured.worker"}
"""Importing these does more than define."""
_set_by_imports: dict[str, str] = {}
_TIMEOUT_SECONDS = 120


def run(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> tuple[int, str, str]:
    """Run `memprof` with arguments in a folder; return its exit code, output and error output."""
    with tempfile.TemporaryDirectory(prefix="memprof-warm-") as place:
        out, err = Path(place) / "out", Path(place) / "err"
        process = _server().Process(target=_command, args=(arguments, str(folder), environment, str(out), str(err)))
        process.start()
        process.join(_TIMEOUT_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"memprof {' '.join(arguments)} takes more than {_TIMEOUT_SECONDS} s")
        return process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "tests.warm_imports"])
    return context


def _command(arguments: tuple[str, ...], folder: str, environment: dict[str, str], out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update({**_set_by_imports, **environment})
    os.chdir(folder)
    for number, name in ((1, out), (2, err)):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    writers = [io.BufferedWriter(io.FileIO(number, "w", closefd=False)) for number in (1, 2)]
    sys.stdout = io.TextIOWrapper(writers[0], encoding="utf-8")
    sys.stderr = io.TextIOWrapper(writers[1], encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.argv = ["memprof", *arguments]
    from memprof.cli import main

    main()


def import_everything() -> None:
    """Import what commands import."""
    before = dict(os.environ)
    importlib.import_module("memprof.profiles.simulated")  # first: it sets what torch reads when it is imported
    package = importlib.import_module("memprof")
    modules = {module.name for module in pkgutil.walk_packages(package.__path__, "memprof.")}
    for name in (*_HEAVY, *sorted(modules - _PROGRAMS)):
        importlib.import_module(name)
    _set_by_imports.update((name, value) for name, value in os.environ.items() if before.get(name) != value)
