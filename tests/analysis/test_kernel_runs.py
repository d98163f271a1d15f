"""Kernels in order of start, each with the operator of the report that launched it."""

from __future__ import annotations

from memprof.analysis import kernel_runs as runs
from memprof.calls import OperatorCall
from memprof.profiles.records import Kernel
from memprof.report.run import KernelRuns
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Phase
from tests.reports.sample import sample


def test_runs_come_in_order_with_the_operator_that_launched_them() -> None:
    row = sample().operators[3]
    tensors = tuple(TensorSpec(shape, None, "float32") for shape in row.input_shapes)
    late, early = Kernel("late", 5_000, 1_000, stream=7), Kernel("early", 2_000, 500, stream=20)
    stray = Kernel("late", 9_000, 250, stream=7)
    call = OperatorCall(row.name, tensors, row.module, Phase(row.phase), (late, early))
    found = runs.kernel_runs([late, early, stray], [call], sample().operators)
    assert found == KernelRuns(
        ("early", "late"), (0, 1, 1), (20, 7, 7), (0.0, 3e-6, 7e-6), (5e-7, 1e-6, 2.5e-7), (3, 3, -1)
    )
    assert runs.kernel_runs([], [], ()) is None


def test_the_last_of_very_many_are_left_out() -> None:
    kernels = [Kernel("k", 10 * place, 5) for place in range(runs.MOST_RUNS + 7)]
    found = runs.kernel_runs(kernels, [], ())
    assert found is not None
    assert (len(found.kernels), found.left_out) == (runs.MOST_RUNS, 7)
