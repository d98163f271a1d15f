"""How far predictions are off: every statement of the data, classes of devices, what reports and readers get."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from memprof import devices
from memprof.devices.errors import SCHEMA, NetworkError, OperatorError, device_class, errors, network_error
from memprof.devices.errors import operator_error as of_operator
from memprof.findings import prediction
from memprof.report.digest import digest
from memprof.report.record import Report
from memprof.vocabulary import DeviceClass
from tests.reports.sample import sample

STATEMENTS = (*errors().networks, *errors().operators)


@pytest.mark.parametrize("statement", STATEMENTS, ids=str)
def test_every_statement_is_a_fraction_with_a_source(statement: NetworkError | OperatorError) -> None:
    assert 0 < statement.relative_error < 1
    assert statement.source.strip()
    assert statement.rows is None or statement.rows > 0


def test_the_file_has_its_schema_and_every_pattern_is_of_a_gpu_of_the_catalogue() -> None:
    assert errors().schema == SCHEMA
    for item in errors().compared:
        assert any(
            device.name.startswith(item.name.rstrip("*")) and device.compute_capability == item.capability
            for device in devices.list_devices()
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, DeviceClass.FITTED) for name in ("a100", "v100", "h100", "rtx3090", "rtx5090", "l40s")),
        *((name, DeviceClass.GENERATION) for name in ("h200", "a30", "a10", "rtx4090", "rtx-pro-6000")),
        *((name, DeviceClass.DATASHEET) for name in ("t4", "b200", "mi300x")),
    ],
)
def test_the_class_of_a_device(name: str, expected: DeviceClass) -> None:
    device = devices.get(name)
    assert device_class(device) is expected
    assert devices.ceilings(device, "fp32").compared == expected


def test_a_cpu_has_no_class_and_a_device_of_no_known_generation_only_its_datasheet() -> None:
    device = replace(devices.get("a100"), name="mine")
    assert device_class(replace(device, architecture=devices.CPU)) is None
    assert device_class(device) is DeviceClass.GENERATION
    assert device_class(replace(device, compute_capability=None)) is DeviceClass.DATASHEET


@pytest.mark.parametrize("compared", ["", "datasheet"])
def test_what_was_never_compared_has_no_figure(compared: str) -> None:
    assert network_error(compared, "a100-sxm4-40gb", "infer", "tf32") is None
    assert of_operator(compared, "convolution", "float32", "tensor", "tf32") is None


def test_a_gpu_of_which_only_kernels_were_compared_is_one_of_its_generation_for_networks() -> None:
    known = {(item.device_class, item.phase, item.precision): item.relative_error for item in errors().networks}
    fitted, generation = known["fitted", "infer", "16-bit"], known["generation", "infer", "16-bit"]
    assert network_error("fitted", "rtx-3090", "infer", "amp-fp16") == fitted
    assert network_error("fitted", "h100-sxm5-80gb", "infer", "bf16") == generation
    assert network_error("generation", "rtx-4090", "infer", "fp16") == generation
    assert network_error("fitted", "h100-sxm5-80gb", "train", "bf16") is None  # no such figure is in the file
    assert network_error("generation", "rtx-4090", "infer", "tf32") is None


def test_float32_counts_as_tf32_on_tensor_cores_only() -> None:
    stated = {item.precision: item.relative_error for item in errors().operators if item.kind == "convolution"}
    for dtype, engine, family in (
        ("float32", "tensor", "tf32"),
        ("float32", "fp32", "fp32"),
        ("bfloat16", "tensor", "16-bit"),
    ):
        assert of_operator("fitted", "convolution", dtype, engine, "tf32") == stated[family]
    assert of_operator("fitted", "convolution", "float64", "fp32", "tf32") is None


@pytest.mark.parametrize(
    ("relative_error", "compared", "words"),
    [
        (0.06, "fitted", "typically within 6 %"),
        (None, "datasheet", "no GPU of this generation was ever compared"),
        (None, "fitted", "no step of this phase and precision was ever compared"),
        (None, "", ""),
    ],
)
def test_the_sentence_says_how_far_off_the_time_is(relative_error: float | None, compared: str, words: str) -> None:
    report = sample()
    report = replace(
        report,
        device=replace(report.device, compared=compared),
        totals=replace(report.totals, relative_error=relative_error),
    )
    assert prediction.error(digest(report)) == words
    assert (f" a step ({words}), " if words else " a step, ") in prediction.prediction(digest(report))


def test_a_report_of_before_there_were_errors_reads_as_one_without() -> None:
    old = json.loads(sample().to_json())
    for part in (old["totals"], *old["operators"]):
        del part["relative_error"]
    del old["device"]["compared"]
    assert Report.from_json(json.dumps(old)) == sample()
