"""Imports point one way, nothing heavy is imported early, and the habits that a parser can see are kept."""

from __future__ import annotations

import ast
import re
import sys
from statistics import median

import pytest

from tests.source_tree import ROOT, circle, imports, modules, part, room, tree

LONGEST_FILE, LONGEST_FUNCTION, USUAL_FILE = 300, 50, 120
MOST_SKIPS = 40
"""Data tables that may be laid out by hand: lines with `# fmt: skip`."""

WORDS = {"errors", "units", "vocabulary", "words"}
"""What everything may import: it imports nothing of memprof but itself."""
MAY_IMPORT: dict[str, str] = {
    # What a package, or a module of memprof itself, may import of memprof besides WORDS.
    "_version": "",
    "errors": "",
    "units": "",
    "vocabulary": "",
    "words": "",
    "tensors": "",
    "models": "",
    "report": "",
    "journal": "",
    "files": "report journal",
    "workload": "tensors",
    "devices": "report",
    "counters": "report",
    "findings": "report",
    "comparisons": "report findings",
    "profiles": "report tensors models",
    "calls": "tensors profiles",
    "operators": "tensors calls",
    "roofline": "report tensors calls operators",
    "traces": "report tensors profiles calls",
    "calibration": "tensors devices profiles",
    "analysis": "_version report tensors models workload devices counters profiles calls operators roofline traces",
    "suite": "_version report tensors models workload devices profiles calls roofline analysis",
    "validation": "report tensors models workload devices comparisons profiles calls operators roofline traces "
    "analysis suite",
    "frontier": "report models devices analysis validation",
    "papers": "report tensors models devices analysis validation",
    "whatif": "report models findings comparisons validation",
    "sweeps": "_version report journal files tensors models workload devices profiles roofline traces analysis",
    "gate": "_version report tensors models files workload devices profiles analysis",
    "reports": "report tensors findings comparisons whatif validation gate frontier papers suite sweeps",
    "api": "report tensors files workload devices comparisons traces profiles operators calls analysis validation "
    "whatif gate reports",
    "commands": "_version report tensors models files workload devices comparisons profiles traces calibration "
    "analysis sweeps validation whatif gate reports frontier papers suite",
    "pytest_plugin": "report analysis gate reports",
    "cli": "_version",
    "__main__": "cli",
    "": "_version report models tensors devices operators api",
}
TOP_LEVEL = {
    *("__init__", "__main__", "_version", "calls", "cli", "errors", "files", "journal", "pytest_plugin", "units"),
    *("vocabulary", "words", "workload"),
}
"""The modules of memprof itself; everything else has a package."""
TORCH_FREE = {
    *(TOP_LEVEL - {"__init__", "pytest_plugin", "_version"}),
    *("", "commands", "comparisons", "counters", "devices", "findings", "report", "reports", "roofline", "tensors"),
    "traces",
}
"""Parts that no name of torch may occur in, not even for a type checker; nor what brings torch along."""
TORCH = {"torch", "torchvision", "timm", "fvcore"}
BUILDERS_MEET_TORCH = {
    *("arguments", "code", "describe", "external", "foreign", "named", "options", "registry", "spec", "__init__"),
}
"""Modules of memprof.models that list and name networks, and so must not import torch when they are imported."""


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": set()}) == ""
    assert "a" in circle({"a": {"b"}, "b": {"a"}})


def test_every_module_has_its_place() -> None:
    assert len(modules()) > 200
    assert {part(module) for module in modules()} == set(MAY_IMPORT)
    assert {path.stem for path in (ROOT / "memprof").glob("*.py")} == TOP_LEVEL
    assert {path.stem for path in (ROOT / "reports").glob("*.py")} == {"__init__", "look", "writer"}


def test_imports_point_one_way() -> None:
    wrong = [
        f"{modules()[module]}:{item.line} imports {item.target}"
        for module in modules()
        for item in imports(module)
        if item.target.partition(".")[0] == "memprof"
        and part(item.target) not in {part(module), *WORDS, *MAY_IMPORT[part(module)].split()}
    ]
    assert wrong == []


def test_the_arrows_themselves_make_no_circle() -> None:
    assert circle({name: set(targets.split()) for name, targets in MAY_IMPORT.items()}) == ""
    for word in WORDS:
        assert {part(item.target) for item in imports(f"memprof.{word}") if item.target.startswith("memprof")} <= WORDS
    assert circle({word: {part(item.target) for item in imports(f"memprof.{word}")} & WORDS for word in WORDS}) == ""


def test_no_two_packages_need_each_other() -> None:
    """Folders within a package count too: a document's folder, say, and the parts that all documents share."""
    arrows: dict[str, set[str]] = {}
    for module in modules():
        own = arrows.setdefault(room(module), set())
        own.update(room(item.target) for item in imports(module) if item.target in modules())
    for package, targets in arrows.items():
        # A package and what lies inside it are one where the package itself only hands on what it holds.
        arrows[package] = {
            target for target in targets if not target.startswith(package) and not package.startswith(target)
        }
    assert circle(arrows) == ""


def test_no_module_needs_itself_while_it_is_imported() -> None:
    early = {
        module: {item.target for item in imports(module) if item.early and not item.typing and item.target in modules()}
        for module in modules()
    }
    assert circle(early) == ""


def test_torch_is_met_only_where_it_is_needed() -> None:
    for module, path in modules().items():
        early = [item for item in imports(module) if item.early and not item.typing]
        names = {item.target.partition(".")[0] for item in imports(module)}
        if part(module) in TORCH_FREE:
            assert not TORCH & names, module
        if part(module) == "operators":
            assert not (TORCH - {"fvcore"}) & names, module
            assert not any(item.target.startswith("fvcore") for item in early), module
        if part(module) == "models" and path.stem in BUILDERS_MEET_TORCH:
            assert not any(item.target in TORCH for item in early), module


def test_only_what_is_declared_is_imported() -> None:
    declared = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    known = {"memprof", "markupsafe", "pynvml", "pytest"}  # of jinja2 and nvidia-ml-py; pytest runs its plugin itself
    for module in modules():
        for item in imports(module):
            name = item.target.partition(".")[0]
            if name not in known and name not in sys.stdlib_module_names:
                assert name in declared, f"{modules()[module]}:{item.line} imports {name}"


def test_files_and_functions_stay_short() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in modules().items()}
    assert [module for module, length in lengths.items() if length > LONGEST_FILE] == []
    assert median(lengths.values()) <= USUAL_FILE
    long = [
        f"{modules()[module]}:{node.lineno} {node.name}"
        for module in modules()
        for node in ast.walk(tree(module))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_ruff_formats_nearly_everything() -> None:
    files = [path for folder in ("memprof", "operators", "reports", "tests") for path in (ROOT / folder).rglob("*.py")]
    skips = sum(len(re.findall(r"# fmt: skip$", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in files)
    assert skips <= MOST_SKIPS


def test_only_the_command_line_catches_everything() -> None:
    for module in sorted(set(modules()) - {"memprof.cli"}):
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "everything" if node.type is None else ast.unparse(node.type)
            names = caught.strip("()").replace(" ", "").split(",")
            assert not {"everything", "Exception"} & set(names), f"{modules()[module]}:{node.lineno}"
            if "BaseException" in names:  # to tidy up, never to swallow
                assert isinstance(node.body[-1], ast.Raise), f"{modules()[module]}:{node.lineno}"


OPENS = {"open", "write_text", "write_bytes", "read_text", "read_bytes", "mkdir", "unlink", "savefig", "to_csv"}
INTO_MEMORY = {"savefig", "to_csv"}


@pytest.mark.parametrize("name", ["reports", "roofline", "findings", "comparisons", "whatif"])
def test_what_computes_or_writes_opens_no_file(name: str) -> None:
    for module in (module for module in modules() if part(module) == name):
        for node in ast.walk(tree(module)):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            named = any(isinstance(argument, (ast.Constant, ast.JoinedStr)) for argument in node.args)
            if called not in INTO_MEMORY or named:
                assert called not in OPENS, f"{modules()[module]}:{node.lineno} calls {called}"


WRITERS = {
    # Modules that may change files, and why; everything else goes through memprof.files.
    "memprof.journal": "what memprof.files is made of",
    "memprof.commands.gating": "adds to files of GitHub that exist for it",
    "memprof.gate.measured.worker": "its answers are a pipe",
    "memprof.gate.measured.processes": "the log of a process, in a temporary folder",
}


def test_files_are_written_in_one_place() -> None:
    found = set()
    for module in modules():
        for node in (node for node in ast.walk(tree(module)) if isinstance(node, ast.Call)):
            called = ast.unparse(node.func).rpartition(".")[2]
            texts = {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
            opens = called in {"open", "fdopen"} and bool(texts & {"w", "wb", "a", "ab", "x", "xb"})
            connects = ast.unparse(node.func) == "sqlite3.connect" and texts != {":memory:"}
            if opens or connects or called in {"write_text", "write_bytes", "hardlink_to", "symlink_to", "copy2"}:
                found.add(module)
    assert found == set(WRITERS)


def test_commands_do_not_import_one_another() -> None:
    commands = {module for module in modules() if module.startswith("memprof.commands.") and _is_command(module)}
    assert len(commands) > 8
    for module in commands:
        nested = {"memprof.commands.gate_accepting", "memprof.commands.gate_history"}  # commands of `memprof gate`
        assert not {item.target for item in imports(module)} & (commands - nested), module


def _is_command(module: str) -> bool:
    """Tell a command's module, which has a function or name `command`, from what commands share."""
    return any(getattr(node, "name", "") == "command" for node in tree(module).body)
