"""Counters beside the operators that ran the kernels: by hand, and what holds whatever was counted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.counters import Counters, KernelCounters, join
from memprof.errors import CountersError
from memprof.report.record import OperatorRow
from memprof.report.run import KernelRow

ADD = "void at::add_kernel<4, AddFunctor<float> >(int, AddFunctor<float>)"
ADD_COUNTED = "void at::add_kernel<(int)4, AddFunctor<float>>(int, T2)"
MICRO = 1e-6


def ran(name, calls=1, micros=1.0, activity="kernel"):
    """Return `calls` runs of a kernel that took `micros` microseconds each."""
    return KernelRow(name, activity, calls, calls * micros * MICRO)


def operator(*kernels, name="aten::add", calls=1):
    row = OperatorRow(
        name,
        "elementwise",
        "",
        "forward",
        ((2, 3),),
        "float32",
        calls,
        0.0,
        24.0,
        24.0,
        24.0,
        0.0,
        0.0,
        0.0,
        "fp32",
        "dram",
        0.0,
        calls,
        1.0,
        1.0,
    )
    return replace(row, kernels=kernels, measured_seconds=sum(kernel.seconds for kernel in kernels))


def counted(name, dram, micros=None, l2=None, l1=None):
    return KernelCounters(name, None, None, dram, l2, l1, None if micros is None else micros * MICRO)


def joined(runs, *operators):
    rows, warnings = join(Counters("c.csv", tuple(runs)), operators)
    return [row.counted_dram_bytes for row in rows], {warning.code: warning for warning in warnings}


def test_an_operator_has_the_bytes_of_all_its_kernels_at_each_level():
    """A convolution of two kernels, one of which it ran twice."""
    rows, warnings = join(
        Counters(
            "c.csv",
            (
                counted("pad", 10.0, 1, 20.0, 40.0),
                counted("conv", 100.0, 5, 200.0, 400.0),
                counted("pad", 12.0, 1, 24.0, 48.0),
            ),
        ),
        [operator(ran("conv"), ran("pad", 2), name="aten::convolution")],
    )
    (row,) = rows
    assert (row.counted_dram_bytes, row.counted_l2_bytes, row.counted_l1_bytes) == (122, 244, 488)
    assert row.dram_bytes == 24.0
    assert warnings == ()


def test_names_match_however_they_are_demangled():
    assert joined([counted(ADD_COUNTED, 7.0)], operator(ran(ADD)))[0] == [7]
    assert joined([counted("add_kernel", 7.0)], operator(ran(ADD)))[0] == [7]
    assert joined([counted("_ZN2at10add_kernelILi4EEEvi", 7.0)], operator(ran(ADD)))[0] == [7]
    assert joined([counted(ADD_COUNTED, 7.0)], operator(ran("add_kernel")))[0] == [7]


def test_other_template_arguments_do_not_match():
    multiply = ADD.replace("Add", "Mul")
    amounts, warnings = joined([counted(ADD_COUNTED, 7.0)], operator(ran(ADD)), operator(ran(multiply)))
    assert amounts == [7, None]
    assert set(warnings) >= {"uncounted-operators"}


def test_what_is_named_in_full_is_matched_before_what_is_not():
    runs = [counted("add_kernel", 3.0), counted(ADD_COUNTED, 7.0)]
    amounts, _ = joined(runs, operator(ran(ADD)), operator(ran(ADD.replace("Add", "Mul"))))
    assert amounts == [7, 3]


def test_operators_that_share_a_kernel_get_their_own_runs_by_duration():
    """The report's order is not that of the launches: the longer operator moved more."""
    runs = [counted("k", 100.0, 11), counted("k", 900.0, 95), counted("k", 110.0, 12)]
    amounts, warnings = joined(runs, operator(ran("k", 1, 80)), operator(ran("k", 2, 9), calls=2))
    assert amounts == [900, 210]
    assert set(warnings) == {"counters-without-l2", "counters-without-l1"}


@pytest.mark.parametrize("micros", [None, 5])
def test_without_durations_that_differ_they_go_in_order(micros):
    runs = [counted("k", float(amount), micros) for amount in (1, 2, 4)]
    amounts, _ = joined(runs, operator(ran("k", 1, 3)), operator(ran("k", 2, 1), calls=2))
    assert amounts == [1, 2 + 4]


def test_in_several_steps_the_order_begins_anew_in_each():
    """Two steps of a, b, b; the report counts the calls of both."""
    runs = [counted("k", float(amount)) for amount in (1, 10, 20, 3, 30, 40)]
    amounts, _ = joined(runs, operator(ran("k", 2), calls=2), operator(ran("k", 4), calls=4))
    assert amounts == [1 + 3, 10 + 20 + 30 + 40]


def test_one_counted_step_stands_for_all_that_were_traced():
    """Six steps were traced and one counted: each operator's bytes are six times those of its run."""
    runs = [counted("k", 5.0, 1), counted("k", 70.0, 9)]
    amounts, warnings = joined(runs, operator(ran("k", 6, 8), calls=6), operator(ran("k", 6, 2), calls=6))
    assert amounts == [6 * 70, 6 * 5]
    assert "17 % of the runs of k were counted" in warnings["counters-partial"].message
    assert "counters-averaged" not in warnings


def test_more_steps_counted_than_traced_are_averaged_per_call():
    runs = [counted("k", amount, micros) for amount, micros in ((4.0, 1), (50.0, 9), (6.0, 1), (70.0, 9))]
    amounts, warnings = joined(runs, operator(ran("k", 1, 8)), operator(ran("k", 1, 2)))
    assert amounts == [60, 5]
    assert "counters-partial" not in warnings


def test_a_part_of_a_step_gives_the_mean_and_says_so():
    """Two of four runs: nobody knows of which operator."""
    runs = [counted("k", 10.0, 1), counted("k", 30.0, 2)]
    amounts, warnings = joined(runs, operator(ran("k", 1, 8)), operator(ran("k", 3, 2), calls=3))
    assert amounts == [20, 60]
    assert "50 % of the runs of k" in warnings["counters-partial"].message
    assert "mean: k" in warnings["counters-averaged"].message
    assert "whole step" in warnings["counters-averaged"].remedy


def test_a_value_that_is_missing_is_the_mean_of_the_others():
    runs = [counted("k", 10.0, l2=1.0), counted("k", None, l2=2.0), counted("k", 20.0, l2=3.0)]
    rows, _ = join(Counters("c.csv", tuple(runs)), [operator(ran("k", 3), calls=3)])
    assert (rows[0].counted_dram_bytes, rows[0].counted_l2_bytes, rows[0].counted_l1_bytes) == (45, 6, None)


def test_an_operator_is_counted_in_full_or_not_at_all():
    """ncu --kernel-name conv leaves out the reorders around it, so their bytes would be missing."""
    amounts, warnings = joined(
        [counted("conv", 100.0)],
        operator(ran("conv", micros=30)),
        operator(ran("conv", micros=20), ran("reorder", micros=10), name="aten::convolution"),
    )
    assert amounts == [100, None]
    assert "50 % of the measured time" in warnings["uncounted-operators"].message
    assert "aten::convolution" in warnings["uncounted-operators"].message


def test_copies_are_not_counted_and_fills_do_not_matter():
    runs = [counted("k", 5.0, l2=1.0, l1=1.0)] * 2
    copies = operator(ran("Memcpy DtoD", activity="copy"), name="aten::copy_")
    with_copy = operator(ran("k"), ran("Memcpy DtoD", activity="copy"), name="aten::cat")
    with_fill = operator(ran("k"), ran("Memset (Device)", activity="fill"))
    amounts, warnings = joined(runs, copies, with_copy, with_fill)
    assert amounts == [None, None, 5]
    assert set(warnings) == {"uncounted-operators"}
    assert "aten::cat" in warnings["uncounted-operators"].message
    assert "aten::copy_" not in warnings["uncounted-operators"].message


def test_communication_is_counted_like_any_kernel():
    assert joined([counted("nccl", 5.0)], operator(ran("nccl", activity="communication")))[0] == [5]


def test_kernels_that_no_operator_ran_are_named():
    runs = [counted("k", 1.0), counted("init", 2.0), counted("init", 2.0)]
    amounts, warnings = joined(runs, operator(ran("k")))
    assert amounts == [1]
    assert "2 counted runs" in warnings["counters-unmatched"].message
    assert warnings["counters-unmatched"].message.endswith("init")


def test_long_lists_of_names_are_cut():
    names = [f"k{n}" for n in range(10)]
    runs = [counted(name, 1.0) for name in names] + [counted(f"other{n}", 1.0) for n in range(5)]
    _, warnings = joined(runs, *(operator(ran(name)) for name in names))
    assert warnings["counters-unmatched"].message.endswith("other0, other1, other2 and 2 more")


def test_levels_without_counters_are_named_with_what_to_record():
    _, warnings = joined([counted("k", 1.0, l1=5.0)], operator(ran("k")))
    assert set(warnings) == {"counters-without-l2"}
    assert "lts__t_bytes.sum" in warnings["counters-without-l2"].remedy


@pytest.mark.parametrize(("names", "known"), [(["x", "y"], "none of the 2"), (["k", "x", "y"], "1 of the 3")])
def test_counters_of_another_run_are_refused(names, known):
    with pytest.raises(CountersError, match=f"another run: {known} kernels in c.csv") as caught:
        joined([counted(name, 1.0) for name in names], operator(ran("k")))
    assert "same model" in caught.value.remedy


def test_half_of_the_kernels_are_enough():
    assert joined([counted("k", 1.0), counted("x", 1.0)], operator(ran("k")))[0] == [1]


@pytest.mark.parametrize("rows", [[], [operator()], [operator(ran("Memcpy HtoD", activity="copy"))]])
def test_a_run_without_kernels_has_no_counters(rows):
    with pytest.raises(CountersError, match="no operator has a kernel"):
        joined([counted("k", 1.0)], *rows)


AMOUNTS = st.integers(0, 10**12).map(float)


@st.composite
def runs_and_operators(draw):
    """Return a step's operators, which share kernels, and a counted run for each of theirs, no two equally long."""
    operators, names = [], []
    for _ in range(draw(st.integers(1, 5))):
        kernels = []
        for name in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
            calls, micros = draw(st.integers(1, 3)), draw(st.integers(1, 9))
            kernels.append(ran(name, calls, micros))
            names += [name] * calls
        operators.append(operator(*kernels))
    durations = draw(st.lists(st.integers(1, 999), min_size=len(names), max_size=len(names), unique=True))
    return [counted(name, draw(AMOUNTS), micros) for name, micros in zip(names, durations, strict=True)], operators


@given(runs_and_operators())
def test_every_counted_byte_is_in_one_operator(both):
    runs, operators = both
    amounts, warnings = joined(runs, *operators)
    assert sum(amounts) == math.fsum(run.dram_bytes for run in runs)
    assert set(warnings) == {"counters-without-l2", "counters-without-l1"}


@given(runs_and_operators(), st.integers(2, 4))
def test_steps_counted_more_than_once_change_nothing(both, times):
    runs, operators = both
    amounts, _ = joined(runs, *operators)
    assert joined(runs * times, *operators)[0] == pytest.approx(amounts)


@given(runs_and_operators(), st.data())
def test_where_durations_tell_the_order_of_the_file_does_not_matter(both, data):
    runs, operators = both
    assert joined(data.draw(st.permutations(runs)), *operators)[0] == joined(runs, *operators)[0]


@given(runs_and_operators(), st.integers(1, 5))
def test_any_part_of_the_runs_gives_no_more_than_the_largest_of_each(both, count):
    runs, operators = both
    some = runs[:count]
    rows, _ = join(Counters("c.csv", tuple(some)), operators)
    most = {name: max((run.dram_bytes for run in some if run.name == name), default=None) for name in "abc"}
    for row in rows:
        largest = [most[kernel.name] for kernel in row.kernels]
        if None in largest:
            assert row.counted_dram_bytes is None
        else:
            calls = [kernel.calls for kernel in row.kernels]
            limit = sum(count * size for count, size in zip(calls, largest, strict=True))
            assert 0 <= row.counted_dram_bytes <= limit * (1 + 1e-12)
