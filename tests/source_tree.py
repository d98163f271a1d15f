"""Reads memprof's own source for tests of it: modules, their syntax trees, and what each imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOTS = {"memprof": ROOT / "memprof", "memprof.operators": ROOT / "operators", "memprof.reports": ROOT / "reports"}


@dataclass(frozen=True)
class Import:
    """An import statement: what it imports, and whether that happens when the module itself is imported."""

    target: str
    line: int
    early: bool
    typing: bool


@cache
def modules() -> dict[str, Path]:
    """Return every module of the package with its file."""
    files = {}
    for package, root in ROOTS.items():
        for path in root.rglob("*.py"):
            name = ".".join([package, *path.relative_to(root).with_suffix("").parts])
            files[name.removesuffix(".__init__")] = path
    return files


def packages() -> list[str]:
    """Return every package, a folder with an `__init__.py`."""
    return sorted(name for name, path in modules().items() if path.name == "__init__.py")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> tuple[Import, ...]:
    return tuple(_imports(tree(module), early=True, typing=False))


def _imports(node: ast.AST, *, early: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, early, typing)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports name the whole path"
            for alias in child.names:
                within = f"{child.module}.{alias.name}"
                yield Import(within if within in modules() else str(child.module), child.lineno, early, typing)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for statement in child.body:
                yield from _imports(ast.Module([statement], []), early=early, typing=True)
            for statement in child.orelse:
                yield from _imports(ast.Module([statement], []), early=early, typing=typing)
        else:
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            yield from _imports(child, early=early and not inside, typing=typing)


def part(module: str) -> str:
    """Return the package, or the module of memprof itself, that a module belongs to: "devices", "" for memprof."""
    return module.removeprefix("memprof").removeprefix(".").partition(".")[0]


def room(module: str) -> str:
    """Return the package a module lies in, however deep: "memprof.reports.parts"."""
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


def circle(arrows: dict[str, set[str]]) -> str:
    """Return a circle among the arrows, written out, or "" where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""
