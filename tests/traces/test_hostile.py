"""Files made to break the reader: each gives a trace or a MemprofError that says why, never another exception."""

from __future__ import annotations

from itertools import product

import pytest

from memprof.analysis.traced import analyze_trace
from memprof.calls import flatten_tensors
from memprof.devices import get
from memprof.report.reading import dump_reports, load_reports
from tests.traces.making import V100, flat, kernel, launch, op, read_text, text

MATMUL = [op("mm", 10, 20, [2, 3], [3, 4]), launch(1, 15), kernel(1, 40, 7.5)]
HERE = "@"
"""Stands for a number in what follows."""
WITH_A_NUMBER = {
    **{
        name: text(*MATMUL, kernel(2, 50, 1, **{name: HERE}))
        for name in ("bytes", "device", "stream", "graph node id", "External id")
    },
    "correlation": text(*MATMUL, {**kernel(2, 50, 1), "args": {"correlation": HERE}}),
    "order": text(*MATMUL, op("add", 60, 1, [2, 3], External_id=HERE)),
    "sequence": text(*MATMUL, op("add", 60, 1, [2, 3], Sequence_number=HERE)),
    "size": text(*MATMUL, op("add", 60, 1, [HERE, 3])),
    "stride": text(*MATMUL, op("add", 60, 1, [2, 3], Input_Strides=[[HERE, 1]])),
    "argument": text(*MATMUL, op("add", 60, 1, [2, 3], Concrete_Inputs=["", HERE, HERE])),
    **{name: text(*MATMUL, {**op("add", 60, 1, [2, 3]), name: HERE}) for name in ("ts", "dur", "pid", "tid")},
    **{f"device {name}": text(*MATMUL, deviceProperties=[{**V100, name: HERE}]) for name in ("id", "numSms")},
    **{name: text(*MATMUL, distributedInfo={name: HERE}) for name in ("rank", "world_size")},
}
NUMBERS = ["9" * 19, "9" * 400, "9" * 5000, "1e400", "-" + "9" * 400, "1e300", "true", "[1]", "0", "-1", "NaN"]
"""Python itself refuses to read whole numbers of more than 4,300 digits."""


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number[:6]} of {len(number)}")
@pytest.mark.parametrize("content", WITH_A_NUMBER.values(), ids=WITH_A_NUMBER)
def test_any_number_anywhere_gives_a_report(tmp_path, content, number):
    device = get("v100-sxm2-32gb")
    for written in (number, f'"{number}"'):
        trace = read_text(tmp_path, content.replace(f'"{HERE}"', written))
        assert all(item.bytes_moved is None or 0 <= item.bytes_moved <= 1e18 for item in trace.kernels)
        tensors = [tensor for event in flat(trace.profile.events) for tensor in flatten_tensors(event.inputs)]
        assert all(0 <= size < 2**63 for tensor in tensors for size in tensor.shape)
        assert load_reports(dump_reports([analyze_trace(trace, device=device)]))


SENSELESS = {
    "convolution_backward": [[2, 3], [3], [4, 5, 6]],
    "upsample_nearest2d": [[2, 3, 4], []],
    "bmm": [[2, 3], [5, 6, 7]],
    "_foreach_add_": [[2**40, 1], [2**39]],
}


@pytest.mark.parametrize(("name", "arguments"), [*product(SENSELESS, ["[0, 0]", "inf", "nan", "[1e400]", "[", "-1"])])
def test_arguments_that_make_no_sense_are_costed_or_unknown(tmp_path, name, arguments):
    concrete = ["", *[arguments] * 9]
    trace = read_text(tmp_path, text(*MATMUL, op(name, 60, 1, *SENSELESS[name], Concrete_Inputs=concrete)))
    report = analyze_trace(trace, device=get("v100-sxm2-32gb"))
    assert load_reports(dump_reports([report])) == (report,)
