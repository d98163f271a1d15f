"""The caches of a CPU as Linux describes them, and how much of each one thread has."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from memprof.calibration.records import Caution

SYSFS = Path("/sys/devices/system/cpu")
_LEVELS = {"1": "l1", "2": "l2", "3": "l3"}
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
_LEAST_STEP = 1.5
"""How many times larger than the level inside it a thread's share must be to be told from it."""


@dataclass(frozen=True, slots=True)
class Cache:
    """One level of data cache: bytes of one such cache, and how many of the usable CPUs share it."""

    level: str
    capacity_bytes: int
    sharing: int


@dataclass(frozen=True, slots=True)
class Caches:
    """The data caches, innermost first, of a machine on which `cpus` are usable and torch computes with `threads`."""

    levels: tuple[Cache, ...]
    cpus: int
    threads: int

    @property
    def cores(self) -> int:
        """Return the number of cores: CPUs that share an L1 are one core's hardware threads."""
        sharing = next((cache.sharing for cache in self.levels if cache.level == "l1"), 1)
        return max(1, self.cpus // sharing)

    def total_bytes(self, level: str) -> float:
        """Return the bytes of all caches of a level together; 0 where there is none."""
        return sum(cache.capacity_bytes * max(1, self.cpus // cache.sharing) for cache in self._select(level))

    def share_bytes(self, level: str) -> float:
        """Return the bytes of a level that each thread has to itself while all of them work; 0 where there is none."""
        return sum(min(cache.capacity_bytes, self.total_bytes(level) / self.threads) for cache in self._select(level))

    def level_of(self, total_bytes: float) -> str:
        """Return the innermost level that holds `total_bytes` spread over all threads; "dram" where no cache does."""
        fitting = (cache.level for cache in self.levels if self.share_bytes(cache.level) * self.threads >= total_bytes)
        return next(fitting, "dram")

    def _select(self, level: str) -> list[Cache]:
        return [cache for cache in self.levels if cache.level == level]


def common_caches(cpus: int) -> tuple[Cache, ...]:
    """Return the caches of a common CPU, for machines that do not tell: most have these sizes or larger ones."""
    return (Cache("l1", 32 * 2**10, 1), Cache("l2", 2**20, 1), Cache("l3", 32 * 2**20, cpus))


def read_caches(cpus: Set[int], threads: int, root: Path = SYSFS) -> tuple[Caches, tuple[Caution, ...]]:
    """Return the data caches that the first of the usable `cpus` sees, with a caution about each that is no use.

    The files are index*/{level,type,size,shared_cpu_list} (Linux, Documentation/ABI/testing/sysfs-devices-system-cpu).
    Where none can be read, sizes of a common CPU are assumed.
    """
    folder = root / f"cpu{min(cpus, default=0)}" / "cache"
    levels = [cache for path in sorted(folder.glob("index*")) if (cache := _cache(path, cpus)) is not None]
    count = max(1, len(cpus))
    if not any(cache.level == "l1" for cache in levels):
        caution = Caution(
            "This system does not tell its cache sizes: 32 KiB of L1, 1 MiB of L2 and 32 MiB of L3 were assumed",
            "take the cache bandwidths with care",
        )
        return Caches(common_caches(count), count, threads), (caution,)
    return _drop_indistinct(Caches(tuple(sorted(levels, key=lambda cache: cache.level)), count, threads))


def _drop_indistinct(caches: Caches) -> tuple[Caches, tuple[Caution, ...]]:
    """Drop levels that are no larger than the one inside them, as virtual machines report them."""
    kept: list[Cache] = []
    cautions = []
    for cache in caches.levels:
        share = caches.share_bytes(cache.level)
        inner = caches.share_bytes(kept[-1].level) if kept else 0.0
        if share >= _LEAST_STEP * inner:
            kept.append(cache)
        else:
            name = cache.level.upper()
            cautions.append(
                Caution(
                    f"{name} was not measured: a thread's share of it, {share / 2**10:,.0f} KiB, is hardly larger than "
                    f"its {inner / 2**10:,.0f} KiB of {kept[-1].level.upper()}"
                )
            )
    return Caches(tuple(kept), caches.cpus, caches.threads), tuple(cautions)


def _cache(folder: Path, cpus: Set[int]) -> Cache | None:
    """Return the cache that a folder describes; None for instructions, and where its files make no sense."""
    try:
        level, kind, size, shared = (
            (folder / name).read_text(encoding="ascii").strip() for name in ("level", "type", "size", "shared_cpu_list")
        )
        capacity = _size(size)
        sharing = len(_cpu_list(shared) & cpus)
    except (OSError, ValueError):
        return None
    if level not in _LEVELS or kind not in {"Data", "Unified"} or capacity <= 0:
        return None
    return Cache(_LEVELS[level], capacity, max(1, sharing))


def _size(text: str) -> int:
    """Return the bytes of "48K"; ValueError for anything else."""
    unit = _UNITS.get(text[-1:].upper())
    return int(text[:-1]) * unit if unit else int(text)


def _cpu_list(text: str) -> frozenset[int]:
    """Return the CPUs of "0-3,8"; ValueError for anything else."""
    cpus: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)
