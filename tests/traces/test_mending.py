"""Almost JSON: every damage that profilers are known for, and what is left of a file whose end is missing."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import TraceError
from memprof.traces.mending import EventList, Salvage, mend
from memprof.traces.reading import read_trace
from tests.traces.making import codes, kernel, launch, op, outline, read_text, text

EVENTS = [op("mm", 10, 20, [2, 3], [3, 4]), launch(1, 15), kernel(1, 40, 5, name="gemm")]
TEXT = text(*EVENTS)


def with_name(name: str) -> str:
    """Return the trace with these characters, as they are, in a kernel's name."""
    return TEXT.replace('"gemm"', f'"{name}"')


@pytest.mark.parametrize("number", ["inf", "-inf", "Infinity", "-Infinity", "NaN", "nan", "-nan", "NAN", "INF"])
def test_bare_numbers_that_json_does_not_have(tmp_path, number):
    bad = TEXT.replace('"schemaVersion": 1', f'"schemaVersion": {number}').replace(
        '"stream": 7', f'"x": [{number}, {number}]'
    )
    trace = read_text(tmp_path, bad)
    assert [item.name for item in trace.kernels] == ["gemm"]
    (warning,) = (warning for warning in trace.warnings if warning.code == "repaired-trace")
    assert "not valid JSON" in warning.message


@pytest.mark.parametrize("name", ["inf", "a: inf, b", "[nan, nan]", r"\"x\": inf, ", r"C:\\inf", "Infinity\\\\"])
def test_the_same_words_in_names_stay(tmp_path, name):
    trace = read_text(tmp_path, with_name(name).replace('"schemaVersion": 1', '"schemaVersion": inf'))
    assert [item.name for item in trace.kernels] == [json.loads(f'"{name}"')]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"C:\path\kernel", r"C:\path\kernel"),
        (r"\x41", r"\x41"),
        (r"\u12", r"\u12"),
        (r"a\\p", r"a\p"),
        (r"\n\q", "\n" + r"\q"),
        ("a\nb\x01", "a b "),
        (r"\ud800x", "\ufffdx"),
        (r"\udc00", "\ufffd"),
        (r"\ud83d\ude00\q", "\U0001f600" + r"\q"),
    ],
)
def test_strings_that_json_does_not_have(tmp_path, written, read):
    trace = read_text(tmp_path, with_name(written))
    assert [item.name for item in trace.kernels] == [read]


def test_text_that_is_not_utf_8(tmp_path):
    trace = read_text(tmp_path, TEXT.encode().replace(b"gemm", b"ge\xff\xe4mm"))
    assert [item.name for item in trace.kernels] == ["ge\ufffd\ufffdmm"]
    assert "repaired-trace" in codes(trace)


def test_an_interrupted_profiler_leaves_what_it_wrote(tmp_path):
    """Cut anywhere after its first event, a trace gives every event that is whole."""
    begin = TEXT.index('"traceEvents"')
    ends = [match.end() for match in re.finditer(r"\n  \}", TEXT) if match.start() > begin]
    assert len(ends) == len(EVENTS)
    for cut in range(begin, len(TEXT) - 2, 7):
        whole = sum(end <= cut for end in ends)
        if not whole:
            continue
        trace = read_text(tmp_path, TEXT[:cut])
        assert outline(trace.profile.events) == [["aten::mm"]]
        assert len(trace.kernels) == (whole == len(EVENTS))
        assert trace.devices
        (warning,) = (warning for warning in trace.warnings if warning.code == "truncated-trace")
        assert f"the {whole} event" in warning.message


def test_a_file_cut_before_its_first_event_is_refused(tmp_path):
    with pytest.raises(TraceError, match="its end is missing"):
        read_text(tmp_path, TEXT[: TEXT.index('"ph"')])


def test_an_unreadable_event_costs_no_other(tmp_path):
    events = ['{"ph": "X", "cat": "cpu_op", "name": 5}', '{"ph": "X", "args": [1]}', "7", '{"ph": "X", "cat": }']
    bad = TEXT.replace('"traceEvents": [', '"traceEvents": [' + ",".join(events) + ",")
    trace = read_text(tmp_path, bad)
    assert outline(trace.profile.events) == [["aten::mm"]]
    assert len(trace.kernels) == 1
    (warning,) = (warning for warning in trace.warnings if warning.code == "skipped-events")
    assert warning.message.startswith("4 events")


def test_keys_behind_the_events_are_read_of_a_damaged_trace_too(tmp_path):
    damaged = {"traceEvents": [{"ph": "X", "cat": 3}, *EVENTS], "deviceProperties": [{"id": 0, "name": "V100"}]}
    trace = read_text(tmp_path, json.dumps({**damaged, "distributedInfo": {"rank": 2}}))
    assert [device.name for device in trace.devices] == ["V100"]
    assert trace.rank == 2
    assert "truncated-trace" not in codes(trace)


@pytest.mark.parametrize("order", [("traceEvents", "deviceProperties"), ("deviceProperties", "traceEvents")])
def test_keys_in_any_order(tmp_path, order):
    whole = json.loads(TEXT)
    trace = read_text(tmp_path, json.dumps({key: whole[key] for key in order}))
    assert len(trace.kernels) == len(trace.devices) == 1


@pytest.mark.parametrize("end", ["]", "", ",", ",\n"])
def test_a_bare_list_need_not_be_closed(tmp_path, end):
    trace = read_text(tmp_path, "[" + ",\n".join(map(json.dumps, EVENTS)) + end)
    assert outline(trace.profile.events) == [["aten::mm"]]
    assert "truncated-trace" not in codes(trace)


def test_a_bare_list_may_be_cut_too(tmp_path):
    trace = read_text(tmp_path, "[" + ",\n".join(map(json.dumps, EVENTS)) + ', {"ph": "X"')
    assert len(trace.kernels) == 1
    assert "truncated-trace" in codes(trace)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_valid_json_stays_what_it_is(value, escaped):
    assert json.loads(mend(json.dumps(value, ensure_ascii=escaped).encode())) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_trace_or_a_clear_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "trace.json"
    for content in (data, b"{" + data, b'{"traceEvents": [{' + data, b'{"traceEvents": [' + data + b"]}"):
        path.write_bytes(content)
        with pytest.raises(TraceError):
            read_trace(path)


@given(st.integers(min_value=0, max_value=len(TEXT) - 1), st.binary(min_size=1, max_size=3))
def test_a_damaged_place_is_survived(tmp_path_factory, place, data):
    path = tmp_path_factory.mktemp("damaged") / "trace.json"
    path.write_bytes(TEXT.encode()[:place] + data + TEXT.encode()[place + len(data) :])
    try:
        trace = read_trace(path)
    except TraceError:
        return
    assert len(trace.kernels) <= 1


def test_a_damaged_event_of_many_objects_is_gone_over_once():
    """Each of its objects is looked at from where the last one ended, not from where the event began."""

    class Counted(bytes):
        copied = 0

        def __getitem__(self, key):
            part = super().__getitem__(key)
            Counted.copied += len(part) if isinstance(key, slice) else 0
            return part

    inside = b",".join(b'"k%d": {"a": 1}' % place for place in range(500))
    text = Counted(b'[{"a": 1}, {' + inside + b', {"b": 2}]')
    salvage = Salvage(text, EventList(b"{}", 1))
    assert [bytes(text)[start:end] for start, end in salvage] == [b'{"a": 1}', b'{"b": 2}']
    assert salvage.damaged == 1
    assert Counted.copied < 2 * len(text)
