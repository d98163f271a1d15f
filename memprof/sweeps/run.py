"""A sweep from its file to its folder: parts that are missing are analysed, and written as they get done."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import msgspec

from memprof._version import COST_MODEL, __version__
from memprof.devices.ceilings import ceilings, precisions
from memprof.devices.hosts import default_costs
from memprof.devices.record import Device
from memprof.errors import SweepError
from memprof.sweeps.engine import Engine, Failure, map_surely
from memprof.sweeps.folder import Folder, Manifest, open_folder
from memprof.sweeps.plan import Sweep
from memprof.sweeps.reading import Asked
from memprof.sweeps.record import SCHEMA, Row, failed_rows
from memprof.sweeps.table import count, joined, to_parquet

one_at_a_time = threading.Lock()
"""A worker may have several threads, but torch has one profiler."""

Show = Callable[[int, int], None]
"""Shows how far a sweep is: rows that are done, and rows that were done before."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of a sweep did: parts and rows that it wrote, how many of these rows have no figure but a reason.

    `before` are the rows that were there already.
    """

    parts: int
    rows: int
    failed: int
    before: int


@dataclass(frozen=True, slots=True)
class _Shared:
    sweep: Sweep
    devices: tuple[Device, ...]
    made_with: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Portion:
    """A part, or one group of it."""

    part: int
    group: int | None = None


def run(asked: Asked, path: Path, engine: Callable[[], Engine], show: Show = lambda done, before: None) -> Outcome:
    """Analyse what is missing of a sweep in a folder; `engine` is asked for only where something is.

    SweepError where the folder is of something else or another process adds to it, or where the engine fails;
    OutputError where a part cannot be written. Parts that were written by then stay.
    """
    with open_folder(path, manifest_of(asked)) as folder:
        rows = _rows_of_parts(asked.sweep, folder.finished)
        shared = _Shared(asked.sweep, asked.devices, made_with())
        if len(folder.finished) == asked.sweep.part_count:
            return Outcome(0, 0, 0, rows)
        return _Run(folder, asked.sweep, shared, show, rows).do(engine)


class _Run:
    def __init__(self, folder: Folder, sweep: Sweep, shared: _Shared, show: Show, before: int) -> None:
        self._folder, self._sweep, self._shared, self._show = folder, sweep, shared, show
        self._before, self._parts, self._rows, self._failed = before, 0, 0, 0

    def do(self, make: Callable[[], Engine]) -> Outcome:
        engine = make()
        self._show(0, self._before)
        tasks = (_Portion(index) for index in self._folder.missing())
        for portion, answers in map_surely(engine, analyse, self._shared, tasks, self._split):
            contents = [self._content(piece, answer) for piece, answer in answers]
            self._write(portion.part, contents[0] if len(contents) == 1 else joined(contents))
        return Outcome(self._parts, self._rows, self._failed, self._before)

    def _split(self, portion: _Portion) -> list[_Portion]:
        return [_Portion(portion.part, place) for place in range(len(self._sweep.part(portion.part)))]

    def _content(self, piece: _Portion, answer: bytes | Failure) -> bytes:
        """Return the rows of a piece, one of those that fail alone, too, with their reason."""
        if not isinstance(answer, Failure):
            return answer
        assert piece.group is not None
        group = self._sweep.part(piece.part)[piece.group]
        return to_parquet(failed_rows(self._sweep, group, answer.reason), Row, SCHEMA)

    def _write(self, part: int, content: bytes) -> None:
        self._folder.write(part, content)
        self._parts += 1
        self._rows += _rows_of_parts(self._sweep, [part])
        self._failed += count(content, "failed_because")
        self._show(self._rows, self._before)


def analyse(shared: _Shared, portion: _Portion) -> bytes:
    """Return the rows of a part, or of one of its groups, as Parquet; SweepError where the versions are others here."""
    own = made_with()
    if own != shared.made_with:
        raise SweepError(
            f"a worker has {own}, not {shared.made_with}", "install the same versions there as here and go on"
        )
    # Torch is met here, in the worker's own thread: its profiler complains where another one imported it.
    from memprof.sweeps.rows import rows_of

    groups = shared.sweep.part(portion.part)
    chosen = groups if portion.group is None else groups[portion.group : portion.group + 1]
    with one_at_a_time:
        rows = [row for group in chosen for row in rows_of(shared.sweep, group, shared.devices)]
    return to_parquet(rows, Row, SCHEMA)


def manifest_of(asked: Asked) -> Manifest:
    """Return what the set of a sweep is of."""
    described = {**asdict(asked.sweep), "figures of devices": _digest(asked.devices)}
    return Manifest(SCHEMA, made_with(), described, asked.sweep.part_count, asked.sweep.row_count)


def made_with() -> dict[str, str]:
    """Return the versions that figures depend on."""
    return {"memprof": __version__, "cost model": str(COST_MODEL), "torch": metadata.version("torch")}


def _digest(devices: Sequence[Device]) -> str:
    """Return a digest of everything that rows are computed from of devices and host."""
    roofs = [ceilings(device, precision, default_costs()) for device in devices for precision in precisions(device)]
    return hashlib.sha256(msgspec.json.encode(roofs)).hexdigest()


def _rows_of_parts(sweep: Sweep, parts: Sequence[int] | set[int]) -> int:
    return sum(len(sweep.part(part)) for part in parts) * sweep.rows_of_group
