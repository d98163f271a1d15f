"""The command line where all is well: through the installed entry point, as people use it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from memprof import __version__, reports
from memprof.cli import COMMANDS
from memprof.devices import list_devices
from memprof.models import list_models
from memprof.report.reading import SET_SCHEMA, load_reports
from memprof.report.record import SCHEMA, Report
from tests.command_line import MEMPROF, Outcome, environment, memprof, memprof_anew

HEAVY = ("torch", "numpy", "rich", "matplotlib", "pandas", "jinja2", "fvcore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def printed(folder: Path) -> Outcome:
    return memprof("roofline", "--model", "resnet18", "--batch-size", "1", "--json", cwd=folder)


@pytest.fixture(scope="module")
def written(folder: Path) -> Outcome:
    return memprof_anew("roofline", "--model", "resnet18", "--batch-size", "2", cwd=folder)


@pytest.fixture(scope="module")
def overlaid(folder: Path) -> Outcome:
    return memprof(
        *("roofline", "--model", "resnet18", "--model", "convnext_atto", "--batch-size", "1"),
        *("--phase", "train", "--precision", "amp-fp16", "--layout", "channels-first", "--resolution", "64"),
        *("--device", "v100", "--by", "module", "--top", "3", "--output", "deep/two", "--format", "html,png,json,csv"),
        cwd=folder,
    )


def test_json_is_the_report_and_nothing_else(printed: Outcome, folder: Path) -> None:
    assert (printed.code, printed.err) == (0, "")
    report = json.loads(printed.out)
    assert report["schema"] == SCHEMA
    assert report["workload"]["model"] == "resnet18"
    assert report["workload"]["batch_size"] == 1
    assert Report.from_json(printed.out).to_json() == printed.out


def test_files_are_written_and_named_and_nothing_else_is(written: Outcome, folder: Path) -> None:
    assert (written.code, written.err) == (0, "")
    names = ["report.html", "report.json", "report.png"]
    assert sorted(os.listdir(folder / "memprof-report")) == names
    assert written.out.splitlines()[-1] == (
        "Written: memprof-report/report.html, memprof-report/report.png, memprof-report/report.json"
    )
    assert "resnet18" in written.out
    assert "\x1b" not in written.out
    assert (folder / "memprof-report" / "report.png").read_bytes().startswith(b"\x89PNG")
    assert load_reports((folder / "memprof-report" / "report.json").read_bytes())[0].workload.batch_size == 2


def test_several_models_share_the_files_and_the_options_reach_the_report(overlaid: Outcome, folder: Path) -> None:
    assert (overlaid.code, overlaid.err) == (0, "")
    place = folder / "deep" / "two"
    assert sorted(os.listdir(place)) == ["report.csv", "report.html", "report.json", "report.png"]
    content = json.loads((place / "report.json").read_text(encoding="utf-8"))
    assert content["schema"] == SET_SCHEMA
    found = load_reports((place / "report.json").read_bytes())
    assert [report.workload.model for report in found] == ["resnet18", "convnext_atto"]
    for report in found:
        workload = report.workload
        assert (workload.phase, workload.precision, workload.layout) == ("train", "amp-fp16", "channels-first")
        assert (workload.batch_size, workload.resolution, report.device.name) == (1, 64, "v100-sxm2-16gb")
        assert report.workload.model in (place / "report.html").read_text(encoding="utf-8")
        assert report.workload.model in overlaid.out


def test_render_writes_a_saved_report_in_every_format(printed: Outcome, folder: Path) -> None:
    (folder / "saved.json").write_text(printed.out, encoding="utf-8")
    result = memprof("render", "saved.json", "--format", ",".join(reports.NAMES), "--output", "again", cwd=folder)
    assert (result.code, result.err) == (0, "")
    assert sorted(os.listdir(folder / "again")) == sorted(
        f"report.{reports.get(name).extension}" for name in reports.NAMES
    )
    assert (folder / "again" / "report.json").read_text(encoding="utf-8") == printed.out


def test_render_writes_html_and_png_by_default(overlaid: Outcome, folder: Path) -> None:
    result = memprof("render", "deep/two/report.json", "--output", "of-two", cwd=folder)
    assert (result.code, result.err, result.out) == (0, "", "Written: of-two/report.html, of-two/report.png\n")
    # One page holds the same wherever it was made.
    assert (folder / "of-two" / "report.png").read_bytes() == (folder / "deep" / "two" / "report.png").read_bytes()


def test_progress_shows_on_a_terminal_and_is_wiped_away(folder: Path) -> None:
    """Standard error is a terminal, standard output is not."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [*MEMPROF, "roofline", "--model", "resnet18", "--batch-size", "1", "--json"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    out, _ = process.communicate(timeout=120)
    shown = b""
    try:
        while part := os.read(mine, 1024):
            shown += part
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(mine)
    assert process.returncode == 0
    json.loads(out)
    assert shown == b"analysing resnet18 (1 of 1) ...\r\x1b[2K"


def test_the_code_of_a_model_may_print_without_harm_to_the_json(folder: Path) -> None:
    (folder / "noisy.py").write_text(
        "import os\nfrom torch import nn\nprint('while importing')\n"
        "class Net(nn.Conv2d):\n"
        "    def forward(self, images):\n"
        "        print('while running'); os.system('echo a program'); os.write(1, b'past Python\\n')\n"
        "        return super().forward(images)\n"
        "def build():\n    print('while building')\n    return Net(3, 8, 3)\n",
        encoding="utf-8",
    )
    result = memprof("roofline", "--model", "noisy.py:build", "--batch-size", "1", "--json", cwd=folder)
    assert result.code == 0
    assert json.loads(result.out)["workload"]["model"] == "noisy.py:build"
    for words in ("while importing", "while building", "while running", "a program", "past Python"):
        assert f"{words}\n" in result.err


def test_text_needs_no_unicode_terminal(folder: Path) -> None:
    arguments = ("roofline", "--model", "resnet18", "--batch-size", "1", "--format", "json", "--output", "ascii")
    result = memprof(*arguments, cwd=folder, PYTHONIOENCODING="ascii")
    assert (result.code, result.err) == (0, "")
    assert result.out.isascii()


def test_alone_it_shows_its_help(folder: Path) -> None:
    alone, asked = memprof(cwd=folder), memprof("--help", cwd=folder)
    assert alone == asked
    assert (alone.code, alone.err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name} " in alone.out
    assert "memprof roofline --model inceptionnext_t" in alone.out


@pytest.mark.parametrize("words", [*((name,) for name in COMMANDS), ("devices", "show")], ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...], folder: Path) -> None:
    result = memprof(*words, "-h", cwd=folder)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: memprof {' '.join(words)} ")
    assert "--debug" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


def test_help_names_every_format(folder: Path) -> None:
    words = " ".join(memprof("roofline", "--help", cwd=folder).out.split())
    assert f"separated by commas: {', '.join(reports.NAMES)}." in words


def test_version_models_and_devices(folder: Path) -> None:
    assert memprof_anew("--version", cwd=folder) == Outcome(0, f"memprof, version {__version__}\n", "")
    models = memprof("models", cwd=folder)
    assert (models.code, models.err) == (0, "")
    assert set(list_models()) <= set(models.out.split())
    devices = memprof("devices", cwd=folder)
    assert (devices.code, devices.err) == (0, "")
    assert {device.name for device in list_devices()} <= set(devices.out.split())


def test_python_dash_m_is_the_same_command(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "memprof", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"memprof, version {__version__}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("memprof r", ["roofline", "render", "reproduce"]),
        ("memprof roofline --model inceptionnext_t", ["inceptionnext_t"]),
        ("memprof roofline --device h100", ["h100-sxm5-80gb", "h100-pcie-80gb"]),
        ("memprof roofline --device ./my", ["./my"]),
        ("memprof roofline --format html,p", ["html,pdf", "html,png"]),
        ("memprof roofline --phase t", ["train"]),
    ],
)
def test_shells_complete(words: str, expected: list[str], folder: Path) -> None:
    position = str(words.count(" "))
    result = memprof(cwd=folder, _MEMPROF_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position)
    assert (result.code, result.err) == (0, "")
    assert sorted(line.partition(",")[2] for line in result.out.splitlines()) == sorted(expected)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(shell: str, folder: Path) -> None:
    result = memprof(cwd=folder, _MEMPROF_COMPLETE=f"{shell}_source")
    assert result.code == 0
    assert "_MEMPROF_COMPLETE" in result.out


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["roofline", "--help"], ["render", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom memprof.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as done: assert done.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_importing_memprof_imports_nothing_heavy_and_offers_everything() -> None:
    code = (
        "import sys, memprof\n"
        f"assert not [name for name in {(*HEAVY, 'click', 'msgspec')!r} if name in sys.modules]\n"
        "assert set(memprof.__all__) <= set(dir(memprof))\n"
        "from memprof import *\n"
        "assert memprof.devices.get('a100').name and memprof.models.list_models() and Report and MemprofError\n"
        "assert memprof.analyze is analyze and not hasattr(memprof, 'nonsense')\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
