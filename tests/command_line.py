"""Runs the installed `memprof` as people do: a process of its own, of which only the output and the exit code show."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(sys.executable).with_name("memprof")
MEMPROF = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-m", "memprof")


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
    """Run `memprof` with arguments in a folder, standard output and error being pipes."""
    done = subprocess.run(
        [*MEMPROF, *arguments], cwd=cwd, env=environment(**changes), capture_output=True, timeout=120, check=False
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
