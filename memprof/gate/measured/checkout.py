"""How a process finds the code of its own checkout, and notices where it got that of another. Imports no torch."""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from memprof.errors import ModelError

SELF = "memprof"
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a checkout keeps its packages: `folders` to look into, and `packages` whose folder has another name."""

    folders: tuple[Path, ...]
    packages: Mapping[str, Path]

    def has(self, package: str) -> bool:
        """Tell whether the checkout holds a package."""
        return package in self.packages or any((folder / package / "__init__.py").is_file() for folder in self.folders)


def layout_of(root: Path) -> Layout:
    """Return the layout of the checkout at `root`: its own folder, `src`, and what it tells setuptools of others."""
    declared = {**_of_setup_cfg(root / "setup.cfg"), **_of_pyproject(root / "pyproject.toml")}
    folders = [root / declared.pop("", "src"), root]
    packages = {name: root / folder for name, folder in declared.items()}
    return Layout(
        tuple(folder for folder in folders if folder.is_dir()),
        {name: folder for name, folder in packages.items() if (folder / "__init__.py").is_file()},
    )


def _of_setup_cfg(path: Path) -> dict[str, str]:
    """Return `package_dir` of a setup.cfg: package names, "" for all others, and their folders."""
    parser = configparser.ConfigParser(interpolation=None)
    with suppress(configparser.Error, OSError, UnicodeDecodeError):
        parser.read_string(path.read_text(encoding="utf-8"))
    lines = parser.get("options", "package_dir", fallback="").replace(",", "\n").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): folder.strip() for name, _, folder in pairs}


def _of_pyproject(path: Path) -> dict[str, str]:
    """Return the same of a pyproject.toml."""
    table: object = {}
    with suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    for key in ("tool", "setuptools", "package-dir"):
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return {str(name): str(folder) for name, folder in table.items()} if isinstance(table, dict) else {}


class PackageFinder(MetaPathFinder):
    """Finds packages that lie in folders of other names, as setuptools' `package_dir` says."""

    def __init__(self, packages: Mapping[str, Path]) -> None:
        self._packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a package is, None for every other module."""
        folder = self._packages.get(fullname)
        if folder is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )


def enter(root: Path, other: Path | None) -> None:
    """Make this process import the packages of the checkout at `root` first, and no more those of `other`.

    Where a folder of `other` is on the path, as after an installation with `pip install -e`, the folder of `root` that
    is called the same takes its place. Where the checkout holds memprof itself, that which is running is forgotten, so
    that its zoo is that of the checkout; what has been imported from it before stays as it is.
    """
    layout = layout_of(root)
    rest = [_counterpart(entry, root, other) for entry in sys.path]
    sys.path[:] = [*map(str, layout.folders), *rest]
    if layout.packages:
        sys.meta_path.insert(0, PackageFinder(layout.packages))
    importlib.invalidate_caches()
    if layout.has(SELF):
        for name in [name for name in sys.modules if name.partition(".")[0] == SELF]:
            del sys.modules[name]


def _counterpart(entry: str, root: Path, other: Path | None) -> str:
    path = Path(entry)
    if other is None or not entry or not _is_code_of(path, other, root):
        return entry
    return str(root / path.resolve().relative_to(other))


def check_imports(root: Path, other: Path | None) -> None:
    """Raise ModelError where a module of this process lies in the checkout `other`: then the other's code was timed."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if other is not None and file and name != "__main__" and _is_code_of(Path(file), other, root):
            raise ModelError(
                f"{name.partition('.')[0]} was imported from {file}, which is the code of today, not of the base",
                "install it so that its folder in the checkout is found by its name, or name the model by its file",
            )


def _is_code_of(path: Path, checkout: Path, but_not: Path) -> bool:
    """Tell whether a path lies in a checkout, and not in an environment there that packages are installed into."""
    path = path.resolve()
    return path.is_relative_to(checkout) and not path.is_relative_to(but_not) and not set(_INSTALLED) & set(path.parts)
