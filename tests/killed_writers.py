"""Kills a writer with SIGKILL at each step that touches its folder, and says what it left: run as a process of its own.

    python -m tests.killed_writers FOLDER

prints a line of JSON per writer: how often it was killed, and whether all was old or new after each time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from memprof.calibration import session
from memprof.commands import calibrate, validate
from memprof.commands.output import Result, write_results
from memprof.files import write_files
from memprof.gate.baseline import save_baseline
from memprof.gate.beginning import Beginning, write_beginning
from memprof.gate.config import GateConfig
from memprof.gate.history import Commit, append
from memprof.gate.records import BASELINE_SCHEMA, Baseline
from memprof.journal import settle
from memprof.reports.report import WRITERS as REPORTS
from memprof.reports.sweep import WRITERS as SWEEP
from memprof.reports.writer import RenderOptions
from memprof.whatif.sweep import SCHEMA, Sweep
from tests.reports.sample import sample

Files = Mapping[str, bytes]

STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "sqlite3.connect"}
"""What Python tells before it happens, of what may change a folder."""
BASELINE = Baseline(BASELINE_SCHEMA, "0.1.0", 1, {}, ())
FIGURES = Sweep(SCHEMA, "convnext_t", "kernel", False, "a100", "A100", 1, 224, "tf32", (), (), ())


def write_report(folder: Path) -> None:
    write_results([Result([sample()], REPORTS, ["json", "csv", "md"])], folder, RenderOptions())


def write_sweep(folder: Path) -> None:
    write_results([Result(FIGURES, SWEEP, ["json", "csv"])], folder, RenderOptions())


def write_calibration(folder: Path) -> None:
    found = SimpleNamespace(device=SimpleNamespace(as_dict=lambda: {"name": "host"}))
    with (
        patch.object(session, "calibrate", lambda *_: found),
        open(os.devnull, "w") as quiet,
        patch("sys.stdout", quiet),
    ):
        assert calibrate.command.callback is not None
        calibrate.command.callback("cpu", False, folder / "host.json", 1.0, True)


def write_validation(folder: Path) -> None:
    validate._write(Result(FIGURES, SWEEP), {"csv": folder / "a.csv", "json": folder / "a.json"})


WRITERS: dict[str, Callable[[Path], object]] = {
    "files": lambda folder: write_files(folder, {"a.txt": b"new a", "b.txt": b"new b", "c.txt": b"new c"}),
    "report": write_report,
    "sweep": write_sweep,
    "validation": write_validation,
    "calibration": write_calibration,
    "baseline": lambda folder: save_baseline(folder / "baseline.json", BASELINE),
    "configuration": lambda folder: write_beginning(
        Beginning(GateConfig(folder / "setup.cfg", (), baseline=folder / "baseline.json"), "[memprof]"), "{}"
    ),
    "history": lambda folder: append(folder / "history.sqlite", BASELINE, Commit("a", "2026-01-01")),
}


def content(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def killed_at(step: int, folder: Path, act: Callable[[Path], object]) -> bool:
    """Let a child act on a folder until the step of this number; return whether it came so far, and was killed."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == signal.SIGKILL
    left = iter(range(step, -1, -1))

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in STEPS and not (event == "open" and isinstance(arguments[2], int) and not arguments[2] & 3):
            touched = str(arguments[0]).startswith(str(folder)) or event == "os.rmdir"
            if touched and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    act(folder)
    os._exit(0)


def states(name: str, root: Path) -> Iterator[tuple[bool, bool]]:
    """Kill a writer at every step, and then who puts that in order, too; yield which files there are in the end.

    That is whether each file was old or new from the beginning, and whether all were in the end.
    """
    write = WRITERS[name]
    (root / "new").mkdir()
    write(root / "new")
    new = content(root / "new")
    for absent in ("", *sorted(new)[:1]):
        old = {} if name == "history" else {key: b"old" for key in new if key != absent}
        for step in range(200):
            folder = root / f"{absent}{step}"
            folder.mkdir()
            for key, text in old.items():
                (folder / key).write_bytes(text)
            killed = killed_at(step, folder, write)
            each = all(text in (old.get(key), new[key]) for key, text in content(folder).items())
            each = each and content(folder).keys() >= old.keys()
            again = 0
            while killed_at(again % 20, folder, settle):  # a second helper dies as well, each time a step later
                again += 1
            settle(folder)
            yield each, content(folder) in (old, new)
            if not killed:
                break


def main(root: Path) -> None:
    for name in WRITERS:
        (root / name).mkdir()
        found = list(states(name, root / name))
        told = {
            "writer": name,
            "kills": len(found),
            "each": all(each for each, _ in found),
            "all": all(together for _, together in found),
        }
        print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
