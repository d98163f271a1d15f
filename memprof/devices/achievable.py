"""What kernels reach of a device's ceilings: the constants of the time model, from data, each with unit and source.

A constant is stated once for all devices, or for a kind of memory or of tensor core; the first statement in the file
that fits a device counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

from memprof.devices.record import CPU, Device, Figure

ISSUE_SLOTS_PER_CLOCK = 128
"""Instructions times threads that an SM issues a clock: four schedulers, a warp of 32 threads each.

Source: NVIDIA's tuning guides for Volta to Hopper, "each SM has four warp schedulers"; one dispatch a clock each."""

AMD_SLOTS_PER_CLOCK = 64
"""The same of a compute unit of AMD's CDNA: one of its four SIMDs a clock starts a wavefront of 64 threads.

Source: AMD's CDNA 3 ISA reference, "Compute Units"; each SIMD of 16 lanes takes four clocks."""

USUAL_CLOCK_HZ = 1.5e9
"""Of a device that states none."""
_LAUNCH_SOURCE = "computed: clocks / boost clock, or 1.5 GHz where that is not known"

SCHEMA = "memprof.achievable/1"
OWN_FIGURES = ("sm_count", "l2_capacity_bytes", "power_watts")
"""Of the device's own figures, those that the time model gets beside the ceilings."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A value of one constant with its source, and which devices it is for: None is all.

    `memory` is the beginning of the memory's type ("HBM", "GDDR"), `capability` that of the compute capability ("8.9",
    "9."), or several of them in a row ("9. 10."); `half_rate` is whether tensor cores run at half their rate when they
    accumulate in FP32 (GeForce), which leaves the rest of the SM more time to feed them.
    """

    value: float
    source: str
    memory: str | None = None
    half_rate: bool | None = None
    capability: str | None = None

    def fits(self, device: Device) -> bool:
        """Return whether the statement is about `device`."""
        return (
            _begins(device.memory_type, self.memory)
            and (self.half_rate is None or self.half_rate == _is_half_rate(device))
            and _begins(device.compute_capability, self.capability)
        )


def _begins(text: str | None, beginnings: str | None) -> bool:
    return beginnings is None or (text or "").startswith(tuple(beginnings.split()))


def _is_half_rate(device: Device) -> bool:
    wide, narrow = (device.get(f"fp16_tensor_{kind}flops_per_second") for kind in ("", "fp16_accumulate_"))
    return wide is not None and narrow is not None and wide < 0.75 * narrow


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of the time model: its unit ("" for a fraction), its name, its values for kinds of devices."""

    unit: str
    words: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class _File:
    schema: str
    constants: Mapping[str, Constant]


@cache
def constants() -> Mapping[str, Constant]:
    """Return all constants by key, in the file's order."""
    data = resources.files("memprof.devices").joinpath("achievable.json").read_bytes()
    return msgspec.json.decode(data, type=_File).constants


@dataclass(frozen=True, slots=True)
class Chosen:
    """A constant as it holds for one device: its unit ("" for a fraction), its name, its value with its source."""

    unit: str
    words: str
    figure: Figure


def choose(device: Device) -> dict[str, Chosen]:
    """Return the constants of the time model for `device` by key, other than figures that the device itself states.

    A CPU has none: they are those of GPUs, so that what is predicted for a CPU is the least time.
    """
    if device.architecture == CPU:
        return {}
    choices = {}
    for key, constant in constants().items():
        fitting = next((statement for statement in constant.statements if statement.fits(device)), None)
        if fitting is not None:
            choices[key] = Chosen(constant.unit, constant.words, Figure(fitting.value, fitting.source))
    sms, clock = device.get("sm_count"), device.get("boost_clock_hz")
    cycles = choices.pop("launch_cycles")
    launch = Figure(cycles.figure.value / (clock or USUAL_CLOCK_HZ), f"{cycles.figure.source}; {_LAUNCH_SOURCE}")
    choices["launch_seconds"] = Chosen("s", f"{cycles.words}: {cycles.figure.value:,.0f} {cycles.unit}", launch)
    if sms is not None and clock is not None:
        per_clock = AMD_SLOTS_PER_CLOCK if is_amd(device) else ISSUE_SLOTS_PER_CLOCK
        slots = Figure(sms * per_clock * clock, f"computed: SMs x {per_clock} x boost clock")
        choices["issue_slots_per_second"] = Chosen(
            "instructions/s", "that all SMs issue, counted for each thread", slots
        )
    if _is_half_rate(device):
        half = Figure(0.5, "computed: tensor cores at half rate switch half as much")
        choices["tensor_switching_fraction"] = Chosen("", "of what CUDA cores switch that tensor cores do", half)
    return choices


def is_amd(device: Device) -> bool:
    """Return whether AMD made the device, which its architecture's name says."""
    return (device.compute_capability or "").startswith("gfx")


def achievable(device: Device) -> dict[str, Figure]:
    """Return the constants of the time model for `device`, those computed from its own figures included."""
    if device.architecture == CPU:
        return {}
    figures = {key: constant.figure for key, constant in choose(device).items()}
    figures |= {key: device.figures[key] for key in OWN_FIGURES if key in device.figures}
    capability = capability_of(device)
    if capability is not None:
        figures["compute_capability"] = Figure(capability, "CUDA's name of the architecture")
    return figures


def capability_of(device: Device) -> float | None:
    """Return NVIDIA's compute capability as a number, 8.6 for "8.6"; None for other makers' devices."""
    text = device.compute_capability or ""
    return float(text) if text.replace(".", "", 1).isdecimal() else None
