"""Which device a profile ran on, from what its driver reports: a name, processors and memory."""

from __future__ import annotations

import re

from memprof.devices import catalogue
from memprof.devices.record import Device
from memprof.errors import DeviceError

_PARTITION = re.compile(r"(?P<whole>.*?)\s+MIG\s+\d+c?\.?\d*g\..*", re.IGNORECASE)
"""NVIDIA's names of instances of a partitioned GPU: "NVIDIA A100-SXM4-40GB MIG 1g.5gb"."""
_LEAST_MEMORY, _MOST_MEMORY = 0.9, 1.02
"""What drivers report of a device's capacity: 98 to 99 % of the nominal one in the traces at hand."""


def identify(name: str, sm_count: int | None = None, memory_bytes: int | None = None) -> Device:
    """Return the device of the catalogue that reports `name`, with so many SMs (CUs) and so much memory.

    DeviceError where there is none, where the name alone does not tell which it is, or where it is a part of a GPU.
    """
    partition = _PARTITION.fullmatch(name)
    if partition:
        raise _part_of(catalogue.find(partition["whole"]), f"{name!r}, an instance of a partitioned GPU (MIG)")
    device = catalogue.find(name) or _by_form(name, sm_count, memory_bytes)
    if device is None:
        close = catalogue.nearest_names(name)
        hint = f" (names like it: {', '.join(close)})" if close else ""
        raise DeviceError(
            f"{name!r}, which memprof does not know",
            f"name a device like it with --device NAME{hint}, or describe it in a file: --device FILE; "
            "`memprof devices` lists the names, docs/devices.md shows such a file",
        )
    whole = device.get("sm_count")
    if whole is not None and sm_count is not None and 0 < sm_count < whole:
        raise _part_of(device, f"{name!r} with {sm_count} of the {whole:.0f} processors of {device.name}")
    return device


def _by_form(name: str, sm_count: int | None, memory_bytes: int | None) -> Device | None:
    """Return the device that a form of name and what else is reported tell; None where the name has no known form."""
    normalized = catalogue.normalize(name)
    form = next((form for form in catalogue.reported_names() if re.fullmatch(form.pattern, normalized)), None)
    if form is None:
        return None
    fitting = [device for device in map(_named, form.devices) if _fits(device, sm_count, memory_bytes)]
    facts = [f"{sm_count} processors"] if sm_count is not None else []
    facts += [f"{memory_bytes / 1e9:.1f} GB of memory"] if memory_bytes is not None else []
    if not facts or len(fitting) != 1:
        seen = f" with {' and '.join(facts)}" if facts else ""
        raise DeviceError(
            f"{name!r}{seen}, which does not tell what device it is",
            f"name it with --device NAME, if it is {' or '.join(form.devices)}, or describe it: --device FILE",
        )
    return fitting[0]


def _fits(device: Device, sm_count: int | None, memory_bytes: int | None) -> bool:
    """Return whether what is reported is so of a device; what is not reported may be."""
    capacity, count = device.figure("dram_capacity_bytes"), device.figure("sm_count")
    has_memory = memory_bytes is None or _LEAST_MEMORY * capacity <= memory_bytes <= _MOST_MEMORY * capacity
    return has_memory and (sm_count is None or sm_count == count)


def _named(name: str) -> Device:
    device = catalogue.find(name)
    assert device is not None  # the catalogue names its own devices
    return device


def _part_of(whole: Device | None, what: str) -> DeviceError:
    base = f' with base = "{whole.name}"' if whole is not None else ""
    return DeviceError(
        f"{what}: the ceilings of a whole GPU are not its own",
        f"describe the part in a device file{base} and pass it: --device FILE, see docs/devices.md",
    )
