"""Models in code of a user's own: a module, or a file, and what it says about them. Importing it runs it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from memprof.errors import ModelError, did_you_mean
from memprof.models import arguments
from memprof.models.foreign import foreign_code
from memprof.models.spec import LIBRARIES, ModelSpec, Source

_CORRECT = "correct it, or leave out of it what only another machine can do"
_numbers = itertools.count(1)
_siblings: dict[str, Path] = {}
"""Modules that a file imported from its own folder: dropped before a file of another folder imports its namesakes."""


@contextmanager
def imports_of(spec: ModelSpec) -> Iterator[None]:
    """Let the code that `spec` names import what it does when it is run by itself."""
    if spec.source is Source.MODULE:
        with import_path(Path.cwd()):
            yield
    else:
        folder = path_of(spec).parent
        with import_path(folder), separate_siblings(folder):
            yield


def load(spec: ModelSpec) -> ModuleType:
    """Return the module or file that `spec` names, run; ModelError where there is none or it fails."""
    with imports_of(spec):
        return load_module(spec) if spec.source is Source.MODULE else load_file(spec)


def refuse_alone(text: str) -> None:
    """Raise ModelError where `text` names a library, a module or a file, and no model in it; runs nothing."""
    name = text.strip().rstrip(":")
    if name in tuple(LIBRARIES):
        raise ModelError(f"{name} is a library, not a model", f"name a model of it, for example {name}:resnet50")
    path = Path(name).expanduser()
    if not name.endswith(".py"):
        if not all(part.isidentifier() for part in name.split(".")) or not is_importable(name.partition(".")[0]):
            return
        path = Path(*name.split(".")).with_suffix(".py")
    callables = _callables(path)
    known = f", such as {name}:{callables[0]}" if callables else f": {name}:build"
    among = f" It defines {', '.join(callables[:8])}." if len(callables) > 1 else ""
    if not name.endswith(".py") or is_file(path):
        kind = "file" if name.endswith(".py") else "module"
        raise ModelError(f"{name} is a {kind}, which may hold many models", f"name a callable in it{known}.{among}")


def _callables(path: Path) -> list[str]:
    """Return the public functions and classes that a file defines, by reading its text."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [item.name for item in tree.body if isinstance(item, kinds) and not item.name.startswith(("_", "example_"))]


def load_module(spec: ModelSpec) -> ModuleType:
    """Import the module that `spec` names; ModelError where there is none, or importing it fails."""
    import torch

    with foreign_code(f"importing {spec.name} failed", _CORRECT), torch.device("cpu"):
        try:
            return importlib.import_module(spec.name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{spec.name}.".startswith(f"{error.name}."):
                raise
            raise ModelError(f"there is no module {error.name}", "check the dotted name") from error


def load_file(spec: ModelSpec) -> ModuleType:
    """Run the file that `spec` names as a module of its own; ModelError where that fails."""
    import torch

    path = path_of(spec).resolve()
    module_spec = importlib.util.spec_from_file_location(f"memprof_user_{next(_numbers)}_{path.stem}", path)
    if module_spec is None or module_spec.loader is None:
        raise ModelError(f"{spec.name} is not a Python file", "its name must end in .py")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # where dataclasses and pickling look a class's module up
    with foreign_code(f"importing {spec.name} failed", _CORRECT), torch.device("cpu"):
        module_spec.loader.exec_module(module)
    return module


def target_of(spec: ModelSpec, module: ModuleType) -> Any:
    """Return the callable of `module` that `spec` names; ModelError where there is none."""
    from torch import nn

    with foreign_code(f"building {spec} failed", _CORRECT):
        target = getattr(module, spec.target, None)
    if target is None:
        own = {name: value for name, value in vars(module).items() if not name.startswith("_") and callable(value)}
        known = [name for name, value in own.items() if getattr(value, "__module__", "") == module.__name__]
        remedy = did_you_mean(spec.target, known) if known else "it defines no function or class"
        raise ModelError(f"{spec.name} has no {spec.target!r}", remedy)
    if isinstance(target, nn.Module):
        raise ModelError(f"{spec} is a model, not a function that makes one", "name a function that returns one")
    if not callable(target):
        raise ModelError(f"{spec} is a {type(target).__name__} and cannot be called", "name a function or a class")
    given = arguments.read(spec.arguments) if spec.arguments else {}
    _check_arguments(spec, target, given)
    return lambda: target(**given)


def _check_arguments(spec: ModelSpec, target: Callable[..., Any], given: dict[str, Any]) -> None:
    """Raise ModelError where `target` cannot be called with what is given."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return
    named = [item.name for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)]
    takes_any = any(item.kind is item.VAR_KEYWORD for item in parameters)
    place = f"{spec.name}:{spec.target}"
    for name in given if not takes_any else ():
        if name not in named:
            remedy = did_you_mean(name, named) if named else "it takes none"
            raise ModelError(f"{place} has no argument {name!r}", remedy)
    needed = [
        item.name
        for item in parameters
        if item.default is item.empty
        and item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)
        and item.name not in given
    ]
    if needed:
        example = ",".join(f"{name}=..." for name in needed)
        given_text = f"{spec.arguments}," if spec.arguments else ""
        raise ModelError(
            f"{place} needs {'arguments' if len(needed) > 1 else 'an argument'}: {', '.join(needed)}",
            f"write {place}:{given_text}{example}, or a function without arguments around it",
        )


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; what the system refuses to look up (a name too long) is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def path_of(spec: ModelSpec) -> Path:
    """Return the path of the file that `spec` names."""
    return Path(spec.name).expanduser()


def is_importable(module: str) -> bool:
    """Tell whether a module of this name is here or installed; imports nothing."""
    with import_path(Path.cwd()):
        return sys.modules.get(module) is not None or importlib.util.find_spec(module) is not None


@contextmanager
def import_path(folder: Path) -> Iterator[None]:
    """Let imports find the modules of a folder first, as `python file.py` and `python -m` do."""
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with suppress(ValueError):  # the code in between may have changed the path itself
            sys.path.remove(entry)


@contextmanager
def separate_siblings(folder: Path) -> Iterator[None]:
    """Keep a/utils.py and b/utils.py apart where a/net.py and b/net.py are loaded one after the other."""
    folder = folder.resolve()
    for name in [name for name, home in _siblings.items() if home != folder]:
        sys.modules.pop(name, None)
        del _siblings[name]
    before = set(sys.modules)
    try:
        yield
    finally:
        new = [name for name in sys.modules if name not in before and not name.startswith("memprof_user_")]
        _siblings.update((name, folder) for name in new if _is_in(name.partition(".")[0], folder))


def _is_in(module: str, folder: Path) -> bool:
    origin = getattr(sys.modules.get(module), "__file__", None)
    return origin is not None and folder in (Path(origin).parent, Path(origin).parents[1])
