"""Runs the installed `memprof` as people do: a process of its own, of which only the output and the exit code show.

Most runs are forks of a process that has imported everything (tests/warm.py), which spares the import of torch.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import warm

_SCRIPT = Path(sys.executable).with_name("memprof")
MEMPROF = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "memprof")

_READ_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "OMP_", "MPL", "PATH", "HOME")


@dataclass(frozen=True)
class Outcome:
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that a failed command prints, without its newline."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        assert self.err.startswith("error: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        assert not self.err.startswith("error: unexpected")
        return self.err.rstrip("\n")


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a run: plain, and without what the tests' own terminal says about colours."""
    plain = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "FORCE_COLOR"}}
    return {**plain, **changes}


def memprof(*arguments: str, cwd: Path, **changes: str) -> Outcome:
    """Run `memprof` with arguments in a folder; what Python and libraries read while they start asks for a new one."""
    if any(name.startswith(_READ_AT_START) for name in changes):
        return memprof_anew(*arguments, cwd=cwd, **changes)
    return Outcome(*warm.run(arguments, cwd, environment(**changes)))


def memprof_anew(*arguments: str, cwd: Path, **changes: str) -> Outcome:
    """Run `memprof` in a new interpreter, standard output and error being pipes."""
    done = subprocess.run(
        [*MEMPROF, *arguments], cwd=cwd, env=environment(**changes), capture_output=True, timeout=120, check=False
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
