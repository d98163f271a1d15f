"""What a sweep combines, and how it divides into groups and parts: by arithmetic on indices, never as a list."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_PARTS = 4096
"""Files that a folder may get; beyond, several groups share one."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is simulated together: a model in one setting, at all batch sizes and precisions of the sweep.

    `resolution` in pixels a side, None for the model's own.
    """

    model: str
    resolution: int | None
    phase: str
    layout: str
    stack: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Every combination of what is listed; `devices` by name.

    A precision of None is each device's own default, a resolution of None the model's own.
    """

    models: tuple[str, ...]
    devices: tuple[str, ...]
    precision: tuple[str | None, ...]
    batch_size: tuple[int, ...]
    resolution: tuple[int | None, ...]
    phase: tuple[str, ...]
    layout: tuple[str, ...]
    stack: tuple[str, ...]

    @property
    def group_count(self) -> int:
        """Return the number of groups."""
        return math.prod(len(values) for values in self._settings)

    @property
    def rows_of_group(self) -> int:
        """Return the number of rows that each group gives."""
        return len(self.precision) * len(self.batch_size) * len(self.devices)

    @property
    def row_count(self) -> int:
        """Return the number of rows of the sweep."""
        return self.group_count * self.rows_of_group

    @property
    def part_count(self) -> int:
        """Return the number of files that the rows go into."""
        return math.ceil(self.group_count / self._groups_of_part)

    def part(self, index: int) -> tuple[Group, ...]:
        """Return the groups of a part, in order."""
        start = index * self._groups_of_part
        return tuple(self._group(place) for place in range(start, min(start + self._groups_of_part, self.group_count)))

    def cells(self) -> Iterator[tuple[str | None, int, str]]:
        """Yield precision, batch size and device of each row of a group, in order."""
        for precision in self.precision:
            for batch_size in self.batch_size:
                for device in self.devices:
                    yield precision, batch_size, device

    def _group(self, index: int) -> Group:
        chosen = []
        for values in reversed(self._settings):
            index, place = divmod(index, len(values))
            chosen.append(values[place])
        return Group(*reversed(chosen))  # type: ignore[arg-type]

    @property
    def _settings(self) -> tuple[tuple[str | int | None, ...], ...]:
        return self.models, self.resolution, self.phase, self.layout, self.stack

    @property
    def _groups_of_part(self) -> int:
        return math.ceil(self.group_count / _MOST_PARTS)
