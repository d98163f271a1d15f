"""What decides the figures has not changed since COST_MODEL was last recorded: else baselines would lie unnoticed.

When this fails: did figures change? Then count COST_MODEL in memprof/_version.py up. Either way record what is there:

MEMPROF_REFRESH_GOLDEN=1 python -m pytest tests/test_cost_model.py
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memprof._version import COST_MODEL

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_name("cost_model.json")
SOURCES = (
    "operators/*.py",
    "memprof/roofline/*.py",
    "memprof/calls.py",
    "memprof/analysis/missing_arguments.py",
    "memprof/analysis/assembly.py",
    "memprof/analysis/rows.py",
    "memprof/tensors/*.py",
    "memprof/profiles/meta/*.py",
    "memprof/profiles/memory.py",
    "memprof/profiles/simulated.py",
    "memprof/profiles/step.py",
    "memprof/devices/achievable.py",
    "memprof/devices/ceilings.py",
    "memprof/devices/achievable.json",
    "memprof/devices/catalogue.json",
)
"""What every figure goes through, from a step on meta to seconds. The zoo is not here: models are what is gated."""
REMEDY = (
    "If figures changed, count COST_MODEL in memprof/_version.py up: baselines are not comparable across it. Then "
    "record what is there now: MEMPROF_REFRESH_GOLDEN=1 python -m pytest tests/test_cost_model.py"
)


def meaning(node: ast.AST) -> Iterator[str]:
    """Yield what a tree says, the same in every Python: no place, no comment, no text that is not used."""
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
                continue  # a docstring
            if isinstance(item, ast.AST):
                yield name
                yield "("
                yield from meaning(item)
                yield ")"
            elif item is not None and name not in ("kind", "type_comment"):
                yield f"{name}={item!r}"


def digest(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    said = " ".join(meaning(ast.parse(text))) if path.suffix == ".py" else json.dumps(json.loads(text), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def digests() -> dict[str, str]:
    paths = sorted(path for pattern in SOURCES for path in ROOT.glob(pattern))
    return {path.relative_to(ROOT).as_posix(): digest(path) for path in paths}


def complaint(recorded: dict[str, object], now: dict[str, str], version: int) -> str:
    """Say what changed since the record was made, "" where nothing did."""
    old = recorded["digests"]
    assert isinstance(old, dict)
    changed = [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]
    if changed:
        return f"changed since version {recorded['cost_model']} of the cost model: {', '.join(changed)}. {REMEDY}"
    return "" if recorded["cost_model"] == version else f"COST_MODEL is {version} and not recorded. {REMEDY}"


def test_what_decides_the_figures_is_what_was_recorded():
    now = digests()
    if os.environ.get("MEMPROF_REFRESH_GOLDEN"):
        RECORD.write_text(json.dumps({"cost_model": COST_MODEL, "digests": now}, indent=1) + "\n", encoding="utf-8")
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    assert not (said := complaint(recorded, now, COST_MODEL)), said


def test_every_source_is_there():
    for pattern in SOURCES:
        assert list(ROOT.glob(pattern)), pattern


def test_a_change_is_noticed_and_says_what_to_do():
    now = {"operators/a.py": "1", "operators/b.py": "2"}
    recorded = {"cost_model": 3, "digests": now}
    assert complaint(recorded, now, 3) == ""
    assert "not recorded" in complaint(recorded, now, 4)
    for changed in ({**now, "operators/b.py": "9"}, {"operators/a.py": "1"}, {**now, "operators/c.py": "1"}):
        said = complaint(recorded, changed, 3)
        assert "count COST_MODEL in memprof/_version.py up" in said
        assert "MEMPROF_REFRESH_GOLDEN=1" in said
        assert "operators/a.py" not in said


PLAIN = "def cost(a, b=2.0):\n    return a * b + 1\n"
SAME = '"""Module."""\n\n\ndef cost(a, b=2.0):  # why\n    """What."""\n    return (a * b\n            + 1)\n'


def test_words_and_layout_do_not_count():
    assert list(meaning(ast.parse(PLAIN))) == list(meaning(ast.parse(SAME)))


@pytest.mark.parametrize(
    ("old", "new"), [("2.0", "2"), ("2.0", "2.5"), ("a * b", "b * a"), ("+ 1", "- 1"), ("cost", "c")]
)
def test_everything_else_counts(old: str, new: str):
    assert list(meaning(ast.parse(PLAIN))) != list(meaning(ast.parse(PLAIN.replace(old, new))))
