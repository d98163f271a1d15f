"""Hosts: what a processor needs, in Python and PyTorch, to launch the kernels of a GPU; each figure with its source.

`get("desktop-2024")` finds a host of hosts.json, the path of a user's file, or this machine once `memprof calibrate
--host` has measured it; `costs(host)` are the numbers that the time model works with.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from memprof.devices.host import path_of
from memprof.devices.record import Figure
from memprof.devices.user_files import SUFFIXES
from memprof.errors import DeviceError, did_you_mean
from memprof.report.record import HostCosts

SCHEMA = "memprof.hosts/1"
DEFAULT_HOST = "server-2022"
"""The host of a workload that names none."""
CUDA_GRAPHS = "cuda-graphs"
"""The host of a step that is replayed as a CUDA graph: it launches nothing one by one."""
THIS_MACHINE = "this-machine"
"""The host that `memprof calibrate --host` makes."""
COMMAND = "memprof calibrate --host"

FIGURES = {
    "seconds_per_operator": "an operator called from Python",
    "seconds_per_cast": "a cast of autocast",
    "seconds_per_view": "a view: a call without a kernel",
    "seconds_per_backward": "a call of the autograd engine",
    "seconds_per_module": "entering a module",
    "seconds_per_launch": "launching a kernel",
}
"""What each figure is of, in seconds. All but the last are without launches, which come on top of them."""
UNIT = "s"
LONGEST_SECONDS = 0.01
"""No figure is above: it was given in milliseconds or microseconds by mistake."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host: `name` is what people type, `title` what they read; `figures` by the keys of FIGURES."""

    name: str
    title: str
    figures: Mapping[str, Figure]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the host as plain values, each figure with its unit: a host file in JSON holds the same."""
        figures = {
            key: {"value": figure.value, "unit": UNIT, "source": figure.source} for key, figure in self.figures.items()
        }
        return {"name": self.name, "title": self.title, "figures": figures, "notes": list(self.notes)}


@dataclass(frozen=True, slots=True)
class _File:
    schema: str
    hosts: tuple[Host, ...]


@functools.cache
def list_hosts() -> tuple[Host, ...]:
    """Return the hosts that ship with memprof."""
    data = resources.files("memprof.devices").joinpath("hosts.json").read_bytes()
    return msgspec.json.decode(data, type=_File).hosts


def names() -> tuple[str, ...]:
    """Return what can be named: the hosts that ship with memprof, and this machine."""
    return (*(host.name for host in list_hosts()), THIS_MACHINE)


def costs(host: Host) -> HostCosts:
    """Return the numbers of a host."""
    return HostCosts(host.name, host.title, **{key: host.figures[key].value for key in FIGURES})


def default_costs() -> HostCosts:
    """Return the numbers of the host of a workload that names none."""
    return costs(get(DEFAULT_HOST))


def find(name: str) -> Host | None:
    """Return the host that ships with memprof under this name, None where there is none."""
    return next((host for host in list_hosts() if host.name == name.casefold()), None)


def get(name_or_path: str | Path) -> Host:
    """Return a host by name, "this-machine", or one from a user's JSON or TOML file.

    DeviceError where there is no such host, where the file is none, or where this machine has not been measured yet.
    """
    from memprof.devices import host_files

    name = os.fspath(name_or_path)
    known = None if isinstance(name_or_path, Path) else find(name)
    if known is not None:
        return known
    if name.casefold() == THIS_MACHINE:
        return _this_machine()
    if isinstance(name_or_path, Path) or os.sep in name or name.lower().endswith(SUFFIXES) or os.path.exists(name):
        return host_files.load(Path(name))
    raise DeviceError(f"unknown host {name!r}", did_you_mean(name, names()))


def this_machine_path() -> Path:
    """Return where the host of this machine is kept. On Linux the variable XDG_DATA_HOME names another place."""
    return path_of(THIS_MACHINE)


def _this_machine() -> Host:
    from memprof.devices import host_files

    path = this_machine_path()
    if not path.exists():
        raise DeviceError("this machine has not been measured as a host yet", f"run `{COMMAND}` (some seconds)")
    try:
        return host_files.load(path)
    except DeviceError as error:
        raise DeviceError(error.what, f"run `{COMMAND}` again") from error
