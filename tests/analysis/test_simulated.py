"""The whole pipeline through memprof.analyze: its JSON contract, published figures, laws that every report obeys."""

from __future__ import annotations

import json
from functools import cache

import pytest
from torch import nn

from memprof import analyze
from memprof.analysis.assembly import CONTEXT_BYTES
from memprof.errors import DeviceError, ModelError, WorkloadError
from memprof.report.record import OperatorRow, Report
from memprof.tensors.precision import PRECISIONS
from tests.models.published_figures import MILLIONS_AND_GIGAS

SMALL = {"batch_size": 4, "resolution": 64}
run = cache(analyze)


@cache
def small(model="inceptionnext_atto", **settings):
    return analyze(model, **{**SMALL, **settings})


@pytest.mark.parametrize("name", MILLIONS_AND_GIGAS)
def test_parameters_and_multiply_adds_are_the_published_ones(name):
    """To one percent, at the model's own resolution."""
    totals = run(name, batch_size=2).totals
    millions, gigas = MILLIONS_AND_GIGAS[name]
    assert totals.parameters / 1e6 == pytest.approx(millions, rel=0.01)
    assert totals.macs_per_image / 1e9 == pytest.approx(gigas, rel=0.01)


def test_defaults():
    report = run("inceptionnext_t")
    workload = {
        "model": "inceptionnext_t",
        "batch_size": 128,
        "resolution": 224,
        "phase": "infer",
        "precision": "tf32",
        "layout": "channels-last",
        "stack": "",
        "inputs": "",
        "optimizer": "sgd",
    }
    assert json.loads(report.to_json())["workload"] == workload
    assert report.device.name == "a100-sxm4-40gb"


def test_a_model_made_for_384_pixels_is_given_384():
    assert run("inceptionnext_b_384", batch_size=2).workload.resolution == 384


def test_an_alias_is_the_same_workload():
    assert run("inception_next_tiny", **SMALL) == run("inceptionnext_tiny", **SMALL) == run("inceptionnext_t", **SMALL)


def test_without_tf32_the_default_is_fp32():
    report = small(device="v100-sxm2-32gb")
    assert report.workload.precision == "fp32"
    assert "tensor" not in report.device.peak_flops_per_second


NUMBER = (int, float)
NOTHING = type(None)
"""What an analysis leaves out, because nothing was measured."""
HOST_TIMES = ["operator", "cast", "view", "backward", "module", "launch"]
CONTRACT = {
    "schema": str,
    "workload": {
        **dict.fromkeys(["model", "batch_size", "resolution", "phase", "precision", "layout"], str),
        **dict.fromkeys(["batch_size", "resolution"], int),
        **dict.fromkeys(["stack", "inputs", "optimizer"], str),
    },
    "device": {
        "name": str,
        "title": str,
        "memory_bytes_per_second": dict,
        "peak_flops_per_second": dict,
        "memory_capacity_bytes": NUMBER,
        "achievable": dict,
        "kind": str,
        "host": {"name": str, "title": str, **dict.fromkeys([f"seconds_per_{what}" for what in HOST_TIMES], NUMBER)},
        "compared": str,
        "maker": str,
    },
    "totals": {
        "parameters": int,
        "macs_per_image": NUMBER,
        "flops": NUMBER,
        "dram_bytes": NUMBER,
        "l2_bytes": NUMBER,
        "l1_bytes": NUMBER,
        "launches": int,
        "seconds": NUMBER,
        "images_per_second": NUMBER,
        "roofline_seconds": NUMBER,
        "roofline_images_per_second": NUMBER,
        "host_seconds": NUMBER,
        "measured_seconds": NOTHING,
        "relative_error": (int, float, NOTHING),
    },
    "memory": {
        **dict.fromkeys(["peak_bytes", "parameters_bytes", "gradients_bytes", "optimizer_bytes"], NUMBER),
        "activations_bytes": NUMBER,
        "fits": bool,
        "course": list,
    },
    "operators": list,
    "coverage": {"calls": NUMBER, "bytes": NUMBER, "free_calls": int, "unknown": list},
    "warnings": list,
    "environment": dict,
    "measured": NOTHING,
    "telemetry": NOTHING,
}
ROW_CONTRACT = {
    "name": str,
    "kind": str,
    "module": str,
    "phase": str,
    "input_shapes": list,
    "dtype": str,
    "calls": int,
    "flops": NUMBER,
    "dram_bytes": NUMBER,
    "l2_bytes": NUMBER,
    "l1_bytes": NUMBER,
    "intensity_dram": (int, float, type(None)),
    "intensity_l2": (int, float, type(None)),
    "intensity_l1": (int, float, type(None)),
    "engine": str,
    "bound": str,
    "attainable_flops_per_second": NUMBER,
    "launches": int,
    "seconds": NUMBER,
    "roofline_seconds": NUMBER,
    "measured_seconds": NOTHING,
    "percent_of_roof": NOTHING,
    "kernels": list,
    "counted_dram_bytes": NOTHING,
    "counted_l2_bytes": NOTHING,
    "counted_l1_bytes": NOTHING,
    "inferred": str,
    "input_layouts": list,
    "relative_error": (int, float, type(None)),
}


def check(value, contract):
    if not isinstance(contract, dict):
        assert isinstance(value, contract)
        return
    assert list(value) == list(contract)
    for key, part in contract.items():
        check(value[key], part)


def test_the_json_is_the_contract():
    value = json.loads(small(phase="train").to_json())
    check(value, CONTRACT)
    assert value["schema"] == "memprof.report/3"
    assert value["operators"]
    for row in value["operators"]:
        check(row, ROW_CONTRACT)
        assert all(isinstance(size, int) for shape in row["input_shapes"] for size in shape)
    assert all(isinstance(text, str) for text in value["environment"].values())


REPORTS = [
    {},
    {"phase": "train"},
    {"model": "convnext_atto", "layout": "channels-first"},
    {"model": "resnet18", "phase": "train", "precision": "amp-fp16"},
    {"model": "convnext_atto", "phase": "train", "precision": "bf16", "device": "h100-sxm"},
    {"model": "resnet18", "precision": "fp32", "device": "rtx-2080-ti"},
]


@pytest.fixture(params=REPORTS, ids=lambda settings: " ".join(map(str, settings.values())) or "default")
def report(request):
    return small(**request.param)


def test_json_and_back(report):
    assert Report.from_json(report.to_json()) == report


def test_a_table_has_the_reports_columns_and_sums(report):
    table = report.to_pandas()
    assert list(table.columns) == list(OperatorRow.__dataclass_fields__)
    assert table["seconds"].sum() == pytest.approx(report.totals.seconds)


@pytest.mark.parametrize(
    "quantity", ["flops", "dram_bytes", "l2_bytes", "l1_bytes", "launches", "seconds", "roofline_seconds"]
)
def test_operators_sum_to_the_totals(report, quantity):
    total = sum(getattr(row, quantity) for row in report.operators)
    assert total == pytest.approx(getattr(report.totals, quantity), rel=1e-12)


def test_no_operator_is_faster_than_any_ceiling_allows(report):
    """Of what a launch reads L2 may hold its capacity already, and of what it writes it may keep as much."""
    bandwidths, peaks = report.device.memory_bytes_per_second, report.device.peak_flops_per_second
    held = 2 * report.device.achievable["l2_capacity_bytes"]
    for row in report.operators:
        missed = max(0, row.dram_bytes - held * row.launches)
        moved = {"dram": missed, "l2": row.l2_bytes, "l1": row.l1_bytes}
        least = [moved[level] / bandwidth for level, bandwidth in bandwidths.items()]
        assert row.roofline_seconds >= max(least, default=0) * (1 - 1e-12)
        assert row.roofline_seconds >= row.flops / max(peaks.values()) * (1 - 1e-12)
        assert row.attainable_flops_per_second <= max(peaks.values()) * (1 + 1e-12)


def test_what_l2_cannot_hold_takes_its_time_at_dram():
    """ConvNeXt-T's first GELU: 128 images of 56 x 56 x 384 numbers, read and written, of which 40 MiB each may stay."""
    gelu = next(row for row in run("convnext_t").operators if row.name == "aten::gelu")
    tensor = 128 * 56 * 56 * 384 * 4
    assert gelu.dram_bytes == 2 * tensor
    assert gelu.roofline_seconds == pytest.approx(2 * (tensor - 40 * 2**20) / 1555.2e9)


def test_no_prediction_is_faster_than_the_bound_or_the_host(report):
    assert all(row.seconds >= row.roofline_seconds * (1 - 1e-12) for row in report.operators)
    assert report.totals.seconds >= report.totals.host_seconds * (1 - 1e-12)


def test_the_parts_of_the_memory_sum_to_the_peak(report):
    memory = report.memory
    parts = memory.parameters_bytes, memory.gradients_bytes, memory.optimizer_bytes, memory.activations_bytes
    assert min(parts) >= 0
    assert sum(parts) == memory.peak_bytes
    assert memory.fits is (memory.peak_bytes + CONTEXT_BYTES <= report.device.memory_capacity_bytes)


def test_rows_are_consistent(report):
    totals, batch = report.totals, report.workload.batch_size
    assert totals.images_per_second == batch / totals.seconds
    assert totals.roofline_images_per_second == batch / totals.roofline_seconds
    for row in report.operators:
        assert row.calls >= 1
        assert row.seconds > 0
        ceilings = (*report.device.memory_bytes_per_second, *report.device.peak_flops_per_second)
        assert row.bound in (*ceilings, "issue", "latency", "launch", "host")
        assert row.launches >= row.calls
        assert row.attainable_flops_per_second == pytest.approx(row.flops / row.roofline_seconds)
        assert row.engine in report.device.peak_flops_per_second
        assert row.phase in ("forward", "backward", "optimizer")
        if row.dram_bytes:
            assert row.intensity_dram == row.flops / row.dram_bytes
        if row.kind == "depthwise convolution":
            assert row.engine in ("fp32", "fp16")


@pytest.mark.parametrize("model", ["resnet18", "convnext_atto", "inceptionnext_atto"])
def test_doubling_the_batch_doubles_the_work_but_not_the_weights(model):
    two, four, eight = (small(model, batch_size=size).totals for size in (2, 4, 8))
    assert four.flops == 2 * two.flops
    assert four.macs_per_image == two.macs_per_image
    assert two.dram_bytes < four.dram_bytes < 2 * two.dram_bytes
    # What grows is activations: as much again for every image.
    assert eight.dram_bytes - four.dram_bytes == pytest.approx(2 * (four.dram_bytes - two.dram_bytes), rel=0.02)
    weights = 2 * two.dram_bytes - four.dram_bytes
    assert weights >= 4 * two.parameters * 0.99


@pytest.mark.parametrize("model", ["resnet18", "convnext_atto", "inceptionnext_atto"])
def test_training_does_what_inference_does_and_about_twice_that_again(model):
    infer, train = small(model).totals, small(model, phase="train").totals
    assert 2.5 * infer.flops < train.flops < 4 * infer.flops
    assert train.dram_bytes > 2 * infer.dram_bytes
    assert train.roofline_seconds > 2 * infer.roofline_seconds
    assert train.seconds > infer.seconds
    assert (train.parameters, train.macs_per_image) == (infer.parameters, infer.macs_per_image)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision(precision):
    report = small(precision=precision)
    assert report.workload.precision == precision
    assert report.totals.macs_per_image == small().totals.macs_per_image
    dtypes = {row.dtype for row in report.operators if row.kind == "convolution"}
    low = {"amp-fp16": "float16", "fp16": "float16", "amp-bf16": "bfloat16", "bf16": "bfloat16"}
    assert dtypes == {low.get(precision, "float32")}


def test_half_storage_moves_about_half_the_bytes():
    full, half = small(precision="fp32").totals, small(precision="fp16").totals
    assert half.dram_bytes == pytest.approx(full.dram_bytes / 2, rel=0.05)


def test_tensor_cores_only_help():
    """Channels-last, where cuDNN converts nothing for them; small tiles may cost a thousandth more."""
    tf32, fp32 = (small(precision=name, layout="channels-last").totals for name in ("tf32", "fp32"))
    assert tf32.roofline_seconds <= fp32.roofline_seconds
    assert tf32.seconds <= 1.001 * fp32.seconds


def test_permuting_channels_first_tensors_for_layer_norm_costs_copies():
    """Of the stem's and nobody else's tensor: layer norm's row-major result, permuted back, is channels-last."""
    layouts = ("channels-last", "channels-first")
    last, first = (small("convnext_t", batch_size=64, layout=layout).totals for layout in layouts)
    assert first.macs_per_image == last.macs_per_image
    stem = 4 * 64 * 96 * 16 * 16  # float32, 64 images of 96 channels of 16 x 16 pixels
    assert first.dram_bytes >= last.dram_bytes + 2 * stem
    assert first.dram_bytes < 1.05 * last.dram_bytes


def test_two_runs_give_the_same_json():
    settings = {**SMALL, "phase": "train", "precision": "amp-fp16"}
    assert analyze("inceptionnext_atto", **settings).to_json() == analyze("inceptionnext_atto", **settings).to_json()


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_a_huge_batch_has_the_operators_of_a_single_image(phase):
    one, many = (analyze("resnet18", batch_size=size, phase=phase) for size in (1, 4096))
    count = [sum(row.calls for row in report.operators) for report in (one, many)]
    assert count[0] == count[1]
    assert many.totals.macs_per_image == one.totals.macs_per_image


def test_depthwise_layers_of_convnext_take_more_time_than_their_share_of_flops():
    """The leading question of DESIGN.md: 7x7 depthwise convolutions, few FLOPs, many instructions."""
    report = run("convnext_t")
    depthwise = [row for row in report.operators if row.kind == "depthwise convolution"]
    share_of_flops = sum(row.flops for row in depthwise) / report.totals.flops
    share_of_time = sum(row.seconds for row in depthwise) / report.totals.seconds
    assert share_of_flops < 0.03
    assert share_of_time > 5 * share_of_flops
    inside = [row for row in depthwise if row.bound in ("l1", "issue")]
    assert sum(row.seconds for row in inside) > 0.9 * sum(row.seconds for row in depthwise)
    assert all(row.seconds > 2 * row.dram_bytes / 1555.2e9 for row in depthwise)


def head():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 10, bias=False))


partial_head = lambda: head()  # noqa: E731, PLW0108


class Builder:
    def __call__(self):
        return head()


@pytest.mark.parametrize(("build", "name"), [(head, "head"), (Builder(), "Builder"), (partial_head, "<lambda>")])
def test_a_function_that_builds_a_model(build, name):
    """Two images of 48 numbers times 48 x 10 weights."""
    report = analyze(build, batch_size=2, resolution=4, layout="channels-first")
    assert report.workload.model == f"{__name__}:{name}"
    assert report.totals.parameters == 480
    assert report.totals.flops == 2 * 2 * 48 * 10
    assert report.totals.dram_bytes == 4 * (2 * 48 + 48 * 10 + 2 * 10)
    (row,) = report.operators
    assert (row.name, row.module, row.calls) == ("aten::mm", "1", 1)


@pytest.mark.parametrize(
    ("model", "settings", "error", "words"),
    [
        (7, {}, ModelError, "int"),
        (lambda: 7, {}, ModelError, "not a torch.nn.Module"),
        ("resnet5", {}, ModelError, "resnet50"),
        ("inceptionnext_t:kernel=3", {}, ModelError, "band_kernel"),
        ("resnet18", {"device": "a10000"}, DeviceError, "a100"),
        ("resnet18", {"precision": "fp8"}, WorkloadError, "fp8"),
        ("resnet18", {"device": "v100-sxm2-32gb", "precision": "tf32"}, DeviceError, "fp32"),
        ("resnet18", {"layout": "nhwc"}, WorkloadError, "channels-last"),
        ("resnet18", {"phase": "training"}, WorkloadError, "train"),
        *[("resnet18", {"batch_size": size}, WorkloadError, "batch size") for size in (0, -1, 10**9, 2.5, True)],
        *[("resnet18", {"resolution": size}, WorkloadError, "resolution") for size in (0, -1, 10**9)],
        ("inceptionnext_t", {"resolution": 8}, ModelError, "does not fit|failed"),
    ],
)
def test_bad_input_is_a_clear_error(model, settings, error, words):
    with pytest.raises(error, match=words):
        analyze(model, **settings)
