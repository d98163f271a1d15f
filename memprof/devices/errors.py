"""How far predictions are typically off, from data: by class of device, phase, precision and kind of operator.

A figure is the median of |predicted / measured - 1|; its source says whether constants saw these times. The first in
the file that fits counts; where none does, nothing like it was ever compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

from memprof.devices.record import CPU, Device
from memprof.vocabulary import TENSOR, DeviceClass, Kind

SCHEMA = "memprof.errors/1"
Family = Literal["16-bit", "tf32", "fp32"]
"""Precisions whose errors are alike."""
_FAMILIES: dict[str, Family] = {
    "tf32": "tf32",
    "fp32": "fp32",
    **dict.fromkeys(("amp-fp16", "amp-bf16", "fp16", "bf16"), "16-bit"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """GPUs that predictions were held against: the pattern of their names, and their compute capability.

    `networks` tells whether whole networks were, and not single kernels only.
    """

    name: str
    capability: str
    networks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkError:
    """How far the time of a network's step is typically off, as a fraction; None is any phase or precision.

    `rows` is how many measurements determine it, None where they were not counted.
    """

    device_class: DeviceClass
    phase: Literal["infer", "train"] | None
    precision: Family | None
    relative_error: float
    rows: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorError:
    """How far the time of an operator of one kind is typically off, as `NetworkError` states it."""

    device_class: DeviceClass
    kind: Kind
    precision: Family | None
    relative_error: float
    rows: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Errors:
    """The file: which GPUs were compared, and what came of it."""

    schema: str
    compared: tuple[Compared, ...]
    networks: tuple[NetworkError, ...]
    operators: tuple[OperatorError, ...]


@cache
def errors() -> Errors:
    """Return the statements, in the file's order."""
    data = resources.files("memprof.devices").joinpath("errors.json").read_bytes()
    return msgspec.json.decode(data, type=Errors)


def device_class(device: Device) -> DeviceClass | None:
    """Return how close `device` is to those that were compared; None for a CPU, of which there is no time model."""
    if device.architecture == CPU:
        return None
    near = [item for item in errors().compared if item.capability == device.compute_capability]
    if any(fnmatchcase(device.name, item.name) for item in near):
        return DeviceClass.FITTED
    return DeviceClass.GENERATION if near else DeviceClass.DATASHEET


def network_error(compared: str, device: str, phase: str, precision: str) -> float | None:
    """Return how far a step's predicted time is typically off; None where nothing like it was compared.

    `compared` is the class of the device called `device` as a report holds it, "" where there is none. A GPU of which
    only kernels were compared is, for networks, like another one of its generation.
    """
    family = _FAMILIES.get(precision)
    if compared == DeviceClass.FITTED and not _has_networks(device):
        compared = DeviceClass.GENERATION
    return _first(
        item
        for item in errors().networks
        if item.device_class == compared and item.phase in (None, phase) and item.precision in (None, family)
    )


def _has_networks(device: str) -> bool:
    return any(item.networks for item in errors().compared if fnmatchcase(device, item.name))


def operator_error(compared: str, kind: str, dtype: str, engine: str, precision: str) -> float | None:
    """Return how far an operator's predicted time is typically off, from the `dtype` of its first input.

    `engine` tells whether float32 ran in TF32, which the workload's `precision` allows on tensor cores only.
    """
    family = _family(dtype, engine, precision)
    return _first(
        item
        for item in errors().operators
        if item.device_class == compared and item.kind == kind and item.precision in (None, family)
    )


def _family(dtype: str, engine: str, precision: str) -> Family | None:
    if dtype in ("float16", "bfloat16"):
        return "16-bit"
    if dtype != "float32":
        return None
    return "tf32" if engine == TENSOR and precision == "tf32" else "fp32"


def _first(fitting: Iterable[NetworkError | OperatorError]) -> float | None:
    return next((item.relative_error for item in fitting), None)
