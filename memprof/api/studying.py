"""One operator alone, over ranges of its parameters."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memprof import devices as catalogue
from memprof.analysis.lone import check_timing, plan_study, study_alone
from memprof.api.result import Result
from memprof.api.speaking import in_python
from memprof.api.words import LayoutName, PrecisionName
from memprof.devices.hosts import DEFAULT_HOST
from memprof.reports import operator as writers
from memprof.tensors.inputs import read_inputs
from memprof.whatif.operators import collect

if TYPE_CHECKING:
    from memprof.devices.record import Device
    from memprof.whatif.operators import Study

Values = int | str | Iterable[int]
"""A number, several, or a range as the command line has it: 7, range(3, 33, 2), "3..31"."""


@in_python
def study(
    operator: str,
    inputs: Any = None,
    *,
    device: str | Path | Device = "a100",
    measure: Literal["cpu", "cuda"] | None = None,
    precision: PrecisionName | None = None,
    layout: LayoutName = "channels-last",
    host: str | Path = DEFAULT_HOST,
    stack: str = "",
    **parameters: Values,
) -> Result[Study]:
    """Study one operator: predicted time and bound, forward and backward, over one or two ranges.

        memprof.study("depthwise", kernel=range(3, 33, 2), channels=96, resolution=56, batch_size=128).to_json()

    `operator` is one of "depthwise", "inception", "pointwise", "dense", "grouped", "layernorm", "batchnorm", "gelu",
    "attention", "decompositions"; `parameters` are its `kernel`, `channels`, `resolution`, `batch_size`, `groups` or
    `heads`. Or it is a model's name, called with `inputs`, over `batch_size`. `measure` runs it here, too.

    Raises ModelError, WorkloadError or DeviceError.
    """
    target = catalogue.get(device) if isinstance(device, (str, Path)) else device
    asked = {name: _text(values) for name, values in parameters.items()}
    plan, subjects, given = plan_study(operator, asked, None if inputs is None else read_inputs(inputs, None))
    if measure is not None:
        check_timing(measure, precision or "fp32")
    settings = {"precision": precision, "layout": layout, "host": host, "stack": stack}
    found = [study_alone(subject, target, measure, settings) for subject in subjects]
    reports, measured = zip(*found, strict=True)
    return Result(collect(plan, reports, measured, (measure or "").upper(), given), writers.WRITERS)


def _text(values: Values) -> str:
    return str(values) if isinstance(values, (int, str)) else ",".join(map(str, values))
