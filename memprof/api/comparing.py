"""Models and devices held side by side, and models varied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memprof import devices as catalogue
from memprof.analysis.simulated import analyze_on
from memprof.api.result import Result
from memprof.api.speaking import in_python
from memprof.api.words import BestLayout, LayoutName, PhaseName, PrecisionName
from memprof.comparisons import explanation
from memprof.comparisons import models as side_by_side
from memprof.devices.ceilings import precisions
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import WorkloadError
from memprof.profiles.task import MakeOptimizer, Task
from memprof.report.record import Report
from memprof.reports import ablate as ablation_writers
from memprof.reports import compare as comparison_writers
from memprof.reports import explain as explanation_writers
from memprof.reports import sweep as sweep_writers
from memprof.tensors.inputs import read_inputs
from memprof.vocabulary import INFER, LAYOUTS, PHASES, SGD
from memprof.whatif import ablation, savings
from memprof.whatif import sweep as sweeps
from memprof.workload import DEFAULT_LAYOUT

if TYPE_CHECKING:
    from torch import Tensor, nn

    from memprof.comparisons.explanation import Explanation
    from memprof.comparisons.models import Comparison
    from memprof.devices.record import Device
    from memprof.whatif.ablation import Ablation
    from memprof.whatif.savings import Losses
    from memprof.whatif.sweep import Sweep

    Model = str | nn.Module | Callable[[], nn.Module]

BEST = "best"


@in_python
def compare(
    models: Model | Sequence[Model],
    devices: str | Path | Device | Sequence[str | Path | Device] = "a100",
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: str | MakeOptimizer = SGD,
    batch_size: int | None = None,
    resolution: int | None = None,
    precision: PrecisionName | None = None,
    layout: BestLayout = "best",
    host: str | Path = DEFAULT_HOST,
    stack: str = "",
) -> Result[Comparison]:
    """Hold models and devices side by side: size, work, traffic, predicted throughput, memory.

    `models` are one or several of what `analyze` takes, `devices` likewise; each model is analysed on every device,
    in inference and in training, with the same `inputs`. `layout` "best" takes the faster of the two.
    The rest is as in `analyze`.

        memprof.compare(["resnet50", my_model], ["a100", "h100"]).to_pandas()

    Raises WorkloadError, ModelError or DeviceError, as `analyze` does.
    """
    targets = [_device(target) for target in _several(devices)]
    task = Task(read_inputs(inputs, kwargs), loss, optimizer)
    asked = {"batch_size": batch_size, "resolution": resolution, "precision": precision, "host": host, "stack": stack}
    cells: list[list[Report]] = []
    if not (_several(models) and targets):
        raise WorkloadError(
            f"there is no {'device' if _several(models) else 'model'} to compare", "give one or several"
        )
    for model in _several(models):
        cells += _reports(model, targets, PHASES, layout, task, asked)
    return Result(side_by_side.compare(cells), comparison_writers.WRITERS)


@in_python
def explain(
    model: Model | Report,
    against: Model | Report | None = None,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: str | MakeOptimizer = SGD,
    device: str | Path | Device = "a100",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName = "infer",
    precision: PrecisionName | None = None,
    layout: LayoutName = DEFAULT_LAYOUT,  # type: ignore[assignment]
    host: str | Path = DEFAULT_HOST,
    stack: str = "",
) -> Result[Explanation] | Result[Losses]:
    """Say where a model's time goes and what would save it, or why it takes longer than another one.

    With `against`, the difference in predicted step time is divided by kind of operator and by stage, in parts that add
    up exactly. Without it, the model is also analysed in the other layout, a faster precision and twice the batch.
    Reports that you have already may stand for both models.
    """
    target, task = _device(device), Task(read_inputs(inputs, kwargs), loss, optimizer)
    sizes = {"batch_size": batch_size, "resolution": resolution}
    asked: dict[str, Any] = {**sizes, "phase": phase, "precision": precision, "layout": layout, "task": task}
    asked |= {"host": host, "stack": stack}

    def analyse(what: Any, **change: Any) -> Report:
        return what if isinstance(what, Report) else analyze_on(what, [target], **asked | change)[0]

    report = analyse(model)
    if against is not None:
        return Result(explanation.explain(report, analyse(against)), explanation_writers.WRITERS)
    changes = () if report is model else _alternatives(report, target, keeps_batch=task.inputs is not None)
    return Result(
        savings.find_losses(report, [analyse(model, **change) for change in changes]), explanation_writers.WRITERS
    )


def _alternatives(report: Report, target: Device, *, keeps_batch: bool) -> Iterator[dict[str, Any]]:
    """Return what else to ask of the model: another layout, precision or batch, which inputs of its own decide."""
    for change in savings.alternative_workloads(report.workload, precisions(target)):
        same = change.batch_size == report.workload.batch_size
        if same or not keeps_batch:
            batch = {} if keeps_batch else {"batch_size": change.batch_size}
            yield {"precision": change.precision, "layout": change.layout, **batch}


@in_python
def ablate(
    model: str,
    *,
    device: str | Path | Device = "a100",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName | None = None,
    precision: PrecisionName | None = None,
    layout: BestLayout = "best",
    host: str | Path = DEFAULT_HOST,
    stack: str = "",
) -> Result[Ablation]:
    """Vary a ConvNeXt or InceptionNeXt one choice at a time, as its paper does, beside what was published.

    `phase` None is both. ModelError where there is no study of `model`.
    """
    variants = ablation.variants(model)
    target = [_device(device)]
    phases = PHASES if phase is None else (phase,)
    asked = {"batch_size": batch_size, "resolution": resolution, "precision": precision, "host": host, "stack": stack}
    cells = [_reports(variant.model, target, phases, layout, Task(), asked)[0] for variant in variants]
    return Result(ablation.ablate(list(zip(variants, cells, strict=True))), ablation_writers.WRITERS)


@in_python
def sweep(
    model: str,
    values: str,
    *,
    device: str | Path | Device = "a100",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName | None = None,
    precision: PrecisionName | None = None,
    layout: BestLayout = "best",
    host: str | Path = DEFAULT_HOST,
    stack: str = "",
) -> Result[Sweep]:
    """Give one number of a model of memprof's own several values: `sweep("convnext_t", "kernel=3..31")`.

    `values` is an option and a range (`kernel=3..31`, `kernel=3..31:4`) or a list (`kernel=3,7,11`). `phase` None is
    both. ModelError where the model has no such option.
    """
    planned = sweeps.plan(model, values)
    target = [_device(device)]
    phases = PHASES if phase is None else (phase,)
    asked = {"batch_size": batch_size, "resolution": resolution, "precision": precision, "host": host, "stack": stack}
    cells = [_reports(setting.model, target, phases, layout, Task(), asked)[0] for setting in planned.settings]
    return Result(sweeps.sweep(planned, cells), sweep_writers.WRITERS)


def _reports(
    model: Any,
    targets: Sequence[Device],
    phases: Iterable[str],
    layout: str,
    task: Task,
    asked: Mapping[str, Any],
) -> list[list[Report]]:
    """Return for each device the reports of a model, in every phase and every layout asked for, otherwise `asked`."""
    cells: list[list[Report]] = [[] for _ in targets]
    for phase in phases:
        given = task if phase != INFER else replace(task, optimizer=SGD)
        for one in LAYOUTS if layout == BEST else (layout,):
            reports = analyze_on(model, targets, task=given, phase=phase, layout=one, **asked)
            for cell, report in zip(cells, reports, strict=True):
                cell.append(report)
    return cells


def _device(device: Any) -> Device:
    return catalogue.get(device) if isinstance(device, (str, Path)) else device


def _several(items: Any) -> list[Any]:
    return list(items) if isinstance(items, (list, tuple)) else [items]
