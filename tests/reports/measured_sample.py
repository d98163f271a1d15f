"""Measured reports made by hand: the samples as if a trace of an A100 held them, and as if a CPU had run them.

Each kind of operator reaches a fraction of its roof that is written here, so that what is measured can be redone by
hand: least time over fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from memprof.report.record import Coverage, DeviceCeilings, OperatorRow, Report, UnknownOperator
from memprof.report.run import DeviceTime, Gap, KernelRow, Measured, Reading, Stray, Telemetry, Timing
from tests.reports.sample import BATCH, assemble, sample

REACHED_BY_KIND = {
    "convolution": 0.7,
    "depthwise convolution": 0.4,
    "matmul": 0.62,
    "normalization": 0.55,
    "elementwise": 0.8,
    "reduction": 0.5,
    "pooling": 0.6,
    "layout": 0.75,
    "optimizer": 0.8,
}
"""What of its roof an operator of each kind is measured to reach."""
STEM_REACHED = 1.32
"""The first convolution is measured to be faster than its roof."""
_AT = "void at::native::(anonymous namespace)::"
KERNELS = {
    "convolution": "sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32_nhwckrsc_nhwc_tilesize128x128x16_kernel_cudnn",
    "depthwise convolution": f"{_AT}conv_depthwise2d_forward_kernel<7, float, int>(float const*)",
    "matmul": "ampere_sgemm_128x64_tn",
    "elementwise": "void at::native::vectorized_elementwise_kernel<4, at::native::GeluCUDAKernelImpl>(int)",
    "normalization": f"{_AT}vectorized_layer_norm_kernel<float, float>(int, float)",
}
INFERRED = "groups from the shapes of input and weight, stride 1"
COUNTED = {"dram": 1.07, "l2": 0.93, "l1": 1.31}
"""Counted over modelled bytes of convolutions and element-wise operators."""
STRAYS = (
    Stray("ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevComm*)", "communication", "no recorded shapes", 6, 5.1e-3),
    Stray("Memcpy HtoD (Pinned -> Device)", "copy", "no operator with shapes around it", 2, 3.2e-3),
    Stray("void cutlass::Kernel<cutlass_80_tensorop>(Params)", "kernel", "its launch is not in the trace", 4, 0.7e-3),
    Stray("Memset (Device)", "fill", "no operator with shapes around it", 30, 0.1e-3),
)
IDLE, LAUNCH_BOUND, OVERLAP = 9e-3, 6.5e-3, 4e-3
GAPS = (
    Gap(2.1e-3, 3.9e-3, "Memcpy HtoD (Pinned -> Device)", KERNELS["convolution"], waited_for_host=True),
    Gap(71.4e-3, 1.4e-3, KERNELS["depthwise convolution"], KERNELS["matmul"], waited_for_host=True),
    Gap(
        90.2e-3,
        0.6e-3,
        "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevComm*)",
        KERNELS["elementwise"],
        waited_for_host=False,
    ),
)
TELEMETRY = Telemetry(
    samples=240,
    sm_clock_hz=Reading(1.095e9, 1.28e9, 1.41e9),
    memory_clock_hz=Reading(1.215e9, 1.215e9, 1.215e9),
    power_watts=Reading(212.0, 361.0, 402.0),
    temperature_celsius=Reading(51.0, 71.0, 78.0),
    memory_used_bytes=None,
    energy_joules_per_image=0.134,
    throttle_reasons=("software power cap",),
    throttled=True,
    missing=("memory in use",),
)
HOST = DeviceCeilings(
    name="host",
    title="AMD EPYC 7B13, 2 threads",
    memory_bytes_per_second={"dram": 21e9, "l2": 110e9, "l1": 260e9},
    peak_flops_per_second={"tensor": 180e9, "fp32": 120e9},
    memory_capacity_bytes=None,
    kind="cpu",
)


def with_measurement(row: OperatorRow, fraction: float, *, kernels: bool = True, counted: bool = False) -> OperatorRow:
    """Return the row as if it had been measured to reach `fraction` of its roof."""
    seconds = row.roofline_seconds / fraction
    name = KERNELS.get(row.kind, "void at::native::elementwise_kernel<128, 4>(int)")
    moved = {f"counted_{level}_bytes": ratio * getattr(row, f"{level}_bytes") for level, ratio in COUNTED.items()}
    return replace(
        row,
        measured_seconds=seconds,
        percent_of_roof=100 * row.roofline_seconds / seconds if row.roofline_seconds else None,
        kernels=(KernelRow(name, "kernel", row.launches, seconds),) if kernels else (),
        inferred=INFERRED if "conv" in row.kind else "",
        **(moved if counted else {}),
    )


def unbound(name: str, seconds: float) -> OperatorRow:
    """Return a row of an operator that no formula knows, as `memprof.analysis.rows.idle_rows` makes it."""
    return OperatorRow(
        name=name,
        kind="unknown",
        module="head",
        phase="forward",
        input_shapes=((BATCH, 49, 768),),
        dtype="float32",
        calls=2,
        flops=0.0,
        dram_bytes=0.0,
        l2_bytes=0.0,
        l1_bytes=0.0,
        intensity_dram=None,
        intensity_l2=None,
        intensity_l1=None,
        engine="fp32",
        bound="unknown",
        attainable_flops_per_second=0.0,
        launches=0,
        seconds=0.0,
        roofline_seconds=0.0,
        measured_seconds=seconds,
        kernels=(KernelRow("scan_fwd_kernel", "kernel", 2, seconds),),
    )


def traced(model: str = "convnext_t", phase: str = "train", steps: int = 1) -> Report:
    """Return the report of a trace of a sample, with an operator without a formula, copies, communication and gaps."""
    whole = sample(model, phase)
    rows = [
        with_measurement(row, _reached(row), counted=row.kind.endswith(("convolution", "wise")))
        for row in whole.operators
    ]
    rows.append(unbound("custom::scan", 1.2e-3))
    report = assemble(tuple(rows), replace(whole.workload, model=f"{model}.json.gz", resolution=None))
    kernels = _measured_seconds(rows) + sum(
        item.seconds for item in STRAYS if item.activity in ("kernel", "communication")
    )
    busy = kernels + 3.3e-3 - OVERLAP
    span = busy + IDLE
    time = DeviceTime(
        span_seconds=span,
        busy_seconds=busy,
        idle_seconds=IDLE,
        launch_bound_seconds=LAUNCH_BOUND,
        kernel_seconds=kernels,
        copy_seconds=3.2e-3,
        fill_seconds=0.1e-3,
        communication_seconds=5.1e-3,
        exposed_communication_seconds=2.2e-3,
        gaps=GAPS,
    )
    attributed = _measured_seconds(rows) / (_measured_seconds(rows) + sum(item.seconds for item in STRAYS))
    measured = Measured(
        source="trace",
        origin=(f"{model}.json.gz",),
        device_name="NVIDIA A100-SXM4-40GB",
        steps=steps,
        seconds=span,
        images_per_second=BATCH * steps / span,
        attributed_share=attributed,
        strays=STRAYS,
        device_time=time,
    )
    unknown = (UnknownOperator("custom::scan", 2, 3.8e7),)
    covered = Coverage(0.995, 0.992, 212, unknown)
    return replace(_told(report, rows), memory=None, measured=measured, coverage=covered)


def run(model: str = "resnet50", phase: str = "infer", *, throttled: bool = True) -> Report:
    """Return the report of a run on a GPU that was timed step by step, with telemetry."""
    whole = sample(model, phase)
    rows = [with_measurement(row, _reached(row)) for row in whole.operators]
    report = assemble(tuple(rows), whole.workload, whole.totals.parameters, whole.totals.macs_per_image)
    busy = _measured_seconds(rows)
    span = busy + 2e-3
    time = DeviceTime(span, busy, 2e-3, 0.2e-3, busy, 0.0, 0.0, 0.0, 0.0)
    measured = Measured(
        "run", ("cuda:0",), "NVIDIA A100-SXM4-40GB", 1, span, BATCH / (0.98 * span), 1.0, (), time, _timing(0.98 * span)
    )
    return replace(_told(report, rows), measured=measured, telemetry=replace(TELEMETRY, throttled=throttled))


def on_cpu(model: str = "resnet50") -> Report:
    """Return the report of a run on a CPU: no kernels, no prediction beyond the bound, times of calls."""
    whole = sample(model)
    rows = []
    for item in whole.operators:
        peaks, bandwidths = HOST.peak_flops_per_second, HOST.memory_bytes_per_second
        times = {item.engine: item.flops / peaks[item.engine]}
        times |= {level: getattr(item, f"{level}_bytes") / bandwidths[level] for level in bandwidths}
        bound = max(times, key=times.__getitem__)
        rate = item.flops / times[bound]
        bounded = replace(
            item, bound=bound, seconds=times[bound], roofline_seconds=times[bound], attainable_flops_per_second=rate
        )
        rows.append(with_measurement(bounded, REACHED_BY_KIND[item.kind], kernels=False))
    workload = replace(whole.workload, precision="fp32")
    report = assemble(tuple(rows), workload, whole.totals.parameters, whole.totals.macs_per_image, HOST)
    seconds = _measured_seconds(rows)
    measured = Measured(
        "run", ("cpu",), HOST.title, 1, seconds, BATCH / (0.94 * seconds), 1.0, timing=_timing(0.94 * seconds)
    )
    return replace(_told(report, rows), memory=None, measured=measured)


def _reached(row: OperatorRow) -> float:
    return STEM_REACHED if row.module == "stem.0" and row.phase == "forward" else REACHED_BY_KIND[row.kind]


def _timing(median: float) -> Timing:
    """Return seven steps around a median, from 1.2 % below to 2.5 % above it; the profiled one took 9 % longer."""
    steps = tuple(median * factor for factor in (0.988, 0.995, 0.998, 1.0, 1.004, 1.011, 1.025))
    return Timing(steps, median, 0.99 * median, 1.02 * median, 1.09 * median, 3)


def _measured_seconds(rows: Sequence[OperatorRow]) -> float:
    return float(sum(row.measured_seconds or 0.0 for row in rows))


def _told(report: Report, rows: Sequence[OperatorRow]) -> Report:
    return replace(report, totals=replace(report.totals, measured_seconds=_measured_seconds(rows)))
