"""Search for files that break a reader: those of the corpus in tests/fuzz, changed at random.

    python benchmarks/fuzz.py [--minutes 5] [--target trace] [--seed 0]

Prints what broke a target and keeps the file in the corpus, where the tests replay it. Exits with 1 if anything did.
`python -m tests.fuzz.guided --seconds 300 trace` searches with atheris, which prefers files that reach new lines;
`.ci/run` does so for 10 seconds a target.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fuzz import CORPUS  # noqa: E402
from tests.fuzz.mutations import mutate  # noqa: E402
from tests.fuzz.targets import TARGETS  # noqa: E402


def main() -> int:
    """Search until the time is over; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--target", choices=list(TARGETS), default="trace")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    corpus = [path.read_bytes() for path in sorted((CORPUS / options.target).iterdir())]
    stop = time.monotonic() + 60 * options.minutes
    tried = 0
    broken: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed"
        while time.monotonic() < stop:
            content = mutate(chance.choice(corpus), corpus, chance)
            path.write_bytes(content)
            tried += 1
            try:
                TARGETS[options.target](path)
            except Exception as error:  # noqa: BLE001 - any that gets here is the find
                place = traceback.extract_tb(error.__traceback__)[-1]
                found = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
                if found not in broken:
                    broken.add(found)
                    kept = CORPUS / options.target / f"{sha256(content).hexdigest()[:12]}"
                    kept.write_bytes(content)
                    print(f"{found}: {error!s:.100}; kept as {kept.name}")
    print(f"{tried} files, {len(broken)} ways to break the {options.target} reader")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
