"""The report: one frozen record of what an analysis found, and its JSON form, which is memprof's contract.

Schema history:
- memprof.report/1: the first. `seconds` is the roofline bound: the least time the device could need.
- memprof.report/2: `seconds` is the predicted time and `bound` names what sets it, "launch" and "host" among them; the
  least time is `roofline_seconds`. New: launches, host seconds, the memory that the step needs, what of its ceilings
  the device is taken to achieve.
- memprof.report/3: what was measured, where something was: `measured`, `telemetry`, and of every operator
  `measured_seconds`, `percent_of_roof`, `kernels` and counted bytes. `memory` is null where a report comes from a
  trace, `resolution` where a trace does not tell; both were always there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from memprof.errors import ReportError
from memprof.report.run import KernelRow, Measured, Telemetry
from memprof.report.showing import Shown
from memprof.vocabulary import DRAM, GPU, L1, L2, SGD

SCHEMA = "memprof.report/3"


@dataclass(frozen=True, slots=True)
class Workload:
    """What was analysed; reports of different workloads are not comparable.

    `resolution` in pixels (square images), None where a trace or the inputs have no such images; `phase` is "infer" or
    "train"; `layout` "channels-first" or "channels-last". `inputs` are the model's arguments where they were given
    ("2x77:int64, mask=2x77:bool"), "" for images of the batch and resolution; `optimizer` ends a training step. Of a
    trace, `model` is its file name, and the rest is what its operators tell; batch 0 and empty text are what is not
    known of one without operators. `stack` is what a simulated step runs on ("torch 1.13", see memprof.tensors.stack),
    "" for today's PyTorch, and where something else ran.
    """

    model: str
    batch_size: int
    resolution: int | None
    phase: str
    precision: str
    layout: str
    stack: str = ""
    inputs: str = ""
    optimizer: str = SGD

    @property
    def pixels(self) -> int:
        """Return the resolution; ReportError where a trace did not tell it."""
        if self.resolution is None:
            raise ReportError(f"the resolution of {self.model} is not known", "analyse the model itself")
        return self.resolution


@dataclass(frozen=True, slots=True)
class HostCosts:
    """What a processor needs to keep a GPU busy from Python, in seconds; see `memprof.devices.hosts.FIGURES`.

    Of an operator called from Python, of a cast that autocast makes, of a call that computes nothing (a view), of a
    call of the autograd engine, of entering a module, and of launching a kernel, which comes on top of its operator.
    """

    name: str
    title: str
    seconds_per_operator: float
    seconds_per_cast: float
    seconds_per_view: float
    seconds_per_backward: float
    seconds_per_module: float
    seconds_per_launch: float


@dataclass(frozen=True, slots=True)
class DeviceCeilings:
    """The ceilings the report holds operators against; a ceiling without a known figure is absent.

    `memory_bytes_per_second` by level: "dram", "l2", "l1". `peak_flops_per_second` by engine: "tensor" (at the
    workload's precision), "fp32" and "fp16" (CUDA cores). `memory_capacity_bytes` is None where not known. `achievable`
    are the constants of the time model, by the keys of `memprof.devices.figures`: what of each ceiling kernels reach,
    and seconds of starting one. `kind` is "gpu" or "cpu"; for a CPU there is no time model, so that what is predicted
    is the least time. `host` is what launches the kernels; None where they are taken to wait for nothing. `compared` is
    how close the device is to those that predictions were held against, a `memprof.vocabulary.DeviceClass`; "" where
    that is not known, and for a CPU. `maker` is "amd" for AMD's GPUs, "" for others.
    """

    name: str
    title: str
    memory_bytes_per_second: Mapping[str, float]
    peak_flops_per_second: Mapping[str, float]
    memory_capacity_bytes: float | None = None
    achievable: Mapping[str, float] = field(default_factory=dict)
    kind: str = GPU
    host: HostCosts | None = None
    compared: str = ""
    maker: str = ""

    @property
    def family(self) -> str:
        """Return what decides the words for its engines (`memprof.words`): "gpu", "amd" or "cpu"."""
        return self.maker if self.kind == GPU and self.maker else self.kind


@dataclass(frozen=True, slots=True)
class MemoryMoment:
    """The most bytes alive while an operator ran, and what of them gradients of parameters hold."""

    operator: str
    phase: str
    allocated_bytes: float
    gradients_bytes: float


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory that the step needs when it needs most, in bytes, by what holds it.

    `activations_bytes` is whatever is neither parameter, gradient nor optimizer state. `course` are moments of the step
    in order, () where they are not known; parameters and optimizer state are there from its beginning. `fits` says
    whether the peak and the CUDA context leave room on the device; None where the device's memory is not known.
    """

    peak_bytes: float
    parameters_bytes: float
    gradients_bytes: float
    optimizer_bytes: float
    activations_bytes: float
    fits: bool | None
    course: tuple[MemoryMoment, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the operators of one step, or of all steps that were measured (`Measured.steps`).

    `parameters` is a count, 0 where a trace does not tell; `macs_per_image` is that of one image's forward. `seconds`
    and `images_per_second` are predictions; `roofline_seconds` is the least the device could need, and
    `roofline_images_per_second` the most it could do. `host_seconds` is what Python and PyTorch need until the last
    of the step's `launches` kernels is launched. `measured_seconds` is what the operators took, None where nothing was
    measured. `relative_error` is how far `seconds` is typically off, as a fraction, None where nothing like it was ever
    compared.
    """

    parameters: int
    macs_per_image: float
    flops: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    launches: int
    seconds: float
    images_per_second: float
    roofline_seconds: float
    roofline_images_per_second: float
    host_seconds: float
    measured_seconds: float | None = None
    relative_error: float | None = None


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """`calls` equal calls of one operator in one module; FLOPs, bytes, launches and seconds are summed over them.

    `seconds` is predicted: the rows' seconds add up to the step's, where kernels were timed without their waits for the
    host, which are no time of theirs. `bound` names what sets most of it: a ceiling
    ("dram", "l2", "l1", or an engine: "tensor", "fp32", "fp16"), "launch" (the latency of starting kernels) or "host"
    (the device waits for the next launch). `roofline_seconds` is the least the ceilings allow,
    `attainable_flops_per_second` is `flops / roofline_seconds`. `engine` is the compute ceiling that its FLOPs are held
    against. Intensities in FLOP per byte, None where no byte crosses that level.

    What was measured is None or empty where nothing was. `measured_seconds` is the sum of `kernels`, or on a CPU the
    time of the calls; `percent_of_roof` is 100 x roofline_seconds / measured_seconds, None where no ceiling bounds the
    operator; above 100 it beats a ceiling, which is a finding to explain. Counted bytes are those of hardware counters.
    `inferred` says which arguments the profile had not recorded. `input_layouts` say how the inputs lie in memory:
    "channels-last", "channels-first", "contiguous" (ranks other than 4 and 5), "strided" or "unknown". `relative_error`
    is that of `seconds`, as in `Totals`.
    """

    name: str
    kind: str
    module: str
    phase: str
    input_shapes: tuple[tuple[int, ...], ...]
    dtype: str
    calls: int
    flops: float
    dram_bytes: float
    l2_bytes: float
    l1_bytes: float
    intensity_dram: float | None
    intensity_l2: float | None
    intensity_l1: float | None
    engine: str
    bound: str
    attainable_flops_per_second: float
    launches: int
    seconds: float
    roofline_seconds: float
    measured_seconds: float | None = None
    percent_of_roof: float | None = None
    kernels: tuple[KernelRow, ...] = ()
    counted_dram_bytes: float | None = None
    counted_l2_bytes: float | None = None
    counted_l1_bytes: float | None = None
    inferred: str = ""
    input_layouts: tuple[str, ...] = ()
    relative_error: float | None = None

    def bytes_at(self, level: str) -> float:
        """Return the bytes that cross the memory level `level`: "dram", "l2" or "l1"."""
        return {DRAM: self.dram_bytes, L2: self.l2_bytes, L1: self.l1_bytes}[level]


@dataclass(frozen=True, slots=True)
class UnknownOperator:
    """An operator without a formula: its calls and the bytes of its inputs are in no total."""

    name: str
    calls: int
    input_bytes: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the profile has a formula or is declared free.

    `calls` and `bytes` are fractions from 0 to 1; unknown operators count with the bytes of their inputs, and what
    could not be read of a trace lowers both. `free_calls` counts calls that move nothing, such as views.
    """

    calls: float
    bytes: float
    free_calls: int
    unknown: tuple[UnknownOperator, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportWarning:
    """Something to know about a report, with what to do about it; `code` is stable, so that a gate can count it."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, repr=False)
class Report(Shown):
    """What memprof found out about one workload on one device: `totals`, and `operators`, a row for equal calls.

    In a notebook it shows itself. `plot`, `plot_time` and `plot_memory` draw on matplotlib's axes, `save` writes a
    file, `to_pandas` gives the operators as a table, `to_json` everything.
    """

    schema: str
    workload: Workload
    device: DeviceCeilings
    totals: Totals
    memory: Memory | None
    operators: tuple[OperatorRow, ...]
    coverage: Coverage
    warnings: tuple[ReportWarning, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    measured: Measured | None = None
    telemetry: Telemetry | None = None

    def to_json(self) -> str:
        """Return the report as indented JSON text, ending in a newline."""
        from memprof.report.reading import dump_reports

        return dump_reports([self])

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read one report from JSON; ReportError where the text is not a report of this schema."""
        from memprof.report.reading import load_reports

        reports = load_reports(text)
        if len(reports) != 1:
            raise ReportError(f"the file holds {len(reports)} reports", "read it with memprof.report.load_reports")
        return reports[0]
