"""The sensors of an NVIDIA GPU, through the driver's management library (nvidia-ml-py, imported as pynvml)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from memprof.profiles.run.telemetry import Sample, Throttle

Value = TypeVar("Value")

THROTTLE_BITS = {
    0x002: Throttle.APPLICATION_CLOCKS,
    0x004: Throttle.POWER_CAP,
    0x008: Throttle.HARDWARE,
    0x010: Throttle.SYNC_BOOST,
    0x020: Throttle.THERMAL,
    0x040: Throttle.HARDWARE_THERMAL,
    0x080: Throttle.POWER_BRAKE,
    0x100: Throttle.DISPLAY_CLOCKS,
}
"""The bits of nvmlDeviceGetCurrentClocksEventReasons: NVML API reference, "nvmlClocksEventReasons". 1 is idling."""


class NvmlSensors:
    """The sensors of one GPU. What it refuses, each call by itself, is None.

    `nvml` is the module pynvml, or what stands for it in a test; `uuid` is the GPU's, with its prefix "GPU-": an index
    would not be CUDA's, which CUDA_VISIBLE_DEVICES changes.
    """

    def __init__(self, nvml: Any, uuid: str) -> None:
        self._nvml = nvml
        nvml.nvmlInit()
        self._handle = nvml.nvmlDeviceGetHandleByUUID(uuid)

    def driver(self) -> str | None:
        """Return the version of the driver."""
        return self._ask(self._nvml.nvmlSystemGetDriverVersion, str)

    def sample(self) -> Sample:
        """Look at all sensors."""
        nvml, handle = self._nvml, self._handle
        return Sample(
            sm_clock_hz=self._ask(partial(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_SM), _mega),
            memory_clock_hz=self._ask(partial(nvml.nvmlDeviceGetClockInfo, handle, nvml.NVML_CLOCK_MEM), _mega),
            power_watts=self._ask(partial(nvml.nvmlDeviceGetPowerUsage, handle), _milli),
            temperature_celsius=self._ask(
                partial(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU), float
            ),
            memory_used_bytes=self._ask(
                partial(nvml.nvmlDeviceGetMemoryInfo, handle), lambda memory: float(memory.used)
            ),
            throttle=self._ask(partial(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle), throttle_reasons),
        )

    def energy_joules(self) -> float | None:
        """Return the energy used since the driver was loaded."""
        return self._ask(partial(self._nvml.nvmlDeviceGetTotalEnergyConsumption, self._handle), _milli)

    def _ask(self, question: Callable[[], Any], convert: Callable[[Any], Value]) -> Value | None:
        try:
            return convert(question())
        except self._nvml.NVMLError:
            return None


def sensors_of(uuid: str) -> NvmlSensors | None:
    """Return the sensors of a GPU; None where the library, the driver or the GPU is not NVIDIA's."""
    try:
        import pynvml  # type: ignore[import-untyped]
    except ImportError:
        return None
    try:
        return NvmlSensors(pynvml, uuid)
    except pynvml.NVMLError:
        return None


def throttle_reasons(bits: int) -> frozenset[Throttle]:
    """Return the reasons that are set in NVML's bitmask."""
    return frozenset(reason for bit, reason in THROTTLE_BITS.items() if bits & bit)


def _mega(value: int) -> float:
    return value * 1e6


def _milli(value: int) -> float:
    return value / 1e3
