"""docs/counters.md says what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from memprof.counters import remarks
from memprof.counters.metrics import RECORDED, UNITS

PAGE = (Path(__file__).parents[2] / "docs" / "counters.md").read_text(encoding="utf-8")


def test_the_page_names_every_metric_that_is_read():
    assert f"--metrics {','.join(RECORDED)}" in PAGE
    assert set(re.findall(r"`(\w+__[\w.]+)`", PAGE)) == set(UNITS)


def test_the_page_explains_every_warning():
    calls = [
        node
        for node in ast.walk(ast.parse(Path(remarks.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ReportWarning"
    ]
    codes = {node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)}
    assert len(codes) == len(calls) - 1 == 4  # one code has the level in it
    assert all(f"| `{code}` |" in PAGE for code in codes)
    assert "`counters-without-dram`, `-l2`, `-l1`" in PAGE
