"""Reports made by hand: ConvNeXt-T, InceptionNeXt-T and ResNet-50 on an A100, row by row from their published shapes.

The traffic and time models here are cruder than memprof's own; the figures only have to be of the right size and
consistent with each other, so that writers can be tested without torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

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

A100 = DeviceCeilings(
    name="a100-sxm4-40gb",
    title="NVIDIA A100 SXM4 40 GB",
    memory_bytes_per_second={"dram": 1.555e12, "l2": 5.42e12, "l1": 108 * 128 * 1.41e9},
    peak_flops_per_second={"tensor": 156e12, "fp32": 19.5e12, "fp16": 78e12},
    memory_capacity_bytes=42.3e9,
    achievable={"dram_fraction": 0.8},
)
REACHED = 0.8
"""What kernels are taken to reach of every ceiling."""
LAUNCH_SECONDS, HOST_SECONDS = 3e-6, 8e-6
"""What the device needs to start a kernel of the three models, and the host to launch it."""
CONTEXT_BYTES = 0.6e9
ENVIRONMENT = {"memprof": "0.1.0", "python": "3.11.7", "torch": "2.14.1", "platform": "Linux-6.1-x86_64"}
BATCH = 128
DIMS, DEPTHS, SIDES = (96, 192, 384, 768), (3, 3, 9, 3), (56, 28, 14, 7)


@dataclass(frozen=True)
class Cost:
    """FLOPs and bytes of one row, before they are held against a device."""

    flops: float
    dram: float
    l2: float
    l1: float


def row(
    name: str,
    kind: str,
    module: str,
    shapes: Sequence[tuple[int, ...]],
    *,
    cost: Cost,
    engine: str = "fp32",
    phase: str = "forward",
    device: DeviceCeilings = A100,
) -> OperatorRow:
    """Hold `cost` against the ceilings of `device`: the slowest binds, and is predicted to be reached to 80 %."""
    times = {engine: cost.flops / device.peak_flops_per_second[engine]}
    for level, moved in (("dram", cost.dram), ("l2", cost.l2), ("l1", cost.l1)):
        if level in device.memory_bytes_per_second:
            times[level] = moved / device.memory_bytes_per_second[level]
    bound = max(times, key=times.__getitem__)
    least = times[bound]
    return OperatorRow(
        name=f"aten::{name}",
        kind=kind,
        module=module,
        phase=phase,
        input_shapes=tuple(shapes),
        dtype="float32",
        calls=1,
        flops=cost.flops,
        dram_bytes=cost.dram,
        l2_bytes=cost.l2,
        l1_bytes=cost.l1,
        intensity_dram=cost.flops / cost.dram if cost.dram else None,
        intensity_l2=cost.flops / cost.l2 if cost.l2 else None,
        intensity_l1=cost.flops / cost.l1 if cost.l1 else None,
        engine=engine,
        bound=bound,
        attainable_flops_per_second=cost.flops / least if least else 0.0,
        launches=1,
        seconds=least / REACHED,
        roofline_seconds=least,
    )


def launched(item: OperatorRow) -> OperatorRow:
    """Add the time that starting the row's kernels takes; where it is the longest part, it becomes the bound."""
    starting = LAUNCH_SECONDS * item.launches
    bound = "launch" if starting > item.seconds else item.bound
    return replace(item, seconds=item.seconds + starting, bound=bound)


def matmul_cost(m: int, n: int, k: int) -> Cost:
    """Cost an m x k by k x n product in 128 x 128 tiles of warps of 64 x 32, fp32 in memory."""
    read = 4 * (m * k * -(-n // 128) + n * k * -(-m // 128))
    return Cost(2 * m * n * k, 4 * (m * k + k * n + m * n), read + 4 * m * n, 4 * m * n * k * (1 / 64 + 1 / 32))


def linear(module: str, tokens: int, inputs: int, outputs: int) -> OperatorRow:
    shapes = [(outputs,), (tokens, inputs), (inputs, outputs)]
    return row("addmm", "matmul", module, shapes, cost=matmul_cost(tokens, outputs, inputs), engine="tensor")


def convolution(
    module: str, channels: int, outputs: int, side: int, *, kernel: tuple[int, int], stride: int = 1
) -> OperatorRow:
    taps, out = prod(kernel), side // stride
    products = matmul_cost(BATCH * out * out, outputs, channels * taps)
    dram = 4 * BATCH * (channels * side * side + outputs * out * out) + 4 * outputs * channels * taps
    shapes = [(BATCH, channels, side, side), (outputs, channels, *kernel)]
    return row("convolution", "convolution", module, shapes, cost=replace(products, dram=dram), engine="tensor")


def depthwise(module: str, channels: int, side: int, kernel: tuple[int, int]) -> OperatorRow:
    """For each output k*k inputs and k*k weights are loaded and one value is stored."""
    taps, values = prod(kernel), BATCH * channels * side * side
    cost = Cost(2 * taps * values, 8 * values, 8 * values, (8 * taps + 4) * values)
    shapes = [(BATCH, channels, side, side), (channels, 1, *kernel)]
    return row("convolution", "depthwise convolution", module, shapes, cost=cost)


def pointwise(
    name: str, kind: str, module: str, shape: tuple[int, ...], *, per_value: int, tensors: int
) -> OperatorRow:
    """Cost an operator that reads and writes `tensors` tensors once and does `per_value` FLOPs for each value."""
    values, moved = prod(shape), 4 * tensors * prod(shape)
    return row(name, kind, module, [shape] * (tensors - 1), cost=Cost(per_value * values, moved, moved, moved))


def _mlp(block: str, channels: int, side: int) -> Iterator[OperatorRow]:
    tokens = BATCH * side * side
    yield linear(f"{block}.mlp.fc1", tokens, channels, 4 * channels)
    yield pointwise(
        "gelu", "elementwise", f"{block}.mlp.act", (BATCH, side, side, 4 * channels), per_value=8, tensors=2
    )
    yield linear(f"{block}.mlp.fc2", tokens, 4 * channels, channels)
    yield pointwise("mul", "elementwise", block, (BATCH, side, side, channels), per_value=1, tensors=2)
    yield pointwise("add", "elementwise", block, (BATCH, side, side, channels), per_value=1, tensors=3)


def convnext() -> Iterator[OperatorRow]:
    yield convolution("stem.0", 3, 96, 224, kernel=(4, 4), stride=4)
    for stage, (channels, depth, side) in enumerate(zip(DIMS, DEPTHS, SIDES, strict=True)):
        if stage:
            down = f"stages.{stage}.downsample"
            previous = DIMS[stage - 1]
            shape = (BATCH, 2 * side, 2 * side, previous)
            yield pointwise("native_layer_norm", "normalization", f"{down}.0", shape, per_value=5, tensors=2)
            yield convolution(f"{down}.1", previous, channels, 2 * side, kernel=(2, 2), stride=2)
        for index in range(depth):
            block = f"stages.{stage}.blocks.{index}"
            yield depthwise(f"{block}.conv_dw", channels, side, (7, 7))
            shape = (BATCH, side, side, channels)
            yield pointwise("native_layer_norm", "normalization", f"{block}.norm", shape, per_value=5, tensors=2)
            yield from _mlp(block, channels, side)
    yield from _head(768)


def inceptionnext() -> Iterator[OperatorRow]:
    yield convolution("stem.0", 3, 96, 224, kernel=(4, 4), stride=4)
    for stage, (channels, depth, side) in enumerate(zip(DIMS, DEPTHS, SIDES, strict=True)):
        if stage:
            shape = (BATCH, DIMS[stage - 1], 2 * side, 2 * side)
            yield pointwise(
                "native_batch_norm", "normalization", f"stages.{stage}.downsample.0", shape, per_value=2, tensors=2
            )
            yield convolution(
                f"stages.{stage}.downsample.1", DIMS[stage - 1], channels, 2 * side, kernel=(2, 2), stride=2
            )
        for index in range(depth):
            block = f"stages.{stage}.blocks.{index}"
            for branch, kernel in (("dwconv_hw", (3, 3)), ("dwconv_w", (1, 11)), ("dwconv_h", (11, 1))):
                yield depthwise(f"{block}.token_mixer.{branch}", channels // 8, side, kernel)
            shape = (BATCH, channels, side, side)
            yield pointwise("cat", "layout", f"{block}.token_mixer", shape, per_value=0, tensors=2)
            yield pointwise("native_batch_norm", "normalization", f"{block}.norm", shape, per_value=2, tensors=2)
            yield from _mlp(block, channels, side)
    yield from _head(768)


def resnet50() -> Iterator[OperatorRow]:
    yield from _conv_bn_relu("conv1", 3, 64, 224, kernel=7, stride=2)
    yield pointwise("max_pool2d", "pooling", "maxpool", (BATCH, 64, 56, 56), per_value=9, tensors=5)
    channels = 64
    for stage, (width, depth, side) in enumerate(zip((64, 128, 256, 512), (3, 4, 6, 3), SIDES, strict=True), 1):
        for index in range(depth):
            block, stride = f"layer{stage}.{index}", 2 if stage > 1 and index == 0 else 1
            yield from _conv_bn_relu(f"{block}.conv1", channels, width, side * stride, kernel=1, stride=1)
            yield from _conv_bn_relu(f"{block}.conv2", width, width, side * stride, kernel=3, stride=stride)
            yield from _conv_bn_relu(f"{block}.conv3", width, 4 * width, side, kernel=1, stride=1)
            if index == 0:
                yield convolution(
                    f"{block}.downsample.0", channels, 4 * width, side * stride, kernel=(1, 1), stride=stride
                )
            yield pointwise("add_", "elementwise", block, (BATCH, 4 * width, side, side), per_value=1, tensors=3)
            channels = 4 * width
    yield from _head(2048)


def _conv_bn_relu(
    module: str, channels: int, outputs: int, side: int, *, kernel: int, stride: int
) -> Iterator[OperatorRow]:
    yield convolution(module, channels, outputs, side, kernel=(kernel, kernel), stride=stride)
    shape = (BATCH, outputs, side // stride, side // stride)
    yield pointwise("native_batch_norm", "normalization", module.replace("conv", "bn"), shape, per_value=2, tensors=2)
    yield pointwise("relu_", "elementwise", module.rpartition(".")[0] or "relu", shape, per_value=1, tensors=2)


def _head(channels: int) -> Iterator[OperatorRow]:
    yield pointwise("mean", "reduction", "head.global_pool", (BATCH, channels, 7, 7), per_value=1, tensors=1)
    yield linear("head.fc", BATCH, channels, 1000)


def training(forward: Sequence[OperatorRow], parameters: int) -> tuple[OperatorRow, ...]:
    """Add a backward pass that costs twice the forward's operators, and one optimizer step."""
    sums = ("flops", "dram_bytes", "l2_bytes", "l1_bytes", "calls", "launches", "seconds", "roofline_seconds")
    backward = [
        replace(
            item,
            name="aten::convolution_backward" if "conv" in item.name else f"{item.name}_backward",
            phase="backward",
            **{key: 2 * getattr(item, key) for key in sums},
        )
        for item in reversed(forward)
    ]
    moved = 5 * 4 * parameters
    cost = Cost(4 * parameters, moved, moved, moved)
    step = row("_fused_sgd_", "optimizer", "", [(parameters,)], cost=cost, phase="optimizer")
    return (*forward, *backward, launched(step))


_MODELS = {
    "convnext_t": (convnext, 28_589_128, 4.456e9),
    "inceptionnext_t": (inceptionnext, 28_060_000, 4.195e9),
    "resnet50": (resnet50, 25_557_032, 4.089e9),
}


def sample(model: str = "convnext_t", phase: str = "infer") -> Report:
    """Return the report of one of the three models."""
    rows_of, parameters, macs = _MODELS[model]
    rows = tuple(map(launched, rows_of()))
    if phase == "train":
        rows = training(rows, parameters)
    return assemble(rows, Workload(model, BATCH, 224, phase, "tf32", "channels-last"), parameters, macs)


def assemble(
    rows: tuple[OperatorRow, ...],
    workload: Workload,
    parameters: int = 0,
    macs: float = 0,
    device: DeviceCeilings = A100,
) -> Report:
    """Put rows into a report whose totals are their sums."""
    seconds, least = sum(item.seconds for item in rows), sum(item.roofline_seconds for item in rows)
    launches = sum(item.launches for item in rows)
    totals = Totals(
        parameters=parameters,
        macs_per_image=macs,
        flops=sum(item.flops for item in rows),
        dram_bytes=sum(item.dram_bytes for item in rows),
        l2_bytes=sum(item.l2_bytes for item in rows),
        l1_bytes=sum(item.l1_bytes for item in rows),
        launches=launches,
        seconds=seconds,
        images_per_second=workload.batch_size / seconds if seconds else 0.0,
        roofline_seconds=least,
        roofline_images_per_second=workload.batch_size / least if least else 0.0,
        host_seconds=HOST_SECONDS * launches,
    )
    held = memory(workload, 4.0 * parameters, device)
    return Report(SCHEMA, workload, device, totals, held, rows, Coverage(1.0, 1.0, 60), (), ENVIRONMENT)


def memory(workload: Workload, weights: float, device: DeviceCeilings = A100) -> Memory:
    """Return what a step holds at once: training keeps gradients, momentum, and 200 MB of activations an image."""
    trains = workload.phase == "train"
    activations = workload.batch_size * (200e6 if trains else 14e6)
    peak = activations + weights * (3 if trains else 1)
    fits = None if device.memory_capacity_bytes is None else peak + CONTEXT_BYTES <= device.memory_capacity_bytes
    return Memory(peak, weights, weights * trains, weights * trains, activations, fits)


def incomplete() -> Report:
    """Return a report with an unknown operator, a warning, and names that only a hostile user would choose."""
    report = sample()
    script = "<script>alert(1)</script>"
    rows = tuple(replace(item, module=item.module.replace("stem", script)) for item in report.operators)
    evil = "custom::<b>scan</b>"
    unknown = (UnknownOperator(evil, 2, 5.1e8),)
    warning = ReportWarning("unknown-operator", f"1 operator has no formula: {evil}", "teach it in operators/")
    return replace(
        report,
        workload=replace(report.workload, model="evil</script><script>alert(1)</script>"),
        operators=rows,
        coverage=Coverage(0.995, 0.979, 60, unknown),
        warnings=(warning,),
    )
