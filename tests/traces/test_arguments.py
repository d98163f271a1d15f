"""Arguments as a trace writes them, read by a strict parser and never evaluated."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from memprof.tensors.spec import TensorSpec
from memprof.traces.arguments import NO_INPUTS, UNKNOWN_TYPE, ArgumentReader, parse_value
from memprof.traces.times import nanoseconds
from memprof.traces.wire import NOTHING, WireArguments


def inputs(dims, types=None, strides=None, concrete=None):
    raw = [NOTHING if value is None else Raw(msgspec.json.encode(value)) for value in (dims, types, strides, concrete)]
    return ArgumentReader().read(WireArguments(dims=raw[0], types=raw[1], strides=raw[2], concrete=raw[3]))


def test_a_convolution():
    found = inputs(
        [[2, 3, 6, 6], [4, 3, 3, 3], [], [], [], [], [], [], []],
        ["float", "c10::Half", "", "ScalarList", "ScalarList", "ScalarList", "Scalar", "ScalarList", "Scalar"],
        [[108, 1, 18, 3], [27, 9, 3, 1], [], [], [], [], [], [], []],
        ["", "", "", "[2, 1]", "[1, 0]", "[1, 1]", "False", "[0, 0]", "1"],
    )
    image = TensorSpec((2, 3, 6, 6), (108, 1, 18, 3), "float32")
    weight = TensorSpec((4, 3, 3, 3), (27, 9, 3, 1), "float16")
    assert found.values == (image, weight, None, (2, 1), (1, 0), (1, 1), False, (0, 0), 1)
    assert (found.has_strides, found.has_concrete) == (True, True)
    assert (found.unknown_types, found.unseen_lists) == (False, False)


TYPES = {
    "float": "float32",
    "double": "float64",
    "c10::Half": "float16",
    "c10::BFloat16": "bfloat16",
    "long int": "int64",
    "int": "int32",
    "short int": "int16",
    "signed char": "int8",
    "unsigned char": "uint8",
    "bool": "bool",
    "short unsigned int": "uint16",
    "unsigned int": "uint32",
    "long unsigned int": "uint64",
    "c10::complex<float>": "complex64",
    "c10::complex<double>": "complex128",
    "c10::complex<c10::Half>": "complex32",
    "c10::Float8_e4m3fn": "float8_e4m3fn",
    "c10::Float8_e5m2": "float8_e5m2",
    "c10::quint8": "quint8",
}


@pytest.mark.parametrize(("written", "dtype"), TYPES.items())
def test_types_by_torchs_names(written, dtype):
    assert inputs([[3], []], [written, written], [[1], []]).values == (
        TensorSpec((3,), (1,), dtype),
        TensorSpec((), (), dtype),
    )


def test_what_is_not_recorded_is_none():
    assert inputs(None) == NO_INPUTS
    assert inputs([], []).values == ()
    assert inputs([[], [], []], ["", "Scalar", "nullptr (uninitialized)"]).values == (None, None, None)
    assert inputs([[2, 2]], ["float"]).values == (TensorSpec((2, 2), None, "float32"),)
    assert inputs([[2, 2]], ["float"], [[]]).values == (TensorSpec((2, 2), None, "float32"),)
    assert inputs([[2], [], [], []], ["float", "Int", "GenericList", "Bool"]).values == (
        TensorSpec((2,), None, "float32"),
        None,
        None,
        None,
    )


def test_old_profilers_spell_the_key_otherwise():
    read = ArgumentReader().read
    assert read(WireArguments(old_dims=Raw(b"[[2]]"), types=Raw(b'["float"]'))).values == (
        TensorSpec((2,), None, "float32"),
    )


def test_lists_of_tensors_have_no_types():
    found = inputs([[[2, 3], [4]], []], ["TensorList", "Scalar"], [[[3, 1], [1]], []], ["", "1"])
    assert found.values == ((TensorSpec((2, 3), (3, 1), UNKNOWN_TYPE), TensorSpec((4,), (1,), UNKNOWN_TYPE)), 1)
    assert (found.unknown_types, found.unseen_lists) == (True, False)
    left_out = inputs([[], []], ["TensorList", "Scalar"], [[], []], ["", "2.5"])
    assert left_out.values == (None, 2.5)
    assert (left_out.unknown_types, left_out.unseen_lists) == (False, True)


@pytest.mark.parametrize("dims", ["x", 5, {"a": 1}, [["a"]], [[1.5]], [{"a": 1}], [[[1], 2]], [[True]]])
def test_shapes_that_are_none_are_not_taken_for_one(dims):
    for kind in ("TensorList", "Scalar", ""):
        assert all(value is None for value in inputs(dims, [kind]).values)


def test_equal_arguments_are_read_once():
    read = ArgumentReader().read
    first, second = (WireArguments(dims=Raw(b"[[2]]"), types=Raw(b'["float"]')) for _ in range(2))
    assert read(first) is read(second)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.", 1.0),
        ("0.10000000000000001", 0.1),
        ("1e-05", 1e-05),
        ("-inf", -math.inf),
        ("inf", math.inf),
        ("True", True),
        ("False", False),
        ("None", None),
        ("", None),
        ("[]", ()),
        ("[2, 1]", (2, 1)),
        ("[1., 2.5]", (1.0, 2.5)),
        ("[True, False]", (True, False)),
        ("[[1, 2], [3]]", ((1, 2), (3,))),
        ("[None, 1]", (None, 1)),
        ("same", "same"),
        ("cuda:0", "cuda:0"),
        ("bij,bjk->bik", "bij,bjk->bik"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_values(text, value):
    found = parse_value(text)
    assert (found, type(found)) == (value, type(value))


def test_not_a_number():
    assert math.isnan(parse_value("nan"))


@pytest.mark.parametrize(
    "text",
    ["[", "]", "[1", "[1,]", "[,1]", "[1 2", "[1]]", "[1] 2", "[[1]", "[1, [2]", "[" * 9 + "]" * 9, "[" * 100_000],
)
def test_malformed_lists_are_nothing(text):
    assert parse_value(text) in (None, "]")


def test_text_is_never_evaluated():
    assert parse_value("__import__('os').abort()") == "__import__('os').abort()"
    assert parse_value("[__import__('os').abort()]") == ("__import__('os').abort()",)


NUMBERS = st.recursive(
    st.booleans() | st.integers(1 - 2**63, 2**63 - 1), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)


def tuples(value):
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def depth(value):
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(st.lists(NUMBERS).filter(lambda value: depth(value) <= 8))
def test_lists_as_python_writes_them_read_back(value):
    assert parse_value(str(value)) == tuples(value)


@given(st.text())
def test_any_text_is_some_value(text):
    for value in (parse_value(text), parse_value("[" + text)):
        assert value is None or isinstance(value, bool | int | float | str | tuple)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", 0),
        ("12", 12_000),
        ("12.5", 12_500),
        ("12.345", 12_345),
        ("0.001", 1),
        ("-3", -3_000),
        ("-0.5", -500),
        ("1e3", 1_000_000),
        ("1.5E-1", 150),
        ('"7.25"', 7_250),
        ("12.3456", 12_346),
        ("0.0004", 0),
        ("1e-999999999", 0),
        ("1752215573960717.123", 1752215573960717123),
        ("1700000000000000.5", 1700000000000000500),
        ('"1700000000000000.5"', 1700000000000000500),
        ("1.7e15", 1700000000000000000),
        ("1.7000000000000001234e15", 1700000000000000123),
        ("9223372036854775.807", 2**63 - 1),
        ("-9223372036854775.8070", 1 - 2**63),
        ("0e999999", 0),
    ],
)
def test_times_are_exact(written, expected):
    assert nanoseconds(Raw(written.encode())) == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "null",
        '"soon"',
        "[1]",
        "1e999999999",
        "NaN",
        '"Infinity"',
        "9" * 40,
        "9" * 5000,
        "1e17",
        "1e-999999999x",
        "9223372036854775.808",
    ],
)
def test_what_is_no_time(written):
    with pytest.raises(ValueError, match=r"number|range|limit"):
        nanoseconds(Raw(written.encode()))


@given(st.integers(0, 2**63 - 1))
def test_every_nanosecond_reads_back_however_it_is_written(time):
    text = b"%d.%03d" % divmod(time, 1000)
    for written in (text, text.rstrip(b"0") + b"0", b'"%s"' % text, b"%de-3" % time):
        assert nanoseconds(Raw(written)) == time
