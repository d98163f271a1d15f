"""`memprof validate` as people run it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.command_line import MEMPROF, Outcome, environment, memprof
from tests.validation.files import COLUMNS, GOOD, line
from tests.validation.test_kernels import NEUSIGHT, neusight
from tests.validation.test_traces import NET, two_layers

LINES = [
    GOOD,
    line(images_per_second="-3"),
    line(device="nowhere"),
    line(model="timm:no_such_model"),
    line(model="convnext_atto", phase="train", layout="best of nchw and nhwc", device="h100"),
    "too,short",
    line(model="net.py:build"),
]
REASONS = {
    3: "images_per_second -3 is not above zero",
    4: "unknown device 'nowhere'",
    5: "timm has no model 'no_such_model'",
    7: "2 values where the header names 12 columns",
    8: "net.py:build would run code: a table may name models of the zoo, timm: and torchvision: only",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of measurements, and what two runs with different --jobs made of it."""
    found = tmp_path_factory.mktemp("validate")
    rows = [text if text == "too,short" else f"{text},x" for text in LINES]
    (found / "rows.csv").write_text("\n".join([f"{COLUMNS},comment", *rows, ""]), encoding="utf-8")
    (found / "net.py").write_text("open('ran', 'w')\n", encoding="utf-8")
    for jobs in ("1", "2"):
        outcome = memprof(
            "validate",
            "rows.csv",
            "--json",
            "--jobs",
            jobs,
            "--csv",
            f"out/{jobs}.csv",
            "--plot",
            f"out/{jobs}.png",
            cwd=found,
        )
        assert (outcome.code, outcome.err) == (0, "")
        (found / f"{jobs}.json").write_text(outcome.out, encoding="utf-8")
    return found


def test_results_do_not_depend_on_jobs(folder: Path):
    assert (folder / "1.json").read_bytes() == (folder / "2.json").read_bytes()
    assert (folder / "out/1.csv").read_bytes() == (folder / "out/2.csv").read_bytes()


def test_json_has_what_was_predicted_and_why_the_rest_was_not(folder: Path):
    rows = {row["line"]: row for row in json.loads((folder / "1.json").read_text())["rows"]}

    assert {line for line, row in rows.items() if row["ratio"] is not None} == {2, 6}
    assert {line: row["skipped_because"] for line, row in rows.items() if row["ratio"] is None} == REASONS
    for row in (rows[2], rows[6]):
        assert row["ratio"] == pytest.approx(row["predicted_images_per_second"] / 1000)
        assert 0 < row["predicted_images_per_second"] <= row["roofline_images_per_second"]


def test_csv_has_the_input_columns_and_five_more(folder: Path):
    with (folder / "out/1.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == [
        *COLUMNS.split(","),
        "comment",
        "predicted_images_per_second",
        "ratio",
        "roofline_images_per_second",
        "bound",
        "skipped_because",
    ]
    assert [row["comment"] for row in rows] == ["x", "x", "x", "x", "x", "", "x"]
    assert [row["skipped_because"] for row in rows if row["skipped_because"]] == list(REASONS.values())


def test_the_plot_is_there_and_nothing_else(folder: Path):
    assert (folder / "out/1.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(os.listdir(folder / "out")) == ["1.csv", "1.png", "2.csv", "2.png"]
    assert not (folder / "ran").exists()


def test_it_takes_formats_and_a_folder_as_others_do(folder: Path):
    chosen = ("validate", "rows.csv", "--jobs", "1", "--format", "html,md,json")
    outcome = memprof(*chosen, "--output", "page", "--csv", "own.csv", cwd=folder)

    assert outcome.out.splitlines()[-1] == (
        "Written: page/validation.html, page/validation.md, page/validation.json, own.csv"
    )
    assert (folder / "page/validation.json").read_bytes() == (folder / "1.json").read_bytes()
    (folder / "own.csv").unlink()
    memprof("render", "page/validation.json", "--format", "html,csv", "--output", "again", cwd=folder)
    assert (folder / "again/validation.html").read_bytes() == (folder / "page/validation.html").read_bytes()
    assert (folder / "again/validation.csv").read_bytes() == (folder / "out/1.csv").read_bytes()


def test_text_says_rows_errors_and_what_was_skipped(folder: Path):
    outcome = memprof("validate", "rows.csv", "--jobs", "1", cwd=folder, COLUMNS="80")
    found = " ".join(outcome.out.split())

    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines()[:-1])) <= 80
    assert "2 of 7 rows predicted" in found
    assert "Columns that memprof does not read: comment." in found
    assert "How far off: me on a100-sxm4-40gb" in found
    assert "How far off: me on h100-sxm5-80gb" in found
    assert "Skipped: 5 rows" in found
    assert "4 resnet18 unknown device 'nowhere'" in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{COLUMNS}\n{line(phase='x')}\n".encode(), "nothing in f.csv can be predicted: line 2: phase 'x'"),
        (f"{COLUMNS}\n".encode(), "f.csv holds no measurement"),
        (b"", "f.csv is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a\0b", "NUL bytes"),
        (b"a,b\n1,2\n", "lacks the columns device, dtype, layout, batch, resolution, phase, model, images_per_second"),
    ],
)
def test_nothing_to_predict_is_an_error_and_writes_nothing(content: bytes, message: str, tmp_path: Path):
    (tmp_path / "f.csv").write_bytes(content)
    outcome = memprof("validate", "f.csv", "--csv", "out.csv", cwd=tmp_path)

    assert message in outcome.error
    assert os.listdir(tmp_path) == ["f.csv"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.csv",), "cannot read none.csv: No such file or directory"),
        ((".",), "cannot read .: Is a directory"),
        (("f.csv", "--kernels", "f.csv"), "give FILE.csv or --kernels FILE, not both"),
        (("f.csv", "--csv", "f.csv"), "must be different files"),
        (("f.csv", "--plot", "out.gif"), "out.gif must end in .png"),
        (("f.csv", "--input", "2x3x8x8"), "--input goes with --trace"),
        (("f.csv", "--plot", "folder.png"), "is a directory"),
        (("f.csv", "--csv", "f.csv/out.csv"), "f.csv is not a folder; name another file with --csv"),
        (("f.csv", "--jobs", "0"), "0 is not in the range"),
        (("--kernels", "f.csv"), "f.csv is no file of kernels"),
        (("f.csv", "--trace", "t.json"), "give FILE.csv or --trace FILE, not both"),
        (("f.csv", "--batch-size", "2"), "--batch-size goes with --trace"),
        (("--trace", "t.json"), "t.json does not say which model it is of; name it with --model"),
        (("--trace", "t.json", "--model", "resnet51"), "unknown model 'resnet51'; did you mean resnet50"),
        (("--trace", "t.json", "--model", "resnet50"), "cannot read t.json: No such file or directory"),
        (("--trace", "t.json", "--model", "resnet50", "--device", "a1000"), "unknown device 'a1000'"),
    ],
    ids=" ".join,
)
def test_mistakes_are_told_before_anything_is_analysed(arguments: tuple[str, ...], message: str, tmp_path: Path):
    (tmp_path / "f.csv").write_text(f"{COLUMNS}\n{GOOD}\n", encoding="utf-8")
    (tmp_path / "folder.png").mkdir()
    # A torch that cannot be imported would turn up in the message.
    (tmp_path / "torch.py").write_text("raise RuntimeError('torch was imported')\n", encoding="utf-8")
    outcome = memprof("validate", *arguments, cwd=tmp_path, PYTHONPATH=str(tmp_path))

    assert message in outcome.error


def test_kernels(tmp_path: Path):
    rows = [neusight(name) for name in ("add", "ln", "softmax", "linear", "nothing")]
    (tmp_path / "kernels.csv").write_text("\n".join([NEUSIGHT, *rows, ""]), encoding="utf-8")
    text = memprof("validate", "--kernels", "kernels.csv", "--csv", "out.csv", "--plot", "out.png", cwd=tmp_path)
    found = memprof("validate", "--kernels", "kernels.csv", "--json", cwd=tmp_path)

    assert (text.code, text.err, found.code, found.err) == (0, "", 0, "")
    assert "4 of 5 rows predicted" in text.out
    assert "Written: out.csv, out.png" in text.out
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    rows_of_json = json.loads(found.out)["rows"]
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows_of_csv = list(csv.DictReader(file))
    assert [float(row["ratio"]) for row in rows_of_csv[:4]] == [row["ratio"] for row in rows_of_json[:4]]


def test_a_trace(tmp_path: Path):
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    two_layers(tmp_path, shapes=False)
    arguments = ("validate", "--trace", "trace.json", "--model", "net.py:build", "--batch-size", "2")
    said = ("--resolution", "6", "--precision", "fp32")
    text = memprof(*arguments, *said, "--csv", "out.csv", "--plot", "out.png", cwd=tmp_path)
    found = memprof(*arguments, *said, "--json", cwd=tmp_path)

    assert (text.code, text.err, found.code, found.err) == (0, "", 0, "")
    assert "net.py:build layer by layer, against trace.json" in text.out
    assert "Written: out.csv, out.png" in text.out
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("\n") == 1 + 2
    assert [case["measured_seconds"] for case in json.loads(found.out)["cases"]] == [
        pytest.approx(2 * 3e-6),
        pytest.approx(2e-6),
    ]
    assert "say it with --precision" in memprof(*arguments, cwd=tmp_path).error


def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path):
    """The signal goes to every process of the terminal, as Ctrl-C does."""
    process = subprocess.Popen(
        [*MEMPROF, "validate", "--jobs", "2", "--csv", "out.csv"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)

    assert Outcome(process.returncode, out, err).error == "error: interrupted; no file was left half-written"
    assert os.listdir(tmp_path) == []
