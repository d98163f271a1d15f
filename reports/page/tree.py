"""The network as a tree of modules, operators at its ends."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from memprof import words
from memprof.report.digest import Digest
from memprof.report.record import OperatorRow
from memprof.vocabulary import Phase

Path = tuple[str, ...]


def nodes(digest: Digest, places: dict[int, int]) -> list[dict[str, Any]]:
    """Return the nodes, each after its `parent` (an index, -1 of the root), in the order of the network.

    An end has `rows`: the equal operators of one module, forward and backward apart, by their index in the report.
    """
    ends: dict[tuple[Path, str, str], list[OperatorRow]] = defaultdict(list)
    modules: dict[Path, None] = {}
    for row in digest.report.operators:
        path = _path(row)
        ends[path, words.operator(row.name), row.phase].append(row)
        if path not in modules:
            modules |= dict.fromkeys(path[:depth] for depth in range(len(path) + 1))
    numbers: dict[Any, int] = {}
    found: list[dict[str, Any]] = []
    for key in _ordered(modules, ends):
        is_end = key in ends
        path = key[0] if is_end else key
        numbers[key] = len(found)
        at = numbers[path if is_end else path[:-1]] if is_end or path else -1
        node: dict[str, Any] = {"parent": at, "name": _name(digest, key, is_end=is_end)}
        if is_end:
            node["rows"] = [places[id(row)] for row in ends[key]]
        found.append(node)
    return found


def _ordered(modules: dict[Path, None], ends: dict[Any, list[OperatorRow]]) -> list[Any]:
    """Return modules and ends as the network runs them: by their first operator, a module before what is in it."""
    children: dict[Path, list[Any]] = defaultdict(list)
    for path in modules:
        if path:
            children[path[:-1]].append(path)
    for key in ends:
        children[key[0]].append(key)
    found: list[Any] = []
    waiting: list[Any] = [()]
    while waiting:
        key = waiting.pop()
        found.append(key)
        waiting += reversed(children.get(key, [])) if key not in ends else []
    return found if modules else []


def _path(row: OperatorRow) -> Path:
    if row.module:
        return tuple(row.module.split("."))
    return ("(optimizer)",) if row.phase == Phase.OPTIMIZER else ()


def _name(digest: Digest, key: Any, *, is_end: bool) -> str:
    if not is_end:
        return key[-1] if key else digest.label
    _, name, phase = key
    short = words.drop_phase(name)
    return f"{short} ({phase})" if len(digest.phases) > 1 else short
