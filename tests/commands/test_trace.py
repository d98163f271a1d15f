"""memprof trace through its real entry point: the shared traces, made ones, and files that are none."""

from __future__ import annotations

import csv
import gzip
import json
import math
from pathlib import Path

import pytest

from memprof.report.reading import load_reports
from memprof.report.record import Report
from tests.command_line import Outcome, memprof
from tests.traces.making import kernel, launch, op, text

TRACES = Path(__file__).parents[3] / "shared" / "traces"
WITHOUT_SHAPES = sorted(TRACES.glob("*noshapes*.json.gz"))
WITH_SHAPES = sorted(set(TRACES.glob("*.json.gz")) - set(WITHOUT_SHAPES))
V100 = TRACES / "v100_resnet50_train_fp32_b32_kineto_2021.json.gz"
NAMED = {"deviceProperties": [{"id": 0, "name": "NVIDIA A100-PCIE-40GB"}]}
PRODUCT = op("mm", 0, 50, [64, 32], [32, 16])
shared = pytest.mark.skipif(not TRACES.exists(), reason="the shared traces are not here")


def made(*events: object, **keys: object) -> str:
    return text(PRODUCT, launch(1, 10), kernel(1, 100, 20), *events, **{**NAMED, **keys})


def traced(folder: Path, *arguments: str, content: str = "") -> Outcome:
    (folder / "t.json").write_text(content or made(), encoding="utf-8")
    return memprof("trace", "t.json", *arguments, cwd=folder)


def test_a_larger_limit_is_an_option_that_the_error_names(tmp_path):
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2 * 1024**3 + 1)  # a hole: no disk is used
    done = memprof("trace", "huge.json", cwd=tmp_path)
    assert done.code == 2
    assert "more than 2 GiB of text" in done.err.replace("\n", " ")
    assert "--max-size" in done.err
    (tmp_path / "t.json").write_text(made(), encoding="utf-8")
    assert one(tmp_path, "t.json", "--max-size", "3").operators
    assert memprof("trace", "t.json", "--max-size", "0", cwd=tmp_path).code == 2


def one(folder: Path, *arguments: str) -> Report:
    done = memprof("trace", *arguments, "--json", cwd=folder)
    assert (done.code, done.err) == (0, "")
    (report,) = load_reports(done.out)
    return report


def test_a_trace_becomes_a_report_with_measured_time(tmp_path: Path):
    done = traced(tmp_path)
    assert (done.code, done.err) == (0, "")
    assert sorted(path.name for path in (tmp_path / "memprof-report").iterdir()) == [
        "report.html",
        "report.json",
        "report.png",
    ]
    (report,) = load_reports((tmp_path / "memprof-report" / "report.json").read_text())
    (row,) = report.operators
    assert row.measured_seconds == report.totals.measured_seconds == pytest.approx(20e-6)
    assert row.percent_of_roof == pytest.approx(100 * row.roofline_seconds / 20e-6)
    assert [(item.name, item.calls) for item in row.kernels] == [("gemm", 1)]
    assert "20.0 µs" in done.out
    assert "prediction" in done.out


@pytest.mark.parametrize(("name", "pack"), [("t.json.gz", gzip.compress), ("t.json.zst", None)])
def test_compressed_files_are_the_same_trace(tmp_path: Path, name: str, pack):
    (tmp_path / "t.json").write_text(made())
    if pack is None:
        zstandard = pytest.importorskip("zstandard")
        pack = zstandard.ZstdCompressor().compress
    (tmp_path / name).write_bytes(pack(made().encode()))
    plain, packed = one(tmp_path, "t.json"), one(tmp_path, name)
    assert plain.operators == packed.operators
    assert plain.totals == packed.totals


@pytest.mark.parametrize("width", ["80", "120"])
def test_text_keeps_to_the_terminal(tmp_path: Path, width: str):
    (tmp_path / "t.json").write_text(made())
    done = memprof("trace", "t.json", cwd=tmp_path, COLUMNS=width)
    assert max(map(len, done.out.splitlines()[:-1])) <= int(width)  # the last line names the files


def test_a_step_or_a_stretch_is_selected(tmp_path: Path):
    step = {"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#3", "pid": 1, "tid": 1, "ts": 0, "dur": 60}
    later = [op("relu", 500, 50, [64, 32]), launch(2, 510), kernel(2, 600, 7, name="relu")]
    content = made(step, {**step, "name": "ProfilerStep#4", "ts": 480, "dur": 100}, *later)
    (tmp_path / "t.json").write_text(content)
    assert {row.name for row in one(tmp_path, "t.json").operators} == {"aten::mm", "aten::relu"}
    assert {row.name for row in one(tmp_path, "t.json", "--step", "4").operators} == {"aten::relu"}
    assert {row.name for row in one(tmp_path, "t.json", "--to", "0.0004").operators} == {"aten::mm"}
    error = traced(tmp_path, "--step", "9", content=content).error
    assert "3" in error
    assert "4" in error


def test_ranks_stand_side_by_side_with_their_spread(tmp_path: Path):
    for rank, duration in ((0, 20), (1, 40)):
        content = text(PRODUCT, launch(1, 10), kernel(1, 100, duration), **NAMED, distributedInfo={"rank": rank})
        (tmp_path / f"rank{rank}.json").write_text(content)
    done = memprof("trace", "rank0.json", "rank1.json", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "By rank" in done.out
    assert "How far the ranks lie apart" in done.out
    with (tmp_path / "memprof-report" / "ranks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["rank"], float(row["kernel_seconds"])) for row in rows] == [
        ("0", pytest.approx(20e-6)),
        ("1", pytest.approx(40e-6)),
    ]
    chosen = one(tmp_path, "rank0.json", "rank1.json", "--rank", "1")
    assert chosen.totals.measured_seconds == pytest.approx(40e-6)
    assert (
        "the files are of ranks 0, 1" in memprof("trace", "rank0.json", "rank1.json", "--rank", "5", cwd=tmp_path).error
    )


def test_counters_stand_beside_modelled_traffic(tmp_path: Path):
    counted = {"dram__bytes.sum": 10, "lts__t_bytes.sum": 30, "l1tex__t_bytes.sum": 50}
    lines = ['"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"']
    lines += [f'"0","gemm","{name}","Kbyte","{value}"' for name, value in counted.items()]
    (tmp_path / "ncu.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "t.json").write_text(made())
    (row,) = one(tmp_path, "t.json", "--counters", "ncu.csv").operators
    assert (row.counted_dram_bytes, row.counted_l2_bytes, row.counted_l1_bytes) == (10e3, 30e3, 50e3)
    (tmp_path / "ncu.csv").write_text("\n".join(lines).replace("gemm", "another") + "\n")
    done = memprof("trace", "t.json", "--counters", "ncu.csv", cwd=tmp_path)
    assert "another run" in done.error
    assert not (tmp_path / "memprof-report").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("this is text", "not"),
        ('{"traceEvents": 5}', "traceEvents"),
        ('{"schema": "memprof.report/3"}', "is a report of memprof"),
        ("{}", "traceEvents"),
        (made(deviceProperties=[]), "--device"),
        (made(deviceProperties=[{"id": 0, "name": "GeForce 9999"}]), "GeForce 9999"),
        (text(PRODUCT), "--device"),
    ],
)
def test_what_is_no_trace_or_names_no_device_is_told_in_one_line(tmp_path: Path, content: str, words: str):
    (tmp_path / "t.json").write_text(content)
    done = memprof("trace", "t.json", cwd=tmp_path)
    assert words in done.error
    assert not (tmp_path / "memprof-report").exists()


def test_a_trace_of_kernels_only_gives_its_time_line_kernels_and_idle_time(tmp_path: Path):
    content = text(launch(1, 10), kernel(1, 100, 20), kernel(2, 150, 30), kernel(2, 190, 10, name="node"), **NAMED)
    done = traced(tmp_path, "--format", "html,png,md,csv,json", content=content)
    assert (done.code, done.err) == (0, "")
    # From 100 to 200 us; 20 + 30 + 10 us of kernels.
    assert "the device was idle for 40 % of it" in done.out
    assert "launched by a CUDA graph outside every operator" in done.out
    assert "workload not known" in done.out
    assert "By kind of operator" not in done.out
    assert "fp32" not in done.out
    (report,) = load_reports((tmp_path / "memprof-report" / "report.json").read_text())
    assert report.measured is not None
    assert report.measured.stray_seconds == pytest.approx(60e-6)
    page = (tmp_path / "memprof-report" / "report.html").read_text()
    assert "No operator was recorded with shapes: there is nothing to hold against a roof" in page
    assert "<svg" not in page.partition("<h2>Roofline</h2>")[2].partition("</section>")[0]
    error = memprof("trace", "t.json", "--model", "resnet50", cwd=tmp_path).error
    assert "t holds no operators with recorded shapes to line up with a model; record it with activities" in error


def test_against_another_trace_tells_what_changed(tmp_path: Path):
    other = text(PRODUCT, launch(1, 10), kernel(1, 100, 50), **NAMED)
    (tmp_path / "other.json").write_text(other, encoding="utf-8")
    done = traced(tmp_path, "--against", "other.json", "--format", "json,csv,md,png")
    assert (done.code, done.err) == (0, "")
    assert "t took 20.0 µs a step, other 50.0 µs: 30.0 µs less, 0.40x the time." in done.out
    names = sorted(path.name for path in (tmp_path / "memprof-report").iterdir())
    assert names == ["difference.csv", "difference.json", "difference.md"]
    printed = json.loads(traced(tmp_path, "--against", "other.json", "--json").out)
    assert printed == json.loads((tmp_path / "memprof-report" / "difference.json").read_text())
    assert printed["difference_seconds"] == pytest.approx(-30e-6)
    error = memprof("trace", "t.json", "--against", "other.json", "--format", "png", cwd=tmp_path).error
    assert "memprof trace --against writes no 'png'" in error


def test_the_device_of_another_gpu_scales_times_to_it(tmp_path: Path):
    done = traced(tmp_path, "--device", "h100")
    assert (done.code, done.err) == (0, "")
    assert done.out.count("scaled from measured times on NVIDIA A100 PCIe 40 GB by predicted ratios: a predict") >= 1
    assert "--model" in memprof("trace", "t.json", "--device", "h100", "--model", "resnet50", cwd=tmp_path).error
    assert "Measured" in traced(tmp_path, "--device", "h100", content=made(deviceProperties=[])).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("t.json", "--against", "t.json", "--model", "resnet50"), "--against goes with one trace, not with --model"),
        (("t.json", "--against", "missing.json"), "missing.json"),
        (("missing.json",), "missing.json"),
        (("t.json", "t.json"), "given twice"),
        (("t.json", "--device", "nothing"), "unknown device 'nothing'"),
        (("t.json", "--model", "resnet5"), "resnet5"),
        (("t.json", "--model", "resnet50"), "no operator of t has the shapes that resnet50 has"),
        (("t.json", "--step", "1", "--from", "0.1"), "give --step, or --from and --to"),
        (("t.json", "--counters", "missing.csv"), "missing.csv"),
        ((), "Missing argument"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str):
    (tmp_path / "t.json").write_text(made())
    assert words.lower() in memprof("trace", *arguments, cwd=tmp_path).error.lower()
    assert not (tmp_path / "memprof-report").exists()


def test_a_truncated_gzip_is_told(tmp_path: Path):
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(made().encode())[:-12])
    assert "t.json.gz" in memprof("trace", "t.json.gz", cwd=tmp_path).error


@shared
@pytest.mark.parametrize("path", WITH_SHAPES, ids=lambda path: path.name.partition(".")[0])
def test_on_each_shared_trace_kernel_time_is_exact_and_has_shapes(tmp_path: Path, path: Path):
    with gzip.open(path) as file:
        events = json.load(file)["traceEvents"]
    microseconds = [event["dur"] for event in events if str(event.get("cat")).lower() == "kernel"]
    report = one(tmp_path, str(path))
    assert report.measured is not None
    assert report.measured.device_time is not None
    time = report.measured.device_time
    assert time.kernel_seconds + time.communication_seconds == pytest.approx(math.fsum(microseconds) * 1e-6, rel=1e-12)
    assert report.measured.attributed_share >= 0.97
    operators = sum(row.measured_seconds or 0 for row in report.operators)
    strays = sum(stray.seconds for stray in report.measured.strays)
    everything = time.kernel_seconds + time.communication_seconds + time.copy_seconds + time.fill_seconds
    assert operators + strays == pytest.approx(everything, rel=1e-9)


@shared
def test_a_shared_trace_without_shapes_tells_where_the_devices_time_went(tmp_path: Path):
    for path in WITHOUT_SHAPES:  # it was recorded on an A100-PG509-200, which is known
        report = one(tmp_path, str(path))
        assert report.operators == ()
        assert report.device.name == "a100-sxm4-40gb"
        assert report.measured is not None
        assert report.measured.device_time is not None
        assert {stray.reason.partition(":")[0] for stray in report.measured.strays[:1]} == {
            "the operator that launched it has no recorded shapes"
        }
        assert "no-shapes" in {warning.code for warning in report.warnings}
        error = memprof("trace", str(path), "--model", "resnet50", cwd=tmp_path).error
        assert "no operators with recorded shapes to line up" in error
        assert "memprof validate --trace" in error


@shared
def test_the_v100_trace_is_lined_up_with_resnet50(tmp_path: Path):
    options = ("--model", "resnet50", "--batch-size", "32", "--phase", "train", "--format", "csv")
    done = memprof("trace", str(V100), *options, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Measured beside the simulation of resnet50, per step" in done.out
    with (tmp_path / "memprof-report" / "alignment.csv").open() as file:
        rows = list(csv.DictReader(file))
    both = [row for row in rows if float(row["measured_calls"]) and float(row["simulated_calls"])]
    measured = sum(float(row["measured_seconds"] or 0) for row in rows)
    assert sum(float(row["measured_seconds"]) for row in both) > 0.95 * measured
    convolutions = [row for row in both if row["operator"].startswith("convolution")]
    assert sum(float(row["simulated_calls"]) for row in convolutions) == 2 * 53  # of ResNet-50, forward and backward
    assert all(float(row["measured_calls"]) == float(row["simulated_calls"]) for row in convolutions)
    report = one(tmp_path, str(V100))
    assert report.measured is not None
    assert (report.measured.steps, report.workload.batch_size, report.workload.resolution) == (6, 32, 224)
    assert all(row.inferred for row in report.operators if "convolution" in row.name)
    # 4.089 GMACs an image is torchvision's ResNet-50, so the inferred strides are right
    assert report.totals.macs_per_image == pytest.approx(4.089e9, rel=0.001)
