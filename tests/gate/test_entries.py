"""Entries: what the gate keeps of a report, by hand for a network small enough, and the same sums for every other."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from memprof.analysis.simulated import analyze
from memprof.errors import GateError, ModelError
from memprof.gate import entries
from memprof.gate.config import GateConfig
from memprof.gate.metrics import METRICS, SHARES
from memprof.gate.operator_text import modules_text, parse_modules, parse_tensors, tensors_text
from memprof.gate.records import Entry
from memprof.report.record import Report

BATCH, PIXELS, CHANNELS = 4, 16, 8


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, CHANNELS, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList([nn.ReLU() for _ in range(11)])
        self.head = nn.Linear(CHANNELS, 10)

    def forward(self, images):
        images = self.stem(images)
        for block in self.blocks:
            images = block(images)
        return self.head(images.mean((2, 3)))


def test_another_stack_is_another_device_to_a_baseline() -> None:
    prints = {
        stack: entries.collect([analyze(build, batch_size=BATCH, resolution=PIXELS, stack=stack)]).devices
        for stack in ("", "torch 1.13")
    }
    (today,), (old,) = (tuple(item.values()) for item in prints.values())
    assert today != old


def build() -> nn.Module:
    return Net()


def analysed(phase: str = "infer") -> Report:
    return analyze(build, batch_size=BATCH, resolution=PIXELS, phase=phase)


@pytest.fixture(scope="module")
def report() -> Report:
    return analysed()


@pytest.fixture(scope="module")
def entry(report: Report) -> Entry:
    return entries.entry_of(report)


def test_counts_are_those_that_a_reader_finds(entry: Entry):
    outputs = BATCH * CHANNELS * PIXELS * PIXELS
    found = entry.figures
    assert found.parameters == 3 * 3 * 3 * CHANNELS + CHANNELS * 10 + 10
    assert found.macs_per_image == 3 * 3 * 3 * CHANNELS * PIXELS * PIXELS + CHANNELS * 10
    relu = [line for line in entry.operators if line.operator == "aten::relu"]
    assert {(line.calls, line.flops, line.dram_bytes) for line in relu} == {(1, outputs, 2 * 4 * outputs)}
    # They may differ in what bounds them: the first ones wait for the host.
    assert [name for line in relu for name in line.modules] == [f"blocks.{number}" for number in range(11)]
    assert relu[0].layouts == ("channels-last",)
    assert relu[0].shapes == ((BATCH, CHANNELS, PIXELS, PIXELS),)
    assert found.coverage == 1.0
    assert found.images_per_second == pytest.approx(BATCH / found.seconds)


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_the_lines_add_up_to_the_figures(phase: str):
    found = entries.entry_of(analysed(phase))
    for name in ("flops", "dram_bytes", "launches", "seconds"):
        total = sum(getattr(line, name) * len(line.modules) for line in found.operators)
        assert total == pytest.approx(getattr(found.figures, name), rel=1e-5), name
    assert sum(found.figures.bound_shares.values()) == pytest.approx(1)
    assert found.figures.images_per_second == pytest.approx(BATCH / found.figures.seconds)


def test_each_row_is_in_one_line(report: Report, entry: Entry):
    rows = sorted((row.name, row.module, row.input_shapes) for row in report.operators)
    lines = sorted((line.operator, name, line.shapes) for line in entry.operators for name in line.modules)
    assert rows == lines


def test_equal_rows_of_one_module_stay_several(report: Report):
    twice = replace(report, operators=(*report.operators, report.operators[0]))
    rows = [line for line in entries.entry_of(twice).operators if report.operators[0].module in line.modules]
    assert len(rows) == 2


def test_an_update_of_many_parameters_keeps_each_shape_once(report: Report):
    many = replace(
        report.operators[0],
        input_shapes=((3,), (5, 7)) * 9,
        input_layouts=("contiguous", "contiguous") * 9,
    )
    line = entries.entry_of(replace(report, operators=(many,))).operators[0]
    assert line.shapes == ((3,), (5, 7))


def test_counts_are_whole_and_the_rest_has_nine_digits(entry: Entry):
    noisy = replace(entry.figures, l1_bytes=1e12 + 0.3, seconds=1 / 3, coverage=2 / 3)
    found = entries.round_figures(noisy)
    assert (found.l1_bytes, found.seconds, found.coverage) == (1e12, 0.333333333, 0.666666667)
    assert entries.round_figures(found) == found


@pytest.mark.parametrize("name", [name for name in METRICS if name != SHARES])
def test_what_cannot_be_is_no_baseline(report: Report, name: str):
    for value in (math.nan, -1.0):
        bad = {
            "coverage": lambda value: replace(report, coverage=replace(report.coverage, bytes=value)),
            "peak_memory_bytes": lambda value: replace(report, memory=replace(report.memory, peak_bytes=value)),
        }.get(name, lambda value: replace(report, totals=replace(report.totals, **{name: value})))(value)
        if name in ("parameters", "launches") and math.isnan(value):
            continue  # counted, never computed
        with pytest.raises(GateError, match="cannot be gated"):
            entries.collect([bad])


def test_a_step_that_takes_no_time_is_no_baseline(report: Report):
    with pytest.raises(GateError, match="predicted step time cannot be zero"):
        entries.collect([replace(report, totals=replace(report.totals, seconds=0.0))])


def test_a_workload_twice_is_refused(report: Report):
    with pytest.raises(GateError, match="twice"):
        entries.collect([report, report])


def test_a_device_has_another_print_where_a_figure_differs(report: Report):
    first = entries.collect([report]).devices
    slower = replace(report.device, memory_bytes_per_second={**report.device.memory_bytes_per_second, "dram": 1e12})
    assert list(first) == ["a100-sxm4-40gb tf32"]
    assert entries.collect([replace(report, device=slower)]).devices != first
    retitled = replace(report.device, title="another title")
    assert entries.collect([replace(report, device=retitled)]).devices == first


def test_versions_do_not_tell_one_build_from_another():
    assert set(entries.versions()) == {"torch", "fvcore"}
    assert not any("+" in version for version in entries.versions().values())


NET = "from torch import nn\ndef build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 5))\n"


def test_models_are_found_beside_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gated_pkg").mkdir()
    (tmp_path / "gated_pkg" / "nets.py").write_text(NET)
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir("/")
    config = GateConfig(
        tmp_path / "memprof.toml",
        ("net.py:build", "./net.py:build", "gated_pkg.nets:build"),
        phases=("infer",),
        resolutions=(4,),
        batch_sizes=(2,),
        devices=("a100", "t4"),
    )
    planned = entries.jobs(config)
    assert [(job.model, job.number, job.count) for job in planned] == [
        (model, number, 3) for number, model in enumerate(config.models, 1)
    ]
    found = [entries.analyze_job(job, config) for job in planned]
    assert [report.device.name for report in found[0]] == ["a100-sxm4-40gb", "t4"]
    models = [entries.entry_of(reports[0]).workload.model for reports in found]
    assert models == ["net.py:build", "net.py:build", "gated_pkg.nets:build"]
    assert Path.cwd() == Path("/")


def test_a_mistake_in_the_last_model_is_told_first(tmp_path: Path):
    config = GateConfig(tmp_path / "memprof.toml", ("resnet50", "resnet51x"))
    with pytest.raises(ModelError):
        entries.jobs(config)


NAMES = st.lists(
    st.one_of(
        st.from_regex(r"[a-z_]{0,3}(\.(\d{1,2}|[a-z]{1,3}\d?)){0,3}", fullmatch=True),
        st.sampled_from(
            ["", "blocks.0", "blocks.1", "blocks.2", "blocks.09", "a-b", "0-3", "with, comma", "é", "x.1.y"]
        ),
    ),
    min_size=1,
    max_size=12,
)


@given(NAMES)
def test_modules_read_back_from_their_text(modules: list[str]):
    assert parse_modules(modules_text(modules)) == tuple(modules)


def test_modules_that_count_up_are_a_range():
    assert modules_text([f"stages.0.{number}.norm" for number in range(12)]) == "stages.0.0-11.norm"
    assert modules_text(["a.0.x", "a.1.x", "a.3.x", "b.0", "b.1"]) == "a.0-1.x, a.3.x, b.0-1"
    assert modules_text(["a.1", "a.0"]) == "a.1, a.0"
    assert modules_text([""]) == ""


TENSORS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 300), max_size=5).map(tuple),
        st.sampled_from(["channels-last", "channels-first", "contiguous", "strided", "unknown"]),
    ),
    max_size=6,
)


@given(TENSORS, st.sampled_from(["channels-last", "channels-first"]))
def test_tensors_read_back_from_their_text(tensors: list[tuple[tuple[int, ...], str]], usual: str):
    shapes, layouts = tuple(shape for shape, _ in tensors), tuple(layout for _, layout in tensors)
    assert parse_tensors(tensors_text(shapes, layouts, usual), usual) == (shapes, layouts)


def test_a_layout_is_written_only_where_it_surprises():
    shapes = ((128, 96, 56, 56), (96, 1, 7, 7), (96,), (96,), ())
    expected = ("channels-last", "channels-first", "contiguous", "contiguous", "contiguous")
    assert tensors_text(shapes, expected, "channels-last") == "128x96x56x56, 96x1x7x7, 2*96, scalar"
    surprising = ("channels-first", "channels-first", "contiguous", "strided", "contiguous")
    said = tensors_text(shapes, surprising, "channels-last")
    assert said == "128x96x56x56 channels-first, 96x1x7x7, 96, 96 strided, scalar"


@pytest.mark.parametrize("text", ["a.3-1", "a.0-9.1-2", "a b", "a.0-99999999", "a.1-1"])
def test_what_names_no_modules_is_an_error(text: str):
    with pytest.raises(ValueError, match=r"names no modules|is no range"):
        parse_modules(text)


@pytest.mark.parametrize("text", ["x", "3y4", "3x", "3,4", "0*3", "999999999*3", "3 4"])
def test_what_is_no_shape_is_an_error(text: str):
    with pytest.raises(ValueError, match="is no shape"):
        parse_tensors(text, "channels-last")
