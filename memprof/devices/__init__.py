"""Devices: what an accelerator can do, each figure with its source. Importing this imports no torch.

`get("a100")` finds a device by name, alias, or path of a user's file, and `get("host")` this machine once `memprof
calibrate` has measured it; `list_devices()` returns the bundled ones;
`ceilings(device, precision)` gives the roofs of a roofline.
"""

from __future__ import annotations

import os
from pathlib import Path

from memprof.devices import catalogue, files, host
from memprof.devices.ceilings import ceilings, default_precision, precisions
from memprof.devices.figures import FIGURES, FigureFact, format_figure, format_scaled
from memprof.devices.host import HOST, HOST_CUDA
from memprof.devices.record import CPU, Device, Figure
from memprof.devices.user_files import SUFFIXES
from memprof.errors import DeviceError

__all__ = [
    "CPU",
    "FIGURES",
    "HOST",
    "HOST_CUDA",
    "Device",
    "Figure",
    "FigureFact",
    "ceilings",
    "default_precision",
    "format_figure",
    "format_scaled",
    "get",
    "list_devices",
    "precisions",
]


_OF_TORCH = ("cuda", "cpu", "mps", "xpu", "meta", "gpu")


def get(name_or_path: str | Path) -> Device:
    """Return a device by its name or alias in the catalogue, "host", or one from a user's JSON or TOML file.

    Names ignore case, separators and the word "NVIDIA", so the name that CUDA reports works. DeviceError where there
    is no such device, where the file is not a device, or where `memprof calibrate` has not measured this machine yet.
    """
    name = os.fspath(name_or_path)
    device = None if isinstance(name_or_path, Path) else catalogue.find(name)
    if device is not None:
        return device
    if not isinstance(name_or_path, Path) and name.casefold() in host.COMMANDS:
        return host.load(name.casefold())
    if isinstance(name_or_path, Path) or _is_path(name):
        return files.load(name)
    if name.casefold().split(":")[0] in _OF_TORCH:
        raise DeviceError(
            f"{name!r} is where PyTorch runs, not a kind of GPU: nothing runs for a prediction",
            "name the GPU to predict for, such as a100, or host for this machine; `memprof measure` runs on either",
        )
    raise catalogue.unknown_device(name, "A device of your own goes into a .json or .toml file.")


def list_devices() -> tuple[Device, ...]:
    """Return the devices of the catalogue."""
    return catalogue.devices()


def _is_path(name: str) -> bool:
    has_separator = any(separator in name for separator in (os.sep, os.altsep) if separator)
    return has_separator or name.lower().endswith(SUFFIXES) or os.path.exists(name)
