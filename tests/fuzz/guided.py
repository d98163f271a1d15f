"""Fuzzes targets for a fixed time each, guided by which lines a file reaches (atheris, which is libFuzzer for Python).

    python -m tests.fuzz.guided [--seconds 10] [--keep FOLDER] [TARGET ...]

A target is a process of its own that begins with the corpus; as many run at once as there are processors. Exits with 1
if one broke: its traceback is shown, the file kept in FOLDER (by default the target's corpus, which the tests replay).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz import CORPUS, NAMES
from tests.fuzz.mutations import mutate

_LARGEST_BYTES = 1 << 14
_BY_BYTES = 0.3
"""The part of changes that know nothing of numbers and text."""
_ENOUGH_SECONDS = 120
"""What starting may take beside the fuzzing, on a busy machine."""


def fuzz(name: str, seconds: int, keep: Path) -> int:
    """Fuzz a target in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=["memprof"]):
        from tests.fuzz.targets import TARGETS

        folder = Path(tempfile.mkdtemp(prefix="memprof-fuzz-", dir=os.environ.get("TMPDIR")))
        path = folder / "fuzzed"
        path.write_bytes(b"")
        TARGETS[name](path)  # imports the rest

    corpus = [file.read_bytes() for file in sorted((CORPUS / name).iterdir())]

    def one(content: bytes) -> None:
        path.write_bytes(content)
        TARGETS[name](path)

    def change(content: bytes, largest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < _BY_BYTES:
            changed: bytes = atheris.Mutate(content, largest)
            return changed
        return mutate(content, corpus, chance)[:largest]

    options = [f"-max_total_time={seconds}", f"-max_len={_LARGEST_BYTES}", f"-artifact_prefix={keep}/", "-timeout=30"]
    found = folder / "found"
    found.mkdir()
    atheris.Setup(["fuzz", *options, "-rss_limit_mb=6000", str(found), str(CORPUS / name)], one, custom_mutator=change)
    atheris.Fuzz()
    return 0


def run(name: str, seconds: int, keep: Path) -> bool:
    """Fuzz a target in a process of its own; return whether nothing broke it."""
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.guided",
        "--here",
        "--seconds",
        str(seconds),
        "--keep",
        str(keep),
        name,
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + _ENOUGH_SECONDS,
            check=False,
        )
    files = re.search(r"Done (\d+) runs", done.stderr)
    what = f"{files[1]} files, nothing found" if files and not done.returncode else "broken"
    print(f"{name}: {what}", flush=True)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO: ")]
        print("\n".join(said)[-8000:], flush=True)
    return done.returncode == 0


def main() -> int:
    """Fuzz the targets that are named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--here", action="store_true", help="in this process")
    parser.add_argument("targets", nargs="*", choices=[[], *NAMES], metavar="TARGET")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (`pip install atheris`; it has no wheels for every Python): nothing is fuzzed")
        return 0
    targets = options.targets or NAMES
    if options.here:
        return fuzz(targets[0], options.seconds, options.keep)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sound = list(pool.map(lambda name: run(name, options.seconds, options.keep or CORPUS / name), targets))
    return int(not all(sound))


if __name__ == "__main__":
    sys.exit(main())
