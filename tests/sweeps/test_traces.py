"""A folder of traces as a set: a row for each, what changed over time, what stands out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from memprof.errors import SweepError
from memprof.sweeps.answers import ask
from memprof.sweeps.engine import InThisProcess
from memprof.sweeps.run import Outcome
from memprof.sweeps.trace_history import history
from memprof.sweeps.trace_rows import Wanted, find_traces, read_traces
from tests.command_line import memprof
from tests.traces import making

A100 = {"deviceProperties": [{"id": 0, "name": "NVIDIA A100-PCIE-40GB"}]}
NIGHT = 86_400
SLOWER = 12
"""The night from which the product takes longer."""
ODD = 17
"""The night of which the addition takes longer."""


def trace(product: float, addition: float) -> str:
    """Return a step of a product and an addition that take so many microseconds, one after the other."""
    return making.text(
        making.op("mm", 0, 10, [64, 64], [64, 64]),
        making.launch(1, 2),
        making.op("add", 20, 10, [64, 64], [64, 64]),
        making.launch(2, 22),
        making.kernel(1, 10, product),
        making.kernel(2, 10 + product, addition, name="add"),
        **A100,
    )


def write(folder: Path, night: int, content: str) -> None:
    """Write the trace of a night; the name says when."""
    moment = 1_700_000_000 + night * NIGHT
    (folder / f"job_{night}.{moment}000.pt.trace.json").write_text(content, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 24 nights: the product takes 100 us, from night 12 on 120; the addition once 90."""
    path = tmp_path_factory.mktemp("traces")
    (path / "below").mkdir()
    for night in range(24):
        jitter = (night * 7) % 5 / 10
        product = (100 if night < SLOWER else 120) + jitter
        write(path / "below" if night % 2 else path, night, trace(product, 90 if night == ODD else 40))
    (path / "broken.json").write_text("{", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def output(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "out"
    done = read_traces(folder, find_traces(folder), Wanted(), path, InThisProcess)
    assert done == Outcome(parts=2, rows=25, failed=1, before=0)  # of 16 and 9 files
    return path


def test_a_row_says_what_a_trace_measured(output: Path) -> None:
    columns = "seconds, busy_seconds, matmul_seconds, elementwise_seconds, device, steps, recorded, rank"
    (row,) = ask(output, f"SELECT {columns} FROM results WHERE file = 'job_0.1700000000000.pt.trace.json'").rows
    # the device runs 100 us, then 40
    assert row[:4] == pytest.approx((140e-6, 140e-6, 100e-6, 40e-6))
    assert row[4:] == ("a100-pcie-40gb", 1, 1.7e9, None)


def test_what_changed_and_what_stands_out(output: Path) -> None:
    """Steps take 140 us and then 160, of which the product takes 20 / 140 more; one took 210, 50 / 160 of it more."""
    said = history(output)
    assert (said.traces, len(said.workloads), said.workloads[0].traces) == (25, 1, 24)
    (change,) = said.changes
    assert (change.file, change.before, change.after) == (f"job_{SLOWER}.1701036800000.pt.trace.json", 12, 12)
    assert (change.before_seconds, change.after_seconds) == pytest.approx((140e-6, 160e-6), abs=0.5e-6)
    assert (change.since, change.because) == (1_701_036_800, "matmul +14% of a step")
    (outlier,) = said.outliers
    assert (outlier.file, outlier.because) == ("below/job_17.1701468800000.pt.trace.json", "elementwise +31% of a step")
    assert [file for file, _ in said.unread] == ["broken.json"]


def test_only_what_is_new_is_read_and_the_latest_counts(folder: Path, output: Path) -> None:
    assert read_traces(folder, find_traces(folder), Wanted(), output, InThisProcess).rows == 0
    (folder / "broken.json").write_text(trace(100, 40), encoding="utf-8")
    os.utime(folder / "broken.json", (2e9, 2e9))
    done = read_traces(folder, find_traces(folder), Wanted(), output, InThisProcess)
    assert done == Outcome(parts=1, rows=1, failed=0, before=24)
    assert history(output).unread == ()
    assert history(output).traces == 25
    with pytest.raises(SweepError, match="results of something else: precision differ"):
        read_traces(folder, find_traces(folder), Wanted(precision="tf32"), output, InThisProcess)


def test_chance_is_no_change(tmp_path: Path) -> None:
    """Times that go up and down from night to night change nothing, nor do three that are slower at the end."""
    for night in range(12):
        write(tmp_path, night, trace(100 + 5 * (night % 3) + (20 if night > 8 else 0), 40))
    read_traces(tmp_path, find_traces(tmp_path), Wanted(), tmp_path / "out", InThisProcess)
    assert history(tmp_path / "out").changes == ()


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "traces").mkdir()
    for night in range(2):
        write(tmp_path / "traces", night, trace(100, 40))
    done = memprof("trace", "traces", "--output", "out", "--jobs", "0", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("2 traces of 1 workload\nNo workload changed over time.\nOutliers: none.\n")
    assert done.out.endswith(
        "Written: out/trace_history.json, out/trace_history.md\nRead: 2 traces into out, beside 0 that were there\n"
    )
    assert "--step goes with single traces" in memprof("trace", "traces", "--step", "1", cwd=tmp_path).error
    assert "a folder of traces goes alone" in memprof("trace", "traces", "traces", cwd=tmp_path).error
    (tmp_path / "empty").mkdir()
    assert "empty holds no traces" in memprof("trace", "empty", cwd=tmp_path).error
