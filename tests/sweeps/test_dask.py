"""Sweeps on real schedulers and workers: what dies, goes away or is interrupted costs nothing that was finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memprof.errors import SweepError
from memprof.sweeps import engine
from tests.command_line import MEMPROF, Outcome, environment, memprof_anew

NET = """
import os, time
from torch import nn

class Net(nn.Conv2d):
    def __init__(self, width, wait=0.3):
        time.sleep(wait)
        while width == 15 and os.path.exists(os.path.join(os.path.dirname(__file__), "hold")):
            time.sleep(0.05)
        super().__init__(3, width, 3)

class Dies(Net):
    def __init__(self):
        os._exit(1)
"""
MODELS = [f"net.py:Net:width={width}" for width in range(8, 16)]


def write(folder: Path, models: list[str]) -> None:
    (folder / "net.py").write_text(NET, encoding="utf-8")
    text = f'models = {models}\ndevices = ["a100", "t4"]\nbatch_size = 4\nresolution = 32\n'
    (folder / "sweep.toml").write_text(text, encoding="utf-8")


def parts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("part-*.parquet"))}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a process alone writes, without Dask."""
    folder = tmp_path_factory.mktemp("alone")
    write(folder, MODELS)
    done = memprof_anew("sweep", "sweep.toml", "--jobs", "0", "--output", "out", cwd=folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == "Written: 16 rows in 8 files of out\n"
    return parts(folder / "out")


@contextmanager
def started(*command: str, cwd: Path, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and end it."""
    process = subprocess.Popen(
        command, cwd=cwd, env=environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = sys.executable, "-m", "distributed.cli.dask_scheduler"
    place = "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"
    with started(*command, *place, cwd=folder) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "Scheduler at:" in line)
        yield process, line.split("Scheduler at:")[1].strip()


def worker(address: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = sys.executable, "-m", "distributed.cli.dask_worker", address
    return started(*command, "--nthreads", "1", "--no-nanny", "--no-dashboard", cwd=folder)


def wait_for_parts(folder: Path, count: int) -> None:
    until = time.monotonic() + 180
    while len(list(folder.glob("part-*.parquet"))) < count:
        assert time.monotonic() < until, "nothing gets done"
        time.sleep(0.02)


def finished(process: subprocess.Popen[str]) -> Outcome:
    out, err = process.communicate(timeout=180)
    return Outcome(process.returncode, out, err)


def test_workers_die_a_scheduler_goes_away_and_nothing_is_lost(tmp_path: Path, expected: dict[str, bytes]) -> None:
    write(tmp_path, MODELS)
    with scheduler(tmp_path) as (process, address), worker(address, tmp_path):
        sweep = *MEMPROF, "sweep", "sweep.toml", "--scheduler", address
        with worker(address, tmp_path) as second, started(*sweep, "--output", "one", cwd=tmp_path) as running:
            wait_for_parts(tmp_path / "one", 2)
            second.kill()
            assert finished(running) == Outcome(0, "Written: 16 rows in 8 files of one\n", "")
        assert parts(tmp_path / "one") == expected

        with started(*sweep, "--output", "two", cwd=tmp_path) as running:
            wait_for_parts(tmp_path / "two", 2)
            process.kill()
            error = finished(running).error
    assert error == (
        f"error: the scheduler at {address} went away; what was finished is written; "
        "run the same command again to go on"
    )
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "two").glob("part-*")}
    assert 2 <= len(before) < 8
    assert parts(tmp_path / "two").items() <= expected.items()
    again = memprof_anew("sweep", "sweep.toml", "--jobs", "0", "--output", "two", cwd=tmp_path)
    rows = 2 * (8 - len(before))
    assert again.out == f"Written: {rows} rows in {8 - len(before)} files of two, beside {16 - rows} that were there\n"
    assert parts(tmp_path / "two") == expected
    assert {name: (tmp_path / "two" / name).stat().st_mtime_ns for name in before} == before


def test_a_scheduler_without_workers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_WORKERS_SECONDS", 0.2)
    told = pytest.raises(SweepError, match=r"has no workers; start some: `dask worker")
    with scheduler(tmp_path) as (_, address), told, engine.on_cluster(address):
        pass


def test_a_model_that_kills_its_process_is_a_row_and_ctrl_c_keeps_what_is_finished(
    tmp_path: Path, expected: dict[str, bytes]
) -> None:
    write(tmp_path, [*MODELS, "net.py:Dies"])
    command = *MEMPROF, "sweep", "sweep.toml", "--jobs", "2"
    (tmp_path / "hold").touch()  # so that it is not finished before Ctrl-C
    with started(*command, cwd=tmp_path) as running:
        wait_for_parts(tmp_path / "results", 1)
        running.send_signal(signal.SIGINT)
        assert finished(running).error == "error: interrupted; no file was left half-written"
    (tmp_path / "hold").unlink()
    done = memprof_anew(*command[len(MEMPROF) :], cwd=tmp_path)
    assert done.err == ""
    assert "beside" in done.out
    assert "2 of them have no figure; `failed_because` says why" in done.out
    found = list(parts(tmp_path / "results").values())
    assert (found[:-1], len(found)) == (list(expected.values()), 9)
    if Path("/proc/self/cwd").exists():
        assert not any(_is_ours(pid, tmp_path) for pid in os.listdir("/proc") if pid.isdigit())


def _is_ours(pid: str, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == folder
    except OSError:
        return False
