"""The gate's configuration: which workloads are gated, against which baseline, with which budgets.

It is the `[memprof]` section of a setup.cfg, `[tool.memprof]` of a pyproject.toml, or a memprof.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_origin

import msgspec

from memprof.analysis.asking import Resolution, read_resolution
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import GateError, MemprofError, did_you_mean
from memprof.gate.budgets import DEFAULTS, Budget, complete, parse
from memprof.gate.config_file import NAMES, has_section, read_text, section_line, section_of
from memprof.gate.metrics import BUDGETED
from memprof.gate.records import LARGEST
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES
from memprof.workload import DEFAULT_LAYOUT

BASELINE_NAME = "memprof-baseline.json"
DEFAULT_DEVICE = "a100"
_BEGIN = "`memprof gate init --model NAME` writes one"


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What is gated: every model in every phase, on every device, and so on.

    `batch_sizes`, `resolutions` and `precisions` may be empty: what inputs hold or the usual batch, the model's own,
    the device's default. A resolution is pixels a side, or height and width. `inputs` are the arguments of each model
    in place of images ("2x3x224x224", "mask=2x77:bool"). `host` is what launches the kernels, `stack` what the steps
    run on, "" for today's PyTorch. `measured_batch_size` is what a measurement on a CPU takes. Model files and device
    files are named relative to `folder`. `path` is the file as the user knows it, `line` where its section begins.
    """

    path: Path
    models: tuple[str, ...]
    phases: tuple[str, ...] = PHASES
    devices: tuple[str, ...] = (DEFAULT_DEVICE,)
    batch_sizes: tuple[int, ...] = ()
    resolutions: tuple[Resolution, ...] = ()
    inputs: tuple[str, ...] = ()
    layouts: tuple[str, ...] = (DEFAULT_LAYOUT,)
    precisions: tuple[str, ...] = ()
    host: str = DEFAULT_HOST
    stack: str = ""
    measured_batch_size: int = 8
    baseline: Path = Path(BASELINE_NAME)
    budgets: Mapping[str, Budget] = field(default_factory=lambda: DEFAULTS)
    line: int = 1

    @property
    def folder(self) -> Path:
        """Return the folder of the file, which relative names in it start from."""
        return self.path.resolve().parent


def load_config(path: Path | None = None) -> GateConfig:
    """Read a configuration, by default the one that `find_config` finds; GateError where it is none."""
    path = find_config() if path is None else path
    return config_of(path, read_text(path))


def config_of(path: Path, text: str) -> GateConfig:
    """Return the configuration that a file at `path` with this text is; GateError where it is none."""
    section = section_of(path, text)
    if section is None:
        raise GateError(f"{path} has no section of memprof", _BEGIN)
    try:
        return _config(path, section, section_line(text))
    except MemprofError as error:
        raise GateError(f"{path}: {error.what}", error.remedy) from error


def find_config() -> Path:
    """Return the configuration in the current folder, or else in the nearest above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        shown = Path() if folder == here else folder
        paths = [shown / name for name in NAMES if has_section(shown / name)]
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise GateError(f"{names} in {folder} both configure memprof", "name one with --config")
        if paths:
            return paths[0]
    raise GateError("there is no gate configuration here or in a folder above", _BEGIN)


def _config(path: Path, section: Mapping[str, object], line: int) -> GateConfig:
    unknown = [key for key in section if key not in _KEYS]
    if unknown:
        raise GateError(f"unknown key {unknown[0]!r}", did_you_mean(unknown[0], _KEYS))
    given = {key: _converted(key, value) for key, value in section.items()}
    if "models" not in given:
        raise GateError("it names no model", "list them under `models`")
    name = given.pop("baseline", BASELINE_NAME).strip()
    budgets = {key: parse(key, given.pop(key)) for key in BUDGETED if key in given}
    return GateConfig(
        path=path, baseline=path.parent / Path(name).expanduser(), budgets=complete(budgets), line=line, **given
    )


def _converted(key: str, value: object) -> Any:
    """Return what `key` says, converted to its type; lists as tuples, in which nothing is twice."""
    kind = _KEYS[key]
    remedy = f"write {kind.remedy.format(key=key)}"
    try:
        converted = msgspec.convert(_listed(value) if kind.is_list else value, kind.form, strict=False)
    except msgspec.ValidationError as error:
        raise GateError(f"{'the budget ' if key in BUDGETED else ''}{key} is {value!r}", remedy) from error
    if not kind.is_list:
        return converted
    if not converted:
        raise GateError(f"{key} is empty", f"{remedy}, or leave the key out")
    if key == "resolutions":
        try:
            converted = [read_resolution(str(word)) for word in converted]
        except ValueError as error:
            raise GateError(f"{key} is {value!r}", remedy) from error
    for word in converted:
        if kind.known and word not in kind.known:
            raise GateError(f"{key} has an unknown {word!r}", did_you_mean(word, kind.known))
    return tuple(dict.fromkeys(converted))


def _listed(value: object) -> list[object]:
    """Return a value as a list; a text has lines or ", " between its words, as a model's options keep their commas."""
    words = re.split(r"\n|,\s+|,$", value.strip()) if isinstance(value, str) else value
    items = words if isinstance(words, list) else [words]
    return [plain for word in items if (plain := word.strip() if isinstance(word, str) else word) != ""]


@dataclass(frozen=True, slots=True)
class _Key:
    """What a key may hold: its type for msgspec, what to write instead of anything else, and the words there are."""

    form: Any
    remedy: str
    known: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        return get_origin(self.form) is list


_Whole = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_Name = Annotated[str, msgspec.Meta(pattern=r"\S")]
_NAMES = 'a list of names: {key} = ["...", "..."]'
_NUMBERS = "whole numbers: {key} = 128"
_KEYS: Mapping[str, _Key] = {
    "models": _Key(list[str], _NAMES),
    "phases": _Key(list[str], _NAMES, PHASES),
    "devices": _Key(list[str], _NAMES),
    "batch_sizes": _Key(list[_Whole], _NUMBERS),
    "resolutions": _Key(list[_Whole | str], 'pixels a side, or height and width: {key} = [224, "512x2048"]'),
    "inputs": _Key(list[_Name], 'shapes: {key} = ["2x3x224x224", "mask=2x77:bool"]'),
    "layouts": _Key(list[str], _NAMES, LAYOUTS),
    "precisions": _Key(list[str], _NAMES, tuple(PRECISIONS)),
    "stack": _Key(str, 'text: {key} = "torch 1.13"'),
    "host": _Key(_Name, f'a name: {{key}} = "{DEFAULT_HOST}"'),
    "measured_batch_size": _Key(_Whole, "one whole number: {key} = 8"),
    "baseline": _Key(_Name, f'a file name: {{key}} = "{BASELINE_NAME}"'),
    **{key: _Key(str | int | float, f"text or a number, such as {key} = {BUDGETED[key].budget}") for key in BUDGETED},
}
"""What a configuration may say."""
