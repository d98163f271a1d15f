"""The command line cut short: Ctrl-C, a reader that leaves, a disk that is full. One line, nothing half-written."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memprof.cli import _is_importing_torch
from tests.command_line import MEMPROF, Outcome, environment, memprof_anew
from tests.source_tree import ROOT

INTERRUPTED = "error: interrupted; no file was left half-written"
ANALYSE = ("roofline", "--model", "resnet18", "--batch-size", "1")

NET = "from torch import nn\nclass Net(nn.Conv2d):\n    def __init__(self): super().__init__(3, 8, 3)\n"
CTRL_C = "os.kill(os.getpid(), signal.SIGINT)"
WHEN = {
    "importing": f"import os, signal\n{CTRL_C}\n{NET}",
    "running": f"import os, signal\n{NET}    def forward(self, images):\n        {CTRL_C}\n"
    "        return super().forward(images)\n",
    "writing": f"import os, signal, pathlib\n{NET}write = pathlib.Path.write_bytes\n"
    f"def stop(path, content):\n    write(path, content[:100])\n    {CTRL_C}\npathlib.Path.write_bytes = stop\n",
    "moving": f"import os, signal, pathlib\n{NET}move = pathlib.Path.replace\n"
    f"def stop(path, target):\n    {CTRL_C}\n    return move(path, target)\npathlib.Path.replace = stop\n",
}


def content(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in sorted(os.listdir(folder))}


@pytest.mark.parametrize("when", ["importing", "running", "writing"])
def test_ctrl_c_leaves_one_line_and_the_files_of_the_run_before(when: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(WHEN[when], encoding="utf-8")
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "report.json").write_text("of an earlier run", encoding="utf-8")
    formats = ("--format", "json,md", "--batch-size", "1")
    for output in ("before", "new/deep") if when == "writing" else ("before",):
        result = memprof_anew("roofline", "--model", "net.py:Net", "--output", output, *formats, cwd=tmp_path)
        assert result.error == INTERRUPTED
    assert content(tmp_path / "before") == {"report.json": "of an earlier run"}
    assert not (tmp_path / "new").exists()


def test_ctrl_c_comes_too_late_for_files_that_are_being_moved_to_their_places(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(WHEN["moving"], encoding="utf-8")
    arguments = ("roofline", "--model", "net.py:Net", "--batch-size", "1", "--format", "json,md", "--output", "out")
    result = memprof_anew(*arguments, cwd=tmp_path)
    assert (result.code, result.err) == (0, "")
    assert sorted(os.listdir(tmp_path / "out")) == ["report.json", "report.md"]


def test_an_import_that_ctrl_c_breaks_off_may_raise_anything(tmp_path: Path) -> None:
    """As numpy's does: inside torch's import, its KeyboardInterrupt ended as an AttributeError."""
    (tmp_path / "torch.py").write_text(
        f"import os, signal\ntry: {CTRL_C}\nexcept KeyboardInterrupt: raise AttributeError('half a module')\n",
        encoding="utf-8",
    )
    result = memprof_anew(*ANALYSE, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert result.error == INTERRUPTED
    assert not (tmp_path / "memprof-report").exists()


def processor_seconds(process: int) -> float:
    """Return how long a process has run; on a busy machine that is far less than since it began."""
    stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc tells how long a process has run")
@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9])
def test_ctrl_c_at_any_time(seconds: float, tmp_path: Path) -> None:
    """Most of this time, of the processor, is the import of torch; before it Python itself starts."""
    process = subprocess.Popen(
        [*MEMPROF, "roofline", "--model", "convnext_b", "--phase", "train"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and processor_seconds(process.pid) < seconds:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert Outcome(process.returncode, out, err).error == INTERRUPTED
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("module", "waits"), [("torch.distributed", True), ("torch", True), ("torchvision", False)])
def test_ctrl_c_waits_for_torch_to_be_imported(module: str, waits: bool) -> None:
    """C++ that calls Python there ends the process where that raises."""
    names = {"__name__": module, "look": lambda: _is_importing_torch(sys._getframe())}
    exec(compile("seen = look()", "<module of torch>", "exec"), names)
    assert names["seen"] is waits
    assert not _is_importing_torch(sys._getframe())


def test_ctrl_c_with_debug_shows_where(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(WHEN["importing"], encoding="utf-8")
    result = memprof_anew("--debug", "roofline", "--model", "net.py:Net", cwd=tmp_path)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Traceback (most recent call last):\n")
    assert result.err.splitlines()[-1] == INTERRUPTED


@pytest.mark.parametrize("arguments", [(*ANALYSE, "--json"), ("devices",), ("models",), ("--help",)], ids=" ".join)
def test_a_reader_may_leave(arguments: tuple[str, ...], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*MEMPROF, *arguments], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(timeout=120) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [(*ANALYSE, "--json"), ("devices",)], ids=" ".join)
def test_standard_output_may_be_full(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*MEMPROF, *arguments],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert "cannot write to standard output: No space left on device" in Outcome(done.returncode, "", done.stderr).error


def test_standard_output_may_be_closed(tmp_path: Path) -> None:
    command = f"{' '.join(MEMPROF)} {' '.join(ANALYSE)} --format json --output out >&-"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert os.listdir(tmp_path / "out") == ["report.json"]


def test_a_full_disk_leaves_the_files_of_the_run_before(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: the JSON fits, the page does not."""
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "report.json").write_text("of an earlier run", encoding="utf-8")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    for output in ("before", "new"):
        done = subprocess.run(
            [*MEMPROF, *ANALYSE, "--format", "json,html", "--output", output],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            preexec_fn=limit,
            check=False,
        )
        error = Outcome(done.returncode, done.stdout, done.stderr).error
        assert error == (
            f"error: cannot write into {output}: File too large; free some space or name another folder with --output"
        )
    assert content(tmp_path / "before") == {"report.json": "of an earlier run"}
    assert not (tmp_path / "new").exists()


def test_a_process_started_to_ignore_ctrl_c_ignores_it() -> None:
    """As `nohup` and a shell's `&` start it."""
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nfrom memprof.cli import Interruption\n"
        "Interruption().watch()\nassert signal.getsignal(signal.SIGINT) is signal.SIG_IGN"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_suite_may_run_where_ctrl_c_is_ignored() -> None:
    chosen = (
        f"{Path(__file__).relative_to(ROOT)}::test_ctrl_c_leaves_one_line_and_the_files_of_the_run_before[importing]"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", chosen],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        check=False,
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout
