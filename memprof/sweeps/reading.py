"""The file that says what a sweep combines, in TOML: everything that is wrong with it is said at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memprof import devices
from memprof.devices.record import Device
from memprof.errors import MemprofError, SweepError, did_you_mean
from memprof.models import canonical_name
from memprof.sweeps.plan import Sweep
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import INFER, LAYOUTS, PHASES
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT, check_batch_size, check_resolution

_SHOWN = 20
"""Problems that one error names."""


def _model(value: Any) -> str:
    return canonical_name(_text(value))


def _device(value: Any) -> Device:
    return devices.get(_text(value))


def _precision(value: Any) -> str:
    return get_precision(_text(value)).name


def _batch_size(value: Any) -> int:
    check_batch_size(value)
    return int(value)


def _resolution(value: Any) -> int:
    check_resolution(value)
    return int(value)


def _stack(value: Any) -> str:
    return parse_stack(_text(value)).text


def _one_of(known: tuple[str, ...]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in known:
            raise SweepError(f"{value!r} is none of {', '.join(known)}")
        return str(value)

    return check


_KEYS: Mapping[str, tuple[Callable[[Any], Any], tuple[Any, ...]]] = {
    # How a value of each key is read, and what stands where the key does not: nothing, where it has to.
    "models": (_model, ()),
    "devices": (_device, ()),
    "precision": (_precision, (None,)),
    "batch_size": (_batch_size, (DEFAULT_BATCH_SIZE,)),
    "resolution": (_resolution, (None,)),
    "phase": (_one_of(PHASES), (INFER,)),
    "layout": (_one_of(LAYOUTS), (DEFAULT_LAYOUT,)),
    "stack": (_stack, ("",)),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A sweep, and the devices that it names."""

    sweep: Sweep
    devices: tuple[Device, ...]


def read_sweep(path: Path) -> Asked:
    """Read the file; SweepError names every unknown key, model, device and value in it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SweepError(f"cannot read {path}: {error.strerror}", "name a file in TOML, see docs/scale.md") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SweepError(f"{path} is no TOML: {error}", 'write lines such as models = ["resnet50"]') from error
    problems = [f"unknown key {key!r}: {did_you_mean(key, _KEYS)}" for key in content if key not in _KEYS]
    values = {key: _values(key, content, problems) for key in _KEYS}
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        counted = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        raise SweepError(f"{os.fspath(path)} has {counted}: {'; '.join([*problems[:_SHOWN], *more])}")
    chosen = {device.name: device for device in values.pop("devices")}
    return Asked(Sweep(devices=tuple(chosen), **values), tuple(chosen.values()))


def _values(key: str, content: Mapping[str, Any], problems: list[str]) -> tuple[Any, ...]:
    """Return the values of a key, each once; what is wrong with them goes into `problems`."""
    read, default = _KEYS[key]
    given = content.get(key, list(default))
    listed = given if isinstance(given, list) else [given]
    if not listed:
        problems.append(f"{key} is {'empty' if key in content else 'missing'}: list at least one")
    values = []
    for value in listed:
        try:
            values.append(value if key not in content else read(value))
        except MemprofError as error:
            problems.append(f"{key}: {error}")
    known = {value.name if isinstance(value, Device) else value: value for value in values}
    return tuple(sorted(known.values()) if key == "batch_size" else known.values())


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise SweepError(f"{value!r} is no text", "put it in quotes")
    return value
