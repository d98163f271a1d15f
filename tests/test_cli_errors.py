"""Whatever is wrong with the input: one line that says what and with which input, exit code 2, nothing written."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from memprof.report.record import SCHEMA
from tests.command_line import memprof
from tests.reports import sample

RAISES = "from torch import nn\nclass Net(nn.Module):\n    def forward(self, images): raise ValueError('no thanks')\n"
WANTS = """
from torch import nn
def gpu(): return nn.Linear(3, 3).cuda()
def lazy(): return nn.LazyLinear(3)
def Gray(): return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten())
class Grows(nn.Module):
    def forward(self, x):
        self.more = nn.Linear(4, 4)
        return self.more(x)
"""
SAVED = sample.sample().to_json()
A_FILE = "a file"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what is wrong in it, and the report of an earlier run."""
    texts = {
        "raises.py": RAISES,
        "breaks.py": "raise RuntimeError('at import')\n",
        "leaves.py": "import sys\nsys.exit(0)\n",
        "typo.py": "def build(:\n",
        "number.py": "def build(): return 3\n",
        "wants.py": WANTS,
        "occupied": A_FILE,
        "broken.json": "{",
        "broken.toml": "name = ",
        "empty.json": "",
        "saved.json": SAVED,
        "truncated.json": SAVED[: len(SAVED) // 2],
        "older.json": SAVED.replace(SCHEMA, "memprof.report/1", 1),
        "newer.json": SAVED.replace(SCHEMA, "memprof.report/4", 1),
        "foreign.json": '{"schema": "somebody/1"}',
        "no-schema.json": "{}",
        "list.json": "[1, 2]",
        "deep.json": f'{{"schema": "{SCHEMA}", "workload": ' + "[" * 100_000,
        "no-reports.json": '{"schema": "memprof.report-set/1", "reports": []}',
        "newer-inside.json": '{"schema": "memprof.report-set/1", "reports": ['
        + SAVED.replace(SCHEMA, "memprof.report/4", 1)
        + "]}",
        "older-inside.json": '{"schema": "memprof.report-set/1", "reports": ['
        + SAVED.replace(SCHEMA, "memprof.report/1", 1)
        + "]}",
        "negative-memory.json": re.sub('"peak_bytes": [0-9.e+-]+', '"peak_bytes": -1.0', SAVED),
        "no-capacity.json": re.sub('"memory_capacity_bytes": [0-9.e+-]+', '"memory_capacity_bytes": 0.0', SAVED),
        "negative-launch.json": SAVED.replace('"dram_fraction": 0.8', '"dram_fraction": -0.8', 1),
        "negative.json": re.sub('"seconds": [0-9.e+-]+', '"seconds": -1.0', SAVED),
        "no-roof.json": re.sub('"l2": [0-9.e+-]+', '"l2": 0.0', SAVED),
        "wrong-type.json": SAVED.replace('"batch_size": 128', '"batch_size": "many"', 1),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary.json").write_bytes(bytes(range(256)))
    (tmp_path / "memprof-report").mkdir()
    (tmp_path / "memprof-report" / "report.json").write_text("of an earlier run", encoding="utf-8")
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, except what Python caches of the modules in it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def refused(folder: Path, *arguments: str, **changes: str) -> str:
    """Run a command that must be refused and return what it says."""
    before = tree(folder), sorted(os.listdir(folder / "memprof-report"))
    error = memprof(*arguments, cwd=folder, **changes).error
    assert (tree(folder), sorted(os.listdir(folder / "memprof-report"))) == before
    return error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("rofline", "no such command 'rofline'; did you mean roofline"),
        ("xyz", "no such command 'xyz'; see `memprof --help`"),
        ("--nonsense", "no such option '--nonsense'; see `memprof --help`"),
        ("roofline", "missing option '--model'; see `memprof roofline --help`"),
        ("roofline --model", "option '--model' requires an argument; see `memprof roofline --help`"),
        ("roofline --model resnet18 --nonsense", "no such option '--nonsense'"),
        ("roofline resnet18 resnet51", "unknown model 'resnet51'; did you mean"),
        (
            "roofline resnet18 --device a100 --device h100",
            "--device is given 2 times: a100, h100; `memprof compare`",
        ),
        (
            "roofline number.py",
            "number.py is a file, which may hold many models; name a callable in it, such as",
        ),
        ("roofline number.py:build:width=3", "number.py:build has no argument 'width'; it takes none"),
        (
            "roofline wants.py:gpu",
            "wants.py); leave .cuda(), .to(device) and device= out: nothing runs on a",
        ),
        ("roofline wants.py:Gray", "it was given 128x3x224x224: give inputs of its own, with 1 channel"),
        (
            "roofline wants.py:Grows --input 2x4 --phase train",
            "wants.py:Grows changes itself in its forward: more.weight",
        ),
        ("roofline wants.py:lazy --input 2x4", "weight of wants.py:lazy has no size before its first forward"),
        ("roofline wants.py:Gray --input 2x4 --phase train", "wants.py:Gray failed in its module"),
        ("roofline resnet18 --input 2x3x0x8", "a tensor of 2x3x0x8 is empty or makes no sense"),
        ("roofline resnet18 --input=", "'' is no shape; write sizes with x between them"),
        (
            "roofline resnet18 --input 2x3x32x32 --input 2x4",
            "the inputs do not fit ResNet.forward: too many",
        ),
        ("roofline resnet18 --input picture=2x3x32x32", "missing a required argument"),
        ("roofline resnet18 --input x=2x3x8x8 --input x=2x3x8x8", "the input x is given twice"),
        ("roofline resnet18 --input 2x3x32x32 --resolution 32", "leave out the resolution, or the inputs"),
        ("roofline resnet18 --input 99999999999x99999999999x3", "is larger than torch can describe"),
        ("roofline resnet18 --resolution 32x", "'32x' is not a valid integer, nor a height and width such as 512x2048"),
        ("roofline resnet18 --resolution 32x99999", "resolution 99999 is out of range"),
        ("roofline resnet18 --batch-size 8..1", "8..1 runs backwards or nowhere; write 1..8"),
        ("roofline resnet18 --batch-size 1..x", "'1..x' gives no batch sizes; write 1..512"),
        ("roofline resnet18 --batch-size 1..100:1", "are more than 64; write larger steps"),
        ("roofline resnet18 --batch-size 1..100000", "batch size 100000 is out of range"),
        ("roofline resnet18 --batch-size 1..4 --dollars-per-hour 0", "0.0 dollars an hour is no price"),
        ("roofline resnet18 --dollars-per-hour 2", "--dollars-per-hour needs several batch sizes"),
        ("compare resnet18 --batch-size 1..4", "`memprof roofline --batch-size 1..512` takes them"),
        ("explain resnet18 resnet34", "explain takes one model, not resnet18, resnet34; hold it against another"),
        ("help rofline", "no such command 'rofline'; did you mean roofline"),
        ("roofline --model resnet51", "unknown model 'resnet51'; did you mean"),
        ("roofline --model resnet18 --model resnet51", "unknown model 'resnet51'; did you mean"),
        ("roofline --model convnext_t:kernal=7", "'kernal'; did you mean kernel?"),
        ("roofline --model convnext_t:kernel=2", "kernel"),
        ("roofline --model timm:", "timm:"),
        ("roofline --model absent.py:build", "there is no file absent.py"),
        ("roofline --model absent:build", "'absent' is neither a model nor a module"),
        (f"roofline --model {'a' * 300}.py:build", "there is no file"),
        ("roofline --model resnet18 --device a10000", "unknown device 'a10000'; did you mean a100"),
        ("roofline --model resnet18 --device absent.json", "device file absent.json does not exist"),
        ("roofline --model resnet18 --device broken.json", "broken.json is not valid JSON"),
        ("roofline --model resnet18 --device broken.toml", "broken.toml"),
        ("roofline --model resnet18 --device binary.json", "binary.json"),
        ("roofline --model resnet18 --device .", "directory"),
        ("roofline --model resnet18 --device v100 --precision tf32", "v100-sxm2-16gb has no TF32"),
        ("roofline --model resnet18 --precision int8", "'int8' is not one of 'tf32', 'fp32', 'amp-fp16'"),
        ("roofline --model resnet18 --layout nhwc", "'nhwc' is not one of 'channels-first', 'channels-last'"),
        ("roofline --model resnet18 --phase test", "'test' is not one of 'infer', 'train'"),
        ("roofline --model resnet18 --format docx", "unknown format 'docx'"),
        ("roofline --model resnet18 --format ,", "name at least one of html"),
        ("roofline --model resnet18 --by colour", "'colour' is not one of 'operator', 'module', 'kind', 'phase'"),
        ("roofline --model resnet18 --top 0", "'--top': 0"),
        ("roofline --model resnet18 --batch-size 0", "batch size 0 is out of range; give a whole number from 1 to"),
        ("roofline --model resnet18 --batch-size -1", "batch size -1 is out of range"),
        ("roofline --model resnet18 --batch-size 1000000000", "batch size 1000000000 is out of range"),
        ("roofline --model resnet18 --batch-size many", "'many' is not a valid integer"),
        ("roofline --model resnet18 --resolution 0", "resolution 0 is out of range; give a whole number from 1 to"),
        ("roofline --model resnet18 --resolution -224", "resolution -224 is out of range"),
        ("roofline --model resnet18 --resolution 1000000000", "resolution 1000000000 is out of range"),
        ("roofline --model resnet18 --resolution 224.5", "'224.5' is not a valid integer"),
        ("roofline --model resnet18 --output occupied", "occupied is not a folder; name another folder"),
        ("roofline --model resnet18 --output occupied/below", "occupied is not a folder; name another folder"),
        ("roofline --model resnet18 --output /proc/memprof", "cannot write into /proc/memprof"),
        (f"roofline --model resnet18 --output {'a' * 300}", "File name too long"),
        ("roofline --model resnet18 --output=", "the name of the folder is empty"),
        ("devices show a10000", "unknown device 'a10000'; did you mean a100"),
        ("devices nonsense", "unknown device 'nonsense'"),
        ("models nonsense", "extra argument (nonsense)"),
        ("render", "missing argument 'FILE'"),
        ("render absent.json", "cannot read absent.json: No such file or directory"),
        ("render .", "cannot read .: Is a directory"),
        ("render empty.json", "empty.json: not a memprof report"),
        ("render broken.json", "broken.json: not a memprof report"),
        ("render binary.json", "binary.json: not a memprof report"),
        ("render truncated.json", "truncated.json: not a memprof report"),
        ("render list.json", "list.json: not a memprof report"),
        ("render no-schema.json", "no-schema.json: not a memprof report"),
        ("render wrong-type.json", "batch_size"),
        ("render negative.json", "negative.json: seconds cannot be -1"),
        ("render no-roof.json", "no-roof.json: l2 ceiling cannot be 0"),
        ("render deep.json", "nested too deeply"),
        ("render newer.json", "a newer memprof wrote it: upgrade memprof"),
        ("render foreign.json", "'somebody/1'"),
        ("render no-reports.json", "no-reports.json holds no report"),
        ("render newer-inside.json", "newer-inside.json: report schema 'memprof.report/4'"),
        ("render older-inside.json", "an older memprof wrote it: run `memprof roofline` again"),
        ("render older.json", "older.json: report schema 'memprof.report/1' is not 'memprof.report/3'"),
        ("render older.json", "an older memprof wrote it: run `memprof roofline` again"),
        ("render negative-memory.json", "negative-memory.json: peak_bytes cannot be -1"),
        ("render no-capacity.json", "no-capacity.json: memory capacity cannot be 0"),
        ("render negative-launch.json", "negative-launch.json: dram_fraction cannot be -0.8"),
        ("render saved.json --format docx", "unknown format 'docx'"),
        ("render saved.json --output occupied/below", "occupied is not a folder"),
    ],
)
def test_mistakes_that_need_no_torch(arguments: str, said: str, folder: Path) -> None:
    assert said in refused(folder, *arguments.split(" "))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("raises.py:Net", "raises.py:Net failed: ValueError: no thanks (line 3 of "),
        ("raises.py:Ned", "raises.py has no 'Ned'; "),
        ("breaks.py:build", "importing breaks.py failed: RuntimeError: at import (line 1 of "),
        ("leaves.py:build", "importing leaves.py failed: SystemExit: 0"),
        ("typo.py:build", "importing typo.py failed: SyntaxError"),
        ("number.py:build", "number.py:build returned a int, not a torch.nn.Module"),
        ("timm:resnet51000", "timm has no model 'resnet51000'; did you mean"),
        ("inceptionnext_t", "inceptionnext_t failed in its module 'stages."),
    ],
)
def test_models_that_cannot_be_analysed(model: str, said: str, folder: Path) -> None:
    assert said in refused(folder, "roofline", "--model", model, "--batch-size", "1", "--resolution", "8")


@pytest.mark.parametrize(
    "arguments",
    [
        "--debug roofline --model nope",
        "roofline --model nope --debug",
        "roofline --debug --nonsense",
        "devices show --debug nope",
        "--debug devices show nope",
    ],
)
def test_debug_shows_a_traceback_before_the_line(arguments: str, folder: Path) -> None:
    result = memprof(*arguments.split(), cwd=folder)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Traceback (most recent call last):\n")
    assert result.err.splitlines()[-1].startswith("error: ")
    assert result.err.count("\nerror: ") == 1


def test_a_terminal_is_not_told_to_do_things_by_names(folder: Path) -> None:
    assert r"\x1b[31m" in refused(folder, "render", "absent\x1b[31m.json")
