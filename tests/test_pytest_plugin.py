"""The fixture memprof_gate, in test suites of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from memprof.gate.baseline import load_baseline

NET = """
from torch import nn

def build(side=3):
    return nn.Sequential(nn.Conv2d(3, 8, side, padding="same"), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
"""
SUITE = """
from net import build

def test_module(memprof_gate):
    memprof_gate(build({side}), batch_size=8, resolution=32, budget="{budget}")

def test_function(memprof_gate):
    found = memprof_gate(lambda: build({side}), batch_size=8, resolution=32, budget={{"seconds": "+2 %", "flops": "{flops}"}})
    assert found is None or found.metrics
"""  # noqa: E501


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    write(tmp_path)
    return tmp_path


def write(folder: Path, side: int = 3, budget: str = "+2 %", flops: str = "0") -> None:
    (folder / "test_perf.py").write_text(SUITE.format(side=side, budget=budget, flops=flops))


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_what_was_accepted_passes_until_it_gets_worse(suite: Path):
    code, said = run(suite)
    assert code == 1
    assert "pytest --memprof-update" in said
    assert "2 failed" in said

    code, said = run(suite, "--memprof-update", "-n", "2")
    assert (code, "2 passed" in said) == (0, True), said
    names = [entry.workload.model for entry in load_baseline(suite / "memprof-tests.json").entries]
    assert names == ["test_perf.py::test_function", "test_perf.py::test_module"]
    assert sorted(path.name for path in suite.iterdir() if path.suffix != ".py" and path.name != "__pycache__") == [
        "memprof-tests.json",
        "pytest.ini",
    ]
    before = (suite / "memprof-tests.json").read_bytes()

    assert run(suite)[0] == 0
    write(suite, side=5)
    code, said = run(suite)
    assert code == 1
    assert "2 failed" in said
    assert "FLOPs" in said
    assert "Traceback" not in said
    assert (suite / "memprof-tests.json").read_bytes() == before


def test_a_budget_lets_it_pass(suite: Path):
    assert run(suite, "--memprof-update")[0] == 0
    write(suite, side=5, budget="+900 %", flops="+900 %")
    code, said = run(suite, "-k", "function")
    assert code == 1  # FLOPs may grow now, the parameters of 25 taps instead of 9 may not
    assert "parameters" in said


def test_a_mistake_is_told(suite: Path):
    write(suite, budget="much")
    code, said = run(suite, "-k", "module")
    assert code == 1
    assert "'much' is no budget" in said


def test_a_damaged_file_never_passes(suite: Path):
    (suite / "memprof-tests.json").write_text("{")
    code, said = run(suite)
    assert code == 1
    assert "the baseline is damaged" in said


def test_the_plugin_brings_no_torch(suite: Path):
    (suite / "test_perf.py").write_text(
        "import sys\n\ndef test_light():\n    assert not {'torch', 'numpy', 'memprof.analysis'} & set(sys.modules)\n"
    )
    code, said = run(suite)
    assert code == 0, said
