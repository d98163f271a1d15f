"""Imports point one way, nothing heavy is imported early, and the habits that a parser can see are kept."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = {"memprof": ROOT / "memprof", "memprof.operators": ROOT / "operators", "memprof.reports": ROOT / "reports"}
LONGEST_FILE = 300

RECORDS = {"profiles.records", "profiles.precision"}
REPORT = {"report", "measurement", "errors"}
READING = {
    *REPORT,
    "units",
    "words",
    "summary",
    "achieved",
    "footprint",
    "pace",
    "phrases",
    "losing",
    "findings",
    "side_by_side",
}
MAY_IMPORT: dict[str, set[str]] = {
    # What a name of one part (a package, or a module of memprof itself) may import of memprof.
    "_version": set(),
    "errors": set(),
    "units": set(),
    "words": set(),
    "measurement": set(),
    "report": {"errors", "measurement"},
    "calls": {"profiles.records"},
    "operators": {"calls", "errors", "profiles.records", "profiles.strides"},
    "devices": {*REPORT, "profiles.precision"},
    "roofline": {"calls", "operators", "report", *RECORDS},
    "models": {"errors"},
    "profiles": {"errors", "measurement", "models.foreign"},
    "workload": {"errors", "profiles.precision"},
    "summary": {"report", "units", "words"},
    "achieved": {"measurement", "report", "summary", "words"},
    "footprint": {"errors", "report", "summary", "units", "words"},
    "pace": {"achieved", "report", "summary", "units", "words"},
    "phrases": {"report", "summary", "units", "words"},
    "losing": {"achieved", "phrases", "report", "summary", "units", "words"},
    "findings": READING,
    "side_by_side": READING,
    "reports": {
        *READING,
        "ablation",
        "alignment",
        "comparison",
        "contributions",
        "explanation",
        "gate",
        "losses",
        "ranks",
        "stages",
        "sweep",
        "validation",
    },
    "files": REPORT,
    "gate": {
        "_version",
        "analysis",
        "devices",
        "errors",
        "files",
        "models",
        "profiles",
        "report",
        "summary",
        "units",
        "words",
        "workload",
    },
    "counters": {*REPORT, "units"},
    "completion": {"calls", "operators", "profiles.records"},
    "traces": {"calls", "errors", "measurement", "profiles.records", "report"},
    "trace_workload": {"calls", "operators", "profiles.records", "report", "roofline"},
    "trace_analysis": {
        "assembly",
        "calls",
        "counters",
        "devices",
        "errors",
        "measurement",
        "profiles.records",
        "report",
        "rows",
        "trace_workload",
        "traces",
    },
    "alignment": {"errors", "report", "summary"},
    "ranks": {"errors", "report"},
    "rows": {"calls", "measurement", "operators", "profiles.records", "report", "roofline"},
    "assembly": {"_version", "calls", "completion", "operators", "profiles", "report", "roofline", "rows"},
    "analysis": {"assembly", "devices", "errors", "models", "profiles", "report", "workload"},
    "measuring": {"analysis", "devices", "errors", "models", "profiles", "report", "run_report", "workload"},
    "run_report": {"assembly", "measurement", "profiles", "report", "roofline", "rows", "traces.busy", "workload"},
    "validation": {
        "analysis",
        "devices",
        "errors",
        "models",
        "operators",
        "profiles.records",
        "report",
        "roofline",
        "assembly",
        "calls",
        "units",
        "workload",
        "profiles.precision",
    },
    "comparison": READING,
    "stages": {"report"},
    "contributions": {"report", "stages", "summary", "words"},
    "reasons": READING,
    "passes": READING,
    "losses": {*READING, "passes"},
    "explanation": {*READING, "contributions", "reasons"},
    "ablation": {*READING, "comparison", "models", "validation"},
    "sweep": {*READING, "ablation", "comparison", "models"},
    "calibration": {"devices", "errors", "profiles", "units"},
    "commands": {
        "ablation",
        "alignment",
        "analysis",
        "calibration",
        "comparison",
        "devices",
        "errors",
        "explanation",
        "files",
        "gate",
        "losses",
        "measuring",
        "models",
        "profiles.precision",
        "ranks",
        "report",
        "reports",
        "sweep",
        "trace_analysis",
        "traces",
        "units",
        "validation",
        "workload",
    },
    "pytest_plugin": {"analysis", "gate", "report", "reports"},
    "cli": {"_version", "errors"},
    "__main__": {"cli"},
    "": {"_version", "analysis", "devices", "errors", "models", "report"},
}
TORCH_FREE = {
    "",
    "__main__",
    "achieved",
    "calls",
    "cli",
    "commands",
    "counters",
    "devices",
    "errors",
    "files",
    "findings",
    "footprint",
    "losing",
    "measurement",
    "pace",
    "phrases",
    "report",
    "reports",
    "roofline",
    "side_by_side",
    "summary",
    "traces",
    "units",
    "words",
    "workload",
}
"""Parts that no name of torch may occur in, not even for a type checker; nor what brings torch along."""
TORCH = {"torch", "torchvision", "timm", "fvcore"}


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
    found = {}
    for package, root in ROOTS.items():
        for path in root.rglob("*.py"):
            name = ".".join([package, *path.relative_to(root).with_suffix("").parts])
            found[name.removesuffix(".__init__")] = path
    return found


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


def inner(module: str) -> str:
    """Return the name of a module within memprof: "devices.record", and "" for memprof itself."""
    return module.removeprefix("memprof").removeprefix(".")


def part(module: str) -> str:
    return inner(module).partition(".")[0]


def circle(arrows: dict[str, set[str]]) -> str:
    """Return a circle among the arrows, written out, or "" where there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": set()}) == ""
    assert "a" in circle({"a": {"b"}, "b": {"a"}})


def test_every_module_is_found_and_has_its_place() -> None:
    assert len(modules()) > 60
    assert {part(module) for module in modules()} == set(MAY_IMPORT)


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_one_way(module: str) -> None:
    allowed = {part(module), *MAY_IMPORT[part(module)]}
    for item in imports(module):
        if item.target.partition(".")[0] == "memprof":
            name = inner(item.target)
            reasons = {name, part(item.target)} & allowed
            assert reasons, f"{modules()[module]}:{item.line} imports {item.target}"


def test_the_arrows_themselves_make_no_circle() -> None:
    """A part that may import one module of another, as profiles may models.foreign, is an arrow to that module."""
    arrows = {name: set(targets) for name, targets in MAY_IMPORT.items()}
    for targets in MAY_IMPORT.values():
        for target in targets:
            package = target.partition(".")[0]
            if target != package:  # one module: it must itself not lean on anything of its package
                arrows.setdefault(target, set()).update(
                    part(item.target) for item in imports(f"memprof.{target}") if item.target.startswith("memprof.")
                )
    for name in ("side_by_side", "findings", "summary"):  # these read one another, without a circle: see below
        arrows[name] = {"report"}
    assert circle(arrows) == ""


def test_no_module_needs_itself_while_it_is_imported() -> None:
    early = {
        module: {item.target for item in imports(module) if item.early and not item.typing and item.target in modules()}
        for module in modules()
    }
    assert circle(early) == ""


@pytest.mark.parametrize("module", sorted(modules()))
def test_torch_is_met_only_where_it_is_needed(module: str) -> None:
    found = {item.target.partition(".")[0]: item for item in imports(module)}
    if part(module) in TORCH_FREE:
        assert not TORCH & set(found), module
    if part(module) == "operators":
        assert not {item.target for item in imports(module) if item.target.startswith(("torch", "timm"))}
        assert not any(item.early and not item.typing for item in imports(module) if item.target.startswith("fvcore"))
    if part(module) == "models":  # resnet.py and its like are imported when one is built
        names = {"registry", "spec", "options", "describe", "external", "foreign", "__init__"}
        if modules()[module].stem in names:
            assert not any(item.early and not item.typing for item in imports(module) if item.target in TORCH)


@pytest.mark.parametrize("module", sorted(modules()))
def test_only_what_is_declared_is_imported(module: str) -> None:
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    for item in imports(module):
        name = item.target.partition(".")[0]
        if name != "memprof" and name not in sys.stdlib_module_names:
            known = {"markupsafe", "pynvml", "pytest"}  # of jinja2 and nvidia-ml-py; pytest runs its plugin itself
            assert name in text or name in known, f"{modules()[module]}:{item.line} imports {name}"


@pytest.mark.parametrize("module", sorted(modules()))
def test_files_stay_short_and_only_the_command_line_catches_everything(module: str) -> None:
    assert len(modules()[module].read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ExceptHandler) and module != "memprof.cli":
            caught = "everything" if node.type is None else ast.unparse(node.type)
            names = caught.strip("()").replace(" ", "").split(",")
            assert not {"everything", "Exception"} & set(names), f"{modules()[module]}:{node.lineno}"
            if "BaseException" in names:  # to tidy up, never to swallow
                assert isinstance(node.body[-1], ast.Raise), f"{modules()[module]}:{node.lineno}"


OPENS = {"open", "write_text", "write_bytes", "read_text", "read_bytes", "mkdir", "unlink", "savefig", "to_csv"}
INTO_MEMORY = {"savefig", "to_csv"}


@pytest.mark.parametrize("module", sorted(name for name in modules() if part(name) in {"reports", "roofline"}))
def test_a_writer_opens_no_file(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in INTO_MEMORY and not any(
                isinstance(argument, (ast.Constant, ast.JoinedStr)) for argument in node.args
            ):
                continue
            assert name not in OPENS, f"{modules()[module]}:{node.lineno} calls {name}"


def test_commands_do_not_import_one_another() -> None:
    names = {"roofline", "render", "devices", "models"}
    for name in names:
        for item in imports(f"memprof.commands.{name}"):
            assert item.target not in {f"memprof.commands.{other}" for other in names}
