"""The devices that `memprof calibrate` makes of this machine: files in the user's data folder, found by name."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from memprof.devices import files
from memprof.devices.record import Device
from memprof.errors import DeviceError

HOST = "host"
HOST_CUDA = "host-cuda"
COMMANDS = {HOST: "memprof calibrate", HOST_CUDA: "memprof calibrate --device cuda"}
"""The names of such devices, and the command that makes each."""


def path_of(name: str) -> Path:
    """Return where the device `name` is kept. On Linux the variable XDG_DATA_HOME names another place."""
    return platformdirs.user_data_path("memprof", appauthor=False) / f"{name}.json"


def load(name: str) -> Device:
    """Return the device `name` of COMMANDS; DeviceError where it has not been measured, or its file is damaged."""
    path = path_of(name)
    if not path.exists():
        what = "this machine" if name == HOST else "the GPU of this machine"
        raise DeviceError(f"{what} has not been measured yet", f"run `{COMMANDS[name]}` (one minute)")
    try:
        return files.load(path)
    except DeviceError as error:
        raise DeviceError(error.what, f"run `{COMMANDS[name]}` again") from error
