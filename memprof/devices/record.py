"""The device record: figures of one accelerator in base units, each with its source; an unknown figure is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memprof.devices.figures import FIGURES, fact_of
from memprof.errors import DeviceError, did_you_mean
from memprof.vocabulary import MEMORY_LEVELS

CPU = "CPU"
"""The architecture of a device that is no GPU."""
CUDA_CORE_ENGINES = ("fp32", "fp16", "fp64")
TENSOR = "tensor"
TENSOR_TYPES = ("tf32", "fp16", "bf16", "fp8", "int8", "fp32", "fp64")

L1_BANDWIDTH = "l1_bytes_per_second"
_L1_FACTORS = ("sm_count", "l1_bytes_per_clock_per_sm", "boost_clock_hz")
COMPUTED = f"computed: {' x '.join(_L1_FACTORS)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One fact about a device: its value in the unit that its key names, and where it comes from.

    `source` is text for readers; several sources are separated by "; ".
    """

    value: float
    source: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources one by one."""
        return tuple(self.source.split("; "))


@dataclass(frozen=True, slots=True)
class Device:
    """One accelerator.

    `name` is what people type, `title` what they read. `compute_capability` is NVIDIA's ("8.0") or AMD's LLVM target
    ("gfx942"). `figures` by key, see `memprof.devices.figures.FIGURES`. `notes` say which of several published values
    was taken, and what to beware of.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    architecture: str | None
    compute_capability: str | None
    memory_type: str | None
    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()

    @property
    def is_amd(self) -> bool:
        """Return whether it is one of AMD's GPUs, which have matrix cores and vector units."""
        return (self.compute_capability or "").startswith("gfx")

    def get(self, key: str) -> float | None:
        """Return the value of the figure `key`, None where it is not known; DeviceError where no such key exists."""
        figure = self.figures.get(fact_of(key).key)
        return None if figure is None else figure.value

    def words(self, key: str) -> str:
        """Return what the figure `key` is called on a device of this kind; DeviceError where no such key exists."""
        fact = fact_of(key)
        if self.architecture == CPU:
            return fact.words_for_cpu
        return fact.words_for_amd if self.is_amd else fact.words

    def figure(self, key: str) -> float:
        """Return the value of the figure `key`; DeviceError where it is not known for this device."""
        value = self.get(key)
        if value is None:
            raise DeviceError(
                f"{self.name} has no figure for {self.words(key)} ({key})",
                "choose a device that has one, or state it in a device file with "
                f'base = "{self.name}", see docs/devices.md',
            )
        return value

    def bandwidth(self, level: str) -> float:
        """Return the bytes per second of the memory level "dram", "l2" or "l1"; DeviceError where not known."""
        return self.figure(bandwidth_key(level))

    def peak(self, engine: str, dtype: str | None = None) -> float:
        """Return the FLOP/s of an engine: "fp32", "fp16", "fp64" (CUDA cores), or "tensor" with a `dtype`.

        Tensor peaks are dense, with FP32 accumulation; types are those of TENSOR_TYPES. DeviceError where not known.
        """
        return self.figure(peak_key(engine, dtype))

    def as_dict(self) -> dict[str, Any]:
        """Return the device as plain values, each figure with its unit: a device file in JSON holds the same."""
        figures = {
            key: {"value": figure.value, "unit": FIGURES[key].unit, "source": figure.source}
            for key, figure in self.figures.items()
        }
        return {
            "name": self.name,
            "title": self.title,
            "aliases": list(self.aliases),
            "architecture": self.architecture,
            "compute_capability": self.compute_capability,
            "memory_type": self.memory_type,
            "figures": figures,
            "notes": list(self.notes),
        }


def bandwidth_key(level: str) -> str:
    """Return the key of the bandwidth of a memory level."""
    if level not in MEMORY_LEVELS:
        raise DeviceError(f"no memory level {level!r}", did_you_mean(level, MEMORY_LEVELS))
    return f"{level}_bytes_per_second"


def peak_key(engine: str, dtype: str | None = None) -> str:
    """Return the key of the peak of an engine; the engine "tensor" has one for each type."""
    if engine in CUDA_CORE_ENGINES:
        return f"{engine}_flops_per_second"
    if engine != TENSOR:
        raise DeviceError(f"no engine {engine!r}", did_you_mean(engine, (*CUDA_CORE_ENGINES, TENSOR)))
    if dtype not in TENSOR_TYPES:
        raise DeviceError(f"no tensor-core peak is kept for type {dtype!r}", f"types: {', '.join(TENSOR_TYPES)}")
    return f"{dtype}_tensor_{'ops' if dtype == 'int8' else 'flops'}_per_second"


def complete(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return figures in the order of FIGURES with what follows from them: the L1 bandwidth of the whole device.

    L1 bytes/s = SMs x bytes per clock and SM x boost clock. The bytes per clock are those of 32-bit loads, which is
    how depthwise kernels load; compute capability 8.6 and 8.9 deliver half as much with them as with 128-bit loads. A
    bandwidth that the figures state themselves, measured for instance, is kept; one computed earlier is computed anew.
    """
    stated = {key: figure for key, figure in figures.items() if figure.source != COMPUTED}
    if L1_BANDWIDTH not in stated and all(key in stated for key in _L1_FACTORS):
        sms, bytes_per_clock, clock_hz = (stated[key].value for key in _L1_FACTORS)
        stated[L1_BANDWIDTH] = Figure(sms * bytes_per_clock * clock_hz, COMPUTED)
    return {key: stated[key] for key in FIGURES if key in stated}
