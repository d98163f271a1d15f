"""One model analysed, or measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memprof.analysis import simulated
from memprof.api.speaking import in_python
from memprof.api.words import LayoutName, PhaseName, PrecisionName
from memprof.devices.hosts import DEFAULT_HOST
from memprof.profiles.task import Task
from memprof.tensors.inputs import read_inputs

if TYPE_CHECKING:
    from torch import Tensor, nn

    from memprof.devices.hosts import Host
    from memprof.devices.record import Device
    from memprof.profiles.task import MakeOptimizer
    from memprof.report.record import Report


@in_python
def analyze(
    model: str | nn.Module | Callable[[], nn.Module],
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: Literal["sgd", "adamw"] | MakeOptimizer = "sgd",
    device: str | Path | Device = "a100",
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName = "infer",
    precision: PrecisionName | None = None,
    layout: LayoutName = "channels-last",
    host: str | Path | Host = DEFAULT_HOST,
    stack: str = "",
) -> Report:
    """Analyse one step of a model on a device that need not be there.

    `model` is a name or spec (see memprof.models.create_model), a torch.nn.Module, which stays as it is, or a class or
    function that builds one. `inputs` are the positional arguments of its forward: a tuple of tensors, or of
    memprof.spec("2x3x224x224", "float32"), possibly nested in tuples, lists and dicts; or a single one. `kwargs` are
    its keyword arguments. Tensors are only read for shape and dtype. Without both the model is given images
    (batch_size, 3, resolution, resolution); with them, `batch_size` is the first size of the first tensor unless given.

    `phase` is "infer" (forward) or "train" (forward, loss, backward, optimizer). `loss` is a function of the output
    that returns one number; without it, the model's own loss, or the cross-entropy of the scores in its output, or the
    mean squared error of what it returns, and the report says which. `optimizer` is "sgd" (Nesterov momentum), "adamw",
    or a function of the list of parameters that returns a torch.optim.Optimizer.

    `device` is a name of the catalogue or the path of a device file. `resolution` defaults to the model's own (mostly
    224). `precision` is one of memprof.tensors.precision.PRECISIONS; it defaults to that of the model's own parameters
    where these are 16-bit, else to tf32 where the device has it, else fp32. `layout` is "channels-last" or
    "channels-first". `host` is what launches the kernels: a name of `memprof devices --hosts`, or the path of a host
    file; "cuda-graphs" takes the host away. `stack` is what the step runs on where that is not today's PyTorch: "torch
    1.13", "torch 2.4, attention in steps" (see memprof.tensors.stack.parse_stack).

        memprof.analyze(my_model, (images, tokens), device="h100", phase="train").plot()

    Raises WorkloadError, ModelError or DeviceError, each with what to do about it.
    """
    asked = partial(simulated.analyze_on, model, [device], task=Task(read_inputs(inputs, kwargs), loss, optimizer))
    sized = partial(asked, batch_size=batch_size, resolution=resolution)
    return sized(phase=phase, precision=precision, layout=layout, host=host, stack=stack)[0]


@in_python
def measure(
    model: str | nn.Module | Callable[[], nn.Module],
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: Literal["sgd", "adamw"] | MakeOptimizer = "sgd",
    device: Literal["cpu", "cuda"] = "cpu",
    roof: str | Path | None = None,
    batch_size: int | None = None,
    resolution: int | None = None,
    phase: PhaseName = "infer",
    precision: PrecisionName | None = None,
    layout: LayoutName = "channels-last",
    warm_up: int = 10,
    repeat: int | None = None,
    compiled: bool = False,
) -> Report:
    """Run steps of a model on `device`, "cpu" or "cuda", and report how long its operators took.

    A model given by name has random weights; one that you hold is copied, since training changes it. Inputs are noise
    of the shapes given, and zeros where they are no floating-point numbers. `roof`
    is the device that operators are held against, a name or a file: by default `host`, which `memprof calibrate` makes,
    or the GPU by the name, processors and memory that CUDA reports. `batch_size` defaults to 8 on a CPU and 128 on a
    GPU; `precision` to fp32 on a CPU, and on a GPU to what fp32 tensors run as there. `repeat` steps are timed one by
    one, by default for three seconds and at least six; then some with the profiler. `compiled` runs the model through
    torch.compile. The rest is as in `memprof.analyze`.

    Raises WorkloadError, ModelError or DeviceError, each with what to do about it.
    """
    from memprof.analysis import measured

    return measured.measure(
        model,
        inputs,
        kwargs,
        loss=loss,
        optimizer=optimizer,
        device=device,
        roof=roof,
        batch_size=batch_size,
        resolution=resolution,
        phase=phase,
        precision=precision,
        layout=layout,
        warm_up=warm_up,
        repeat=repeat,
        compiled=compiled,
    )
