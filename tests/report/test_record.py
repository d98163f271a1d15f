"""The report as a record: JSON and back, tables, and files that are not reports."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import ReportError
from memprof.report.reading import SET_SCHEMA, dump_reports, load_reports
from memprof.report.record import (
    SCHEMA,
    Coverage,
    DeviceCeilings,
    Memory,
    OperatorRow,
    Report,
    ReportWarning,
    Totals,
    UnknownOperator,
    Workload,
)
from memprof.report.run import DeviceTime, Gap, KernelRow, Measured, Reading, Stray, Telemetry, Timing

TEXT = st.text(max_size=12)
COUNT = st.integers(0, 2**53)
AMOUNT = st.floats(0, 1e20)
MAYBE = st.none() | AMOUNT
RATES = st.dictionaries(TEXT, AMOUNT, max_size=3)
SHAPES = st.lists(st.lists(st.integers(0, 9), max_size=4).map(tuple), max_size=3).map(tuple)

ROW = st.builds(
    OperatorRow,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    SHAPES,
    TEXT,
    COUNT,
    AMOUNT,
    AMOUNT,
    AMOUNT,
    AMOUNT,
    st.none() | AMOUNT,
    st.none() | AMOUNT,
    st.none() | AMOUNT,
    TEXT,
    TEXT,
    AMOUNT,
    COUNT,
    AMOUNT,
    AMOUNT,
    measured_seconds=MAYBE,
    percent_of_roof=MAYBE,
    counted_dram_bytes=MAYBE,
    counted_l2_bytes=MAYBE,
    counted_l1_bytes=MAYBE,
    inferred=TEXT,
    input_layouts=st.lists(TEXT, max_size=2).map(tuple),
    kernels=st.lists(st.builds(KernelRow, TEXT, TEXT, COUNT, AMOUNT), max_size=2).map(tuple),
)
READING = st.none() | st.builds(Reading, AMOUNT, AMOUNT, AMOUNT)
TELEMETRY = st.builds(
    Telemetry,
    COUNT,
    *[READING] * 5,
    MAYBE,
    st.lists(TEXT, max_size=2).map(tuple),
    st.booleans(),
    st.lists(TEXT, max_size=2).map(tuple),
)
MEASURED = st.builds(
    Measured,
    TEXT,
    st.lists(TEXT, max_size=2).map(tuple),
    TEXT,
    COUNT,
    AMOUNT,
    MAYBE,
    AMOUNT,
    st.lists(st.builds(Stray, TEXT, TEXT, TEXT, COUNT, AMOUNT), max_size=2).map(tuple),
    st.none()
    | st.builds(
        DeviceTime,
        *[AMOUNT] * 9,
        st.lists(st.builds(Gap, AMOUNT, AMOUNT, TEXT, TEXT, st.booleans()), max_size=2).map(tuple),
    ),
    st.none()
    | st.builds(Timing, st.lists(AMOUNT, max_size=3).map(tuple), AMOUNT, AMOUNT, AMOUNT, AMOUNT, COUNT, st.booleans()),
)
REPORTS = st.builds(
    Report,
    schema=st.just(SCHEMA),
    workload=st.builds(Workload, TEXT, COUNT, st.none() | COUNT, TEXT, TEXT, TEXT),
    device=st.builds(DeviceCeilings, TEXT, TEXT, RATES, RATES, MAYBE, RATES, st.sampled_from(["gpu", "cpu"])),
    totals=st.builds(Totals, COUNT, *[AMOUNT] * 5, COUNT, *[AMOUNT] * 5, MAYBE),
    memory=st.none() | st.builds(Memory, *[AMOUNT] * 5, st.none() | st.booleans()),
    operators=st.lists(ROW, max_size=3).map(tuple),
    coverage=st.builds(
        Coverage,
        AMOUNT,
        AMOUNT,
        COUNT,
        st.lists(st.builds(UnknownOperator, TEXT, COUNT, AMOUNT), max_size=2).map(tuple),
    ),
    warnings=st.lists(st.builds(ReportWarning, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    environment=st.dictionaries(TEXT, TEXT, max_size=3),
    measured=st.none() | MEASURED,
    telemetry=st.none() | TELEMETRY,
)


@given(REPORTS)
def test_json_and_back_is_the_same_report(report):
    assert Report.from_json(report.to_json()) == report
    assert Report.from_json(report.to_json().encode()) == report
    assert report.to_json() == Report.from_json(report.to_json()).to_json()


@given(st.lists(REPORTS, min_size=1, max_size=3))
def test_several_reports_are_a_set(reports):
    text = dump_reports(reports)
    assert load_reports(text) == tuple(reports)
    assert json.loads(text)["schema"] == (SCHEMA if len(reports) == 1 else SET_SCHEMA)
    assert text.endswith("}\n")


@given(REPORTS)
def test_a_table_has_a_row_for_each_operator(report):
    table = report.to_pandas()
    assert list(table.columns) == list(OperatorRow.__dataclass_fields__)
    assert len(table) == len(report.operators)
    assert list(table["seconds"]) == [row.seconds for row in report.operators]


@given(REPORTS, st.data())
def test_a_truncated_file_is_a_clear_error(report, data):
    text = report.to_json().rstrip()
    with pytest.raises(ReportError, match="not a memprof report"):
        load_reports(text[: data.draw(st.integers(0, len(text) - 1))])


VALID = Report(
    SCHEMA,
    Workload("resnet50", 1, 224, "infer", "tf32", "channels-last"),
    DeviceCeilings("a100", "A100", {}, {}),
    Totals(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    Memory(1, 1, 0, 0, 0, True),
    (),
    Coverage(1, 1, 0),
)


def broken(change):
    value = json.loads(VALID.to_json())
    change(value)
    return json.dumps(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a memprof report"),
        ("[]", "not a memprof report"),
        ("{}", "schema"),
        ("\N{SNOWMAN}", "not a memprof report"),
        (b"\xff\xfe", "not a memprof report"),
        (broken(lambda value: value.pop("totals")), "totals"),
        (broken(lambda value: value["totals"].update(seconds="fast")), r"\$.totals.seconds"),
        (broken(lambda value: value.pop("memory")), "memory"),
        (broken(lambda value: value["memory"].update(fits="perhaps")), r"\$.memory.fits"),
        (broken(lambda value: value["totals"].pop("roofline_seconds")), "roofline_seconds"),
        (broken(lambda value: value.update(schema="memprof.report/4")), "upgrade memprof"),
        (broken(lambda value: value.update(schema="memprof.report/1")), "run `memprof roofline` again"),
        (broken(lambda value: value.update(schema="memprof.report/x")), "upgrade memprof"),
        (
            json.dumps({"schema": SET_SCHEMA, "reports": [{"schema": "memprof.report/1"}]}),
            "run `memprof roofline` again",
        ),
        (json.dumps({"schema": "memprof.report-set/2"}), "upgrade memprof"),
        (json.dumps({"schema": SET_SCHEMA, "reports": [{"schema": "other/1"}]}), "'other/1'"),
        (broken(lambda value: value.update(schema="other/1")), "memprof roofline"),
        (json.dumps({"schema": SET_SCHEMA}), "reports"),
    ],
)
def test_what_is_not_a_report_is_told_with_the_reason(text, words):
    with pytest.raises(ReportError, match=words):
        load_reports(text)


def test_keys_of_a_later_minor_writer_are_ignored():
    assert Report.from_json(broken(lambda value: value.update(remark="new"))) == VALID


def test_one_report_is_asked_of_a_set():
    with pytest.raises(ReportError, match="2 reports"):
        Report.from_json(dump_reports([VALID, VALID]))


def test_a_report_without_what_was_measured_is_read_as_one():
    """Fields of what was measured may be missing: another program that writes simulated reports need not know them."""
    bare = broken(lambda value: [value.pop(name) for name in ("measured", "telemetry")])
    assert Report.from_json(bare) == VALID


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("measured", {"source": "trace"}, r"\$.measured"),
        ("telemetry", [], r"\$.telemetry"),
        ("measured", 3, "measured"),
    ],
)
def test_what_is_wrong_with_what_was_measured_is_told_with_its_place(field, value, words):
    with pytest.raises(ReportError, match=words):
        load_reports(broken(lambda whole: whole.update({field: value})))


@pytest.mark.parametrize("number", ["9" * 30, "9" * 400, "-" + "9" * 400, "9" * 5000])
@pytest.mark.parametrize(("record", "field"), [("totals", "launches"), ("workload", "batch_size")])
def test_whole_numbers_of_any_length_are_refused(record, field, number):
    text = broken(lambda whole: whole[record].update({field: "@"})).replace('"@"', number)
    with pytest.raises(ReportError, match=rf"`{field}` .*64 bits do not hold|not a memprof report"):
        load_reports(text)
