"""The codes that records, formulas and writers share, each stated once; `memprof.words` says what people call them."""

from __future__ import annotations

from enum import StrEnum

DRAM, L2, L1 = MEMORY_LEVELS = ("dram", "l2", "l1")
"""Memory levels, outermost first."""

TENSOR, FP32, FP16 = ENGINES = ("tensor", "fp32", "fp16")
"""What computes: tensor cores, CUDA cores, and CUDA cores with two fp16 operations at once."""

LAUNCH, HOST = WAITING = ("launch", "host")
"""Bounds that are no ceiling of the device: neither data nor arithmetic sets the pace."""

HOST_MATTERS = 0.1
"""Share of a step's predicted time bound by the host from which errors of other steps say nothing about it: those were
compared without their waits for a host."""

ISSUE, LATENCY = ("issue", "latency")
"""Bounds inside the SMs: the instructions that their schedulers issue, and loads that wait for one another."""

UNBOUND = "unknown"
"""The bound of an operator that no ceiling bounds."""

SGD, ADAMW = OPTIMIZERS = ("sgd", "adamw")
"""Updates of a training step that have a name; a user may bring others."""
INFER, TRAIN = PHASES = ("infer", "train")
"""What a step of a workload is: forward only, or forward, backward and the optimizer's update."""

CHANNELS_FIRST, CHANNELS_LAST = LAYOUTS = ("channels-first", "channels-last")
"""How images and weights lie in memory."""

TODAYS_STACK = "today's PyTorch"
"""What the stack of a workload is called that names none."""

GPU, CPU = "gpu", "cpu"
"""The kinds of a device; see `memprof.report.DeviceCeilings`."""

AMD = "amd"
"""The family of GPUs that have matrix cores and vector units, not tensor and CUDA cores: `DeviceCeilings.family`."""

GROUPINGS = ("operator", "module", "kind", "phase", "shape")
"""What a table of the most expensive may group by; a digest has the groups of each in its plural."""

SCALED_TIMES = "scaled-times"
"""The code of the warning of a report whose times were measured on one device and scaled to another."""

NANOSECOND = 1e-9
"""In seconds."""


class Kind(StrEnum):
    """The families that reports group and colour operators by."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise convolution"
    MATMUL = "matmul"
    ATTENTION = "attention"
    NORMALIZATION = "normalization"
    ELEMENTWISE = "elementwise"
    REDUCTION = "reduction"
    POOLING = "pooling"
    LAYOUT = "layout"
    OPTIMIZER = "optimizer"
    UNKNOWN = "unknown"


class DeviceClass(StrEnum):
    """How close a GPU is to those whose predictions were held against measurements."""

    FITTED = "fitted"
    """It is one of them."""
    GENERATION = "generation"
    """One of them has its compute capability."""
    DATASHEET = "datasheet"
    """No GPU of its generation was ever compared: all that is known of it is its datasheet."""


class StepsFrom(StrEnum):
    """What the steps of a trace are known from."""

    MARKS = "marks"
    """The profiler's own ("ProfilerStep#5")."""
    UPDATES = "updates"
    """Calls of the optimizer."""
    OPERATORS = "operators"
    """A sequence of them that repeats."""
    NOTHING = "nothing"
    """None is known: all counts as one."""


class Phase(StrEnum):
    """The part of a step that an operator call belongs to."""

    FORWARD = "forward"
    BACKWARD = "backward"
    OPTIMIZER = "optimizer"
