"""Changes to files at random that keep most of their form, so that readers get far into them."""

from __future__ import annotations

import random
import re

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_PIECES = [
    b"0",
    b"-1",
    b"9" * 19,
    b"9" * 400,
    b"1e400",
    b"1e-400",
    b"null",
    b"NaN",
    b"inf",
    b'""',
    b"[]",
    b"{}",
    b"\\",
    b"\0",
]


def mutate(content: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file with a number replaced, a piece put in, a stretch left out or repeated, or spliced with another."""
    for _ in range(chance.randint(1, 4)):
        place, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
        numbers = list(_NUMBER.finditer(content))
        kind = chance.randrange(5)
        if kind == 0 and numbers:
            place, end = chance.choice(numbers).span()
            content = content[:place] + chance.choice(_PIECES) + content[end:]
        elif kind == 1:
            content = content[:place] + chance.choice(_PIECES) + content[place:]
        elif kind == 2:
            content = content[:place] + content[min(end, place + chance.randint(1, 40)) :]
        elif kind == 3:
            content = content[:end] + content[place:end] + content[end:]
        else:
            content = content[:place] + chance.choice(others)[place:]
        content = content[: 1 << 16]
    return content
