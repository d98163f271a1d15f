"""The gate's configuration: which workloads are gated, against which baseline, with which budgets.

It is the `[memprof]` section of a setup.cfg, `[tool.memprof]` of a pyproject.toml, or a memprof.toml.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from memprof.errors import GateError, MemprofError, did_you_mean
from memprof.gate.budgets import DEFAULTS, Budget, complete, parse
from memprof.gate.config_file import NAMES, has_section, read_text, section_line, section_of
from memprof.gate.metrics import BUDGETED
from memprof.tensors.precision import PRECISIONS
from memprof.vocabulary import LAYOUTS, PHASES
from memprof.workload import DEFAULT_BATCH_SIZE, DEFAULT_LAYOUT

BASELINE_NAME = "memprof-baseline.json"
DEFAULT_DEVICE = "a100"
_BEGIN = "`memprof gate init --model NAME` writes one"


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What is gated: every model in every phase, on every device, and so on.

    `resolutions` and `precisions` may be empty: the model's own, and the device's default. `measured_batch_size` is
    what a measurement on a CPU takes. Model files and device files are named relative to `folder`. `path` is the file
    as the user knows it, `line` where its section begins.
    """

    path: Path
    models: tuple[str, ...]
    phases: tuple[str, ...] = PHASES
    devices: tuple[str, ...] = (DEFAULT_DEVICE,)
    batch_sizes: tuple[int, ...] = (DEFAULT_BATCH_SIZE,)
    resolutions: tuple[int, ...] = ()
    layouts: tuple[str, ...] = (DEFAULT_LAYOUT,)
    precisions: tuple[str, ...] = ()
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


def find_config(start: Path | None = None) -> Path:
    """Return the configuration in the folder `start`, the current one by default, or else in the nearest above it."""
    here = Path.cwd() if start is None else start.resolve()
    for folder in (here, *here.parents):
        shown = Path() if start is None and folder == here else folder
        found = [shown / name for name in NAMES if has_section(shown / name)]
        if len(found) > 1:
            names = " and ".join(path.name for path in found)
            raise GateError(f"{names} in {folder} both configure memprof", "name one with --config")
        if found:
            return found[0]
    raise GateError("there is no gate configuration here or in a folder above", _BEGIN)


def baseline_path(config: Path | None, baseline: Path | None) -> Path:
    """Return where the baseline lies: the file that is named, or else the one that the configuration names."""
    return load_config(config).baseline if baseline is None else baseline


def _config(path: Path, section: Mapping[str, object], line: int) -> GateConfig:
    unknown = [key for key in section if key not in (*_KEYS, *BUDGETED)]
    if unknown:
        raise GateError(f"unknown key {unknown[0]!r}", did_you_mean(unknown[0], (*_KEYS, *BUDGETED)))
    given = {key: read(key, section[key]) for key, read in _KEYS.items() if key in section}
    if not given.get("models"):
        raise GateError("it names no model", "list them under `models`")
    name = given.pop("baseline", BASELINE_NAME)
    limits = {key: parse(key, _amount(key, value)) for key, value in section.items() if key in BUDGETED}
    return GateConfig(
        path=path,
        baseline=_beside(path, str(name)),
        budgets=complete(limits),
        line=line,
        **given,  # type: ignore[arg-type]
    )


def _beside(path: Path, name: str) -> Path:
    return path.parent / Path(name).expanduser()


def _amount(key: str, value: object) -> str | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise GateError(
            f"the budget {key} is {value!r}", f"write text or a number, such as {key} = {BUDGETED[key].budget}"
        )
    return value


def _words(key: str, value: object) -> tuple[str, ...]:
    """Return the words of a list or a text, with lines or ", " between them; a model's options keep their commas."""
    words = re.split(r"\n|,\s+|,$", value.strip()) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words if word != ""):
        raise GateError(f"{key} is {value!r}", f'write a list of names: {key} = ["...", "..."]')
    found = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if not found:
        raise GateError(f"{key} is empty", "name at least one, or leave the key out")
    return found


def _one_of(known: tuple[str, ...]) -> Callable[[str, object], tuple[str, ...]]:
    def read(key: str, value: object) -> tuple[str, ...]:
        for word in (found := _words(key, value)):
            if word not in known:
                raise GateError(f"{key} has an unknown {word!r}", did_you_mean(word, known))
        return found

    return read


def _numbers(key: str, value: object) -> tuple[int, ...]:
    items: object = [value] if isinstance(value, int) else value
    words = _words(key, items) if isinstance(items, str) else items
    remedy = f"write whole numbers: {key} = 128"
    if not isinstance(words, (list, tuple)) or not words:
        raise GateError(f"{key} is {value!r}", remedy)
    for word in words:
        if isinstance(word, bool) or not isinstance(word, (int, str)) or not str(word).isdecimal():
            raise GateError(f"{key} is {value!r}", remedy)
    return tuple(dict.fromkeys(int(word) for word in words))


def _number(key: str, value: object) -> int:
    numbers = _numbers(key, value)
    if len(numbers) != 1:
        raise GateError(f"{key} is {value!r}", f"write one whole number: {key} = 8")
    return numbers[0]


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise GateError(f"{key} is {value!r}", f'write a file name: {key} = "{BASELINE_NAME}"')
    return value.strip()


_KEYS: Mapping[str, Callable[[str, object], object]] = {
    "models": _words,
    "phases": _one_of(PHASES),
    "devices": _words,
    "batch_sizes": _numbers,
    "resolutions": _numbers,
    "layouts": _one_of(LAYOUTS),
    "precisions": _one_of(tuple(PRECISIONS)),
    "measured_batch_size": _number,
    "baseline": _text,
}
"""What a configuration may say besides budgets, and what reads it."""
