"""The page's operators on other devices: seconds, least seconds and bound of each, in little room.

Operators that take the same time on every device are one class; its times are 64-bit floats in base64, in the order of
the classes, so that the page computes with exactly what Python found.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memprof.report.digest import Digest
from memprof.report.digest import digests as digested
from memprof.report.elsewhere import Elsewhere
from memprof.reports.page import scenes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Times:
    """What the n operators of a report take on a device: seconds (n,), least (n,), the place of what binds each (n,).

    `splits` are [operator, bound, seconds] of calls that something else binds than most of their operator.
    """

    seconds: NDArray[np.float64]
    least: NDArray[np.float64]
    bounds: NDArray[np.int64]
    splits: list[tuple[int, int, float]]


def scenes_of(
    digests: Sequence[Digest],
    others: Sequence[Sequence[Elsewhere]],
    bounds: Sequence[str],
    words: Callable[[Sequence[Digest]], Json],
) -> list[Json]:
    """Return what the page shows on other devices: on those that every report was held against.

    `words` returns what it says there; `bounds` are the codes of what may bind.
    """
    if not others:
        return []
    by_device = [{item.report.device.name: item for item in own} for own in others]
    names = [name for name in by_device[0] if all(name in own for own in by_device)]
    times = [
        [_times(own[name], len(digest.report.operators), bounds) for name in names]
        for own, digest in zip(by_device, digests, strict=True)
    ]
    classes = [_classes(own) for own in times]
    found = []
    for place, name in enumerate(names):
        held = digested([own[name].report for own in by_device])
        parts = [_written(own[place], firsts) for own, (firsts, _) in zip(times, classes, strict=True)]
        first = place == 0
        data = {"name": name, "title": held[0].device.title, "times": parts, "words": words(held)}
        found.append(scenes.scene(held) | data | ({"classes": [of for _, of in classes]} if first else {}))
    return found


def _times(item: Elsewhere, count: int, bounds: Sequence[str]) -> _Times:
    seconds, least = np.zeros(count), np.zeros(count)
    shares: list[dict[int, float]] = [{} for _ in range(count)]
    for row, place in zip(item.report.operators, item.rows, strict=True):
        seconds[place] += row.seconds
        least[place] += row.roofline_seconds
        code = bounds.index(row.bound)
        shares[place][code] = shares[place].get(code, 0.0) + row.seconds
    main = [max(own, key=own.__getitem__, default=0) for own in shares]
    splits = [
        (place, code, amount)
        for place, own in enumerate(shares)
        if len(own) > 1
        for code, amount in own.items()
        if code != main[place]
    ]
    return _Times(seconds, least, np.array(main, dtype=np.int64), splits)


def _classes(times: Sequence[_Times]) -> tuple[list[int], list[int]]:
    """Return the first operator of each class, and the class of each operator."""
    if not times:
        return [], []
    columns = [column for own in times for column in (own.seconds, own.least, own.bounds.astype(np.float64))]
    table = np.stack(columns, axis=1)
    firsts: list[int] = []
    known: dict[bytes, int] = {}
    of = []
    for place in range(len(table)):
        key = table[place].tobytes()
        if key not in known:
            known[key] = len(firsts)
            firsts.append(place)
        of.append(known[key])
    return firsts, of


def _written(times: _Times, firsts: Sequence[int]) -> Json:
    return {
        "seconds": _floats(times.seconds[firsts]),
        "least": _floats(times.least[firsts]),
        "bounds": "".join(chr(97 + int(code)) for code in times.bounds[firsts]),
        "splits": times.splits,
    }


def _floats(values: NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f8").tobytes()).decode()
