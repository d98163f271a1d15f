"""`memprof calibrate`: for real in a second, and by a made-up machine where something has to go wrong."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest

from memprof import devices
from memprof.calibration import session
from memprof.calibration.bench import Bench
from memprof.calibration.records import Probe
from memprof.calibration.session import calibrate_bench
from memprof.cli import main
from memprof.commands.calibration_text import render
from memprof.devices.files import REQUIRED
from tests.calibration.fakes import FakeClock, arithmetic, bandwidth, bench, group
from tests.command_line import memprof

LEVELS = ("dram_bytes_per_second", "l1_bytes_per_second")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calibrate for real, if hastily, and return the user data folder with the device."""
    folder = tmp_path_factory.mktemp("data")
    result = memprof("calibrate", "--seconds", "1", "--json", cwd=folder, XDG_DATA_HOME=str(folder))
    assert (result.code, result.err) == (0, "")
    saved = folder / "memprof" / "host.json"
    assert json.loads(result.out) == json.loads(saved.read_text(encoding="utf-8"))
    assert os.listdir(folder / "memprof") == ["host.json"]
    return folder


def test_a_real_calibration_is_a_device_with_sound_figures(measured: Path) -> None:
    device = devices.get(measured / "memprof" / "host.json")
    assert (device.name, device.architecture) == ("host", "CPU")
    assert device.title.strip()
    measured_keys = {key for key in device.figures if key.endswith("_per_second")}
    assert {*REQUIRED, *LEVELS, "elementwise_flops_per_second"} <= measured_keys
    for key in measured_keys:
        by, how = device.figures[key].sources
        assert by.startswith("measured by memprof calibrate on 2")
        assert "with torch " in by
        assert " thread" in by
        assert "best of " in how or "one run" in how
        assert "spread " in how
        assert 1e6 < device.figure(key) < 1e17
    assert device.figure("core_count") >= 1
    assert device.figure("thread_count") >= 1
    assert device.figure("dram_capacity_bytes") > 1e8
    assert device.figure("fp32_flops_per_second") >= device.figure("elementwise_flops_per_second")


def test_the_device_is_shown_and_used_by_its_name(measured: Path) -> None:
    data = {"XDG_DATA_HOME": str(measured)}
    shown = memprof("devices", "host", cwd=measured, **data)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == memprof("devices", "show", "host", cwd=measured, **data).out
    assert "measured by memprof calibrate" in shown.out
    assert "CUDA" not in shown.out
    assert "tensor-core" not in shown.out
    assert "--constants" not in shown.out
    workload = ("--model", "resnet18", "--batch-size", "1", "--resolution", "64")
    report = memprof("roofline", "--device", "host", *workload, "--json", cwd=measured, **data)
    assert report.code == 0
    device = json.loads(report.out)["device"]
    assert (device["name"], device["kind"]) == ("host", "cpu")
    assert set(device["memory_bytes_per_second"]) <= {"dram", "l2", "l1"}


def test_without_a_calibration_there_is_no_host(tmp_path: Path) -> None:
    said = "error: this machine has not been measured yet; run `memprof calibrate` (one minute)"
    data = {"XDG_DATA_HOME": str(tmp_path / "empty")}
    assert memprof("devices", "host", cwd=tmp_path, **data).error == said
    assert memprof("roofline", "--model", "resnet18", "--device", "host", cwd=tmp_path, **data).error == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--output host.txt", "must end in .json"),
        ("--output occupied/host.json", "occupied is not a folder; name another file with --output"),
        ("--output /proc/memprof/host.json", "cannot write into /proc/memprof"),
        ("--seconds 0", "'--seconds'"),
        ("--seconds 600", "'--seconds'"),
        ("--device tpu", "'tpu' is not one of 'cpu', 'cuda'"),
    ],
)
def test_mistakes_are_told_before_a_minute_is_spent(arguments: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file", encoding="utf-8")
    assert said in memprof("calibrate", *arguments.split(), cwd=tmp_path).error
    assert os.listdir(tmp_path) == ["occupied"]


def test_without_a_gpu_cuda_is_an_error(tmp_path: Path) -> None:
    data = {"XDG_DATA_HOME": str(tmp_path), "CUDA_VISIBLE_DEVICES": ""}
    assert "there is no CUDA device here" in memprof("calibrate", "--device", "cuda", cwd=tmp_path, **data).error
    assert os.listdir(tmp_path) == []


def made(monkeypatch: pytest.MonkeyPatch, found: Bench, clock: FakeClock) -> None:
    """Let the command measure a made-up machine by its own clock."""
    monkeypatch.setattr(session, "find_bench", lambda device: found)
    monkeypatch.setattr(session.time, "perf_counter", clock.now)


def ending(*arguments: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", *arguments])
    return caught.value.code


def test_the_file_goes_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock()
    made(monkeypatch, bench(clock), clock)
    path = tmp_path / "new folder" / "mine.json"
    assert ending("--output", str(path)) == 0
    assert devices.get(path).figure("dram_bytes_per_second") == 20e9
    out = capsys.readouterr().out
    assert f"Written: {path}" in out
    assert f"Use it: memprof roofline --device '{path}' --model resnet50" in out


def test_an_interrupted_run_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock()
    calls = iter(range(5))

    def interrupted() -> None:
        clock.seconds += 0.1
        if next(calls, None) is None:
            raise KeyboardInterrupt

    groups = [group("DRAM bandwidth", [Probe(bandwidth("dram"), interrupted)])]
    made(monkeypatch, bench(clock, groups), clock)
    path = tmp_path / "host.json"
    path.write_text("of an earlier run", encoding="utf-8")
    assert ending("--output", str(path)) == 2
    assert capsys.readouterr().err == "error: interrupted; no file was left half-written\n"
    assert path.read_text(encoding="utf-8") == "of an earlier run"
    assert ending("--output", str(tmp_path / "new" / "host.json")) == 2
    assert os.listdir(tmp_path) == ["host.json"]


def test_a_machine_that_cannot_be_measured_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise RuntimeError("can't allocate memory: you tried to allocate 9 bytes")

    clock = FakeClock()
    groups = [
        group("DRAM bandwidth", [Probe(bandwidth("dram"), fails)]),
        group("FP32 arithmetic", [clock.probe(arithmetic(), 0.1)]),
    ]
    made(monkeypatch, bench(clock, groups), clock)
    assert ending("--output", str(tmp_path / "host.json")) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: this machine's DRAM bandwidth could not be measured (DRAM bandwidth: copy: can't")
    assert error.count("\n") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("color", [False, True])
def test_the_text_fits_says_what_was_found_and_what_to_beware_of(width: int, color: bool) -> None:
    clock = FakeClock()
    found = calibrate_bench(bench(clock), 10.0, clock.now, lambda what, done: None, 3.0, datetime.date(2031, 2, 3))
    text = render(found, width, color=color)
    plain = render(found, width, color=False)
    assert ("\x1b[" in text) is color
    assert max(map(len, plain.splitlines())) <= width
    rows = {line.split("  ")[0]: line.split() for line in plain.splitlines()}
    assert rows["DRAM bandwidth"][2:4] == ["20", "GB/s"]
    assert rows["FP32 peak"][2:4] == ["100", "GFLOP/s"]
    assert rows["BF16 matrix peak"][3:5] == ["1", "GFLOP/s"]
    words = " ".join(plain.split())
    assert "host: A Processor 4 cores, torch 9.9, 4 threads; measured in 1" in words
    assert "needs 5.00 FLOP for each byte" in words  # 100 GFLOP/s over 20 GB/s
    assert "! The machine was busy before the start: a load average of 3.0 on 4 CPUs" in words
    assert "! BF16 is 100 times slower than FP32 here" in words


def test_the_others_are_in_the_unit_of_the_winner() -> None:
    clock = FakeClock()
    tasks = {"triad": 1 / 20, "read": 1 / 15, "write": 1 / 0.5}
    groups = [
        group("DRAM bandwidth", [clock.probe(bandwidth("dram", name), took) for name, took in tasks.items()]),
        group("FP32 arithmetic", [clock.probe(arithmetic(name=f"matmul of {n}"), 1 / n) for n in (256, 512)]),
    ]
    found = calibrate_bench(
        bench(clock, groups), 100.0, clock.now, lambda what, done: None, None, datetime.date(2031, 2, 3)
    )
    lines = render(found, 120, color=False).splitlines()
    assert next(line for line in lines if line.startswith("DRAM")).endswith("triad       read 15.0, write 0.500")
    assert next(line for line in lines if line.startswith("FP32 peak")).endswith("matmul")


def test_progress_goes_to_its_end_and_names_what_is_measured() -> None:
    clock = FakeClock()
    told: list[tuple[str, float]] = []
    calibrate_bench(
        bench(clock), 10.0, clock.now, lambda what, done: told.append((what, done)), None, datetime.date(2031, 2, 3)
    )
    assert {what for what, _ in told} == {"DRAM bandwidth", "FP32 arithmetic", "L1 bandwidth", "BF16 arithmetic"}
    assert told[0][1] == 0
    assert told[-1][1] > 0.9
