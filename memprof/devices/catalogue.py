"""The bundled devices (catalogue.json) and how names find them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

import msgspec

from memprof.devices.record import Device, Figure, complete
from memprof.errors import DeviceError, nearest

SCHEMA = "memprof.devices/1"
_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    title: str
    aliases: tuple[str, ...]
    architecture: str
    compute_capability: str
    memory_type: str
    figures: dict[str, Figure]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedName:
    """A form of name that drivers report for any of `devices`; `pattern` is of names as `normalize` returns them."""

    pattern: str
    devices: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Catalogue:
    schema: str
    sources: dict[str, str]
    reported_names: tuple[ReportedName, ...]
    devices: tuple[_Entry, ...]


@functools.cache
def devices() -> tuple[Device, ...]:
    """Return the devices of the catalogue, in its order: NVIDIA's by generation, then AMD's."""
    catalogue = _read()
    return tuple(_device(entry, catalogue.sources) for entry in catalogue.devices)


def reported_names() -> tuple[ReportedName, ...]:
    """Return the forms of names that do not tell alone which device it is."""
    return _read().reported_names


def find(name: str) -> Device | None:
    """Return the device of the catalogue with this name or alias, None where there is none."""
    return _index().get(normalize(name))


def unknown_device(name: str, remedy: str = "") -> DeviceError:
    """Return the error that says that `name` is no device of the catalogue, with the nearest names."""
    close = nearest_names(name)
    hint = f"did you mean {', '.join(close)}?" if close else "`memprof devices` lists the names."
    return DeviceError(f"unknown device {name!r}", f"{hint} {remedy}".rstrip())


def nearest_names(name: str) -> list[str]:
    """Return the names of the devices whose names look most like `name`, best first."""
    by_name = _index()
    return list(dict.fromkeys(by_name[key].name for key in nearest(normalize(name), by_name)))


def normalize(name: str) -> str:
    """Return what names are compared by: letters and digits in lower case, without the word "NVIDIA".

    "NVIDIA A100-SXM4-40GB", "a100_sxm4_40gb" and "A100 SXM4 40GB" are the same name.
    """
    return "".join(word for word in _SEPARATORS.split(name.casefold()) if word != "nvidia")


@functools.cache
def _read() -> _Catalogue:
    text = resources.files("memprof.devices").joinpath("catalogue.json").read_bytes()
    return msgspec.json.decode(text, type=_Catalogue)


@functools.cache
def _index() -> Mapping[str, Device]:
    return {normalize(name): device for device in devices() for name in _names(device)}


def _names(device: Device) -> Iterable[str]:
    return (device.name, device.title, *device.aliases)


def _device(entry: _Entry, sources: Mapping[str, str]) -> Device:
    figures = {key: Figure(figure.value, _expand(figure.source, sources)) for key, figure in entry.figures.items()}
    return Device(
        entry.name,
        entry.title,
        entry.aliases,
        entry.architecture,
        entry.compute_capability,
        entry.memory_type,
        complete(figures),
        entry.notes,
    )


def _expand(keys: str, sources: Mapping[str, str]) -> str:
    """Expand "GB: on the L40; CALC" by the table of sources."""
    texts = []
    for part in keys.split("; "):
        key, _, detail = part.partition(": ")
        texts.append(f"{sources[key]} ({detail})" if detail else sources[key])
    return "; ".join(texts)
