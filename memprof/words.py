"""What reports call things: the words for operator kinds, ceilings, bounds and engines, each in one place.

Reports may come from a newer memprof: a word that is not known here is printed as it stands.
"""

from __future__ import annotations

import re

from memprof.vocabulary import (
    AMD,
    CPU,
    DRAM,
    FP16,
    FP32,
    HOST,
    INFER,
    ISSUE,
    L1,
    L2,
    LATENCY,
    LAUNCH,
    TENSOR,
    TODAYS_STACK,
    TRAIN,
    UNBOUND,
    WAITING,
    Kind,
    Phase,
    StepsFrom,
)

LEVEL_NAMES = {DRAM: "DRAM", L2: "L2", L1: "L1"}
ENGINE_NAMES = {TENSOR: "tensor cores", FP32: "CUDA cores", FP16: "CUDA cores (packed fp16)"}
_ENGINES_OF = {
    CPU: {TENSOR: "matrix units", FP32: "vector units", FP16: "vector units (packed fp16)"},
    AMD: {TENSOR: "matrix cores", FP32: "vector units", FP16: "vector units (packed fp16)"},
}
"""What engines are called, by the family of the device, where NVIDIA calls them otherwise; so are bounds below."""
_BOUNDS_OF = {
    CPU: {TENSOR: "matrix arithmetic", FP32: "vector arithmetic", FP16: "packed fp16 arithmetic"},
    AMD: {
        TENSOR: "matrix-core arithmetic",
        FP32: "vector-unit arithmetic",
        FP16: "packed fp16 arithmetic on vector units",
    },
}
_SHORT_ENGINES = {TENSOR: "matrix", FP32: "vector", FP16: "vector fp16"}
_SHORT_BOUNDS_OF = {CPU: _SHORT_ENGINES, AMD: _SHORT_ENGINES}
_BOUND_NAMES = {
    DRAM: "DRAM bandwidth",
    L2: "L2 bandwidth",
    L1: "L1 bandwidth",
    TENSOR: "tensor-core arithmetic",
    FP32: "CUDA-core arithmetic",
    FP16: "packed fp16 arithmetic on CUDA cores",
    ISSUE: "the rate at which instructions are issued",
    LATENCY: "the latency of loads that wait for one another",
    LAUNCH: "the latency of launching kernels",
    HOST: "the host, which launches kernels more slowly than the device runs them",
    UNBOUND: "no known ceiling",
}
_SHORT_BOUNDS = {
    **LEVEL_NAMES,
    TENSOR: "tensor",
    FP32: "CUDA",
    FP16: "CUDA fp16",
    ISSUE: "issue",
    LATENCY: "latency",
    LAUNCH: "launch",
    HOST: "host",
    UNBOUND: "–",
}
_NAMELESS = ("kernel", "kernel2", "device_kernel")
_PLURALS: dict[str, str] = {
    Kind.CONVOLUTION: "convolutions",
    Kind.DEPTHWISE: "depthwise convolutions",
    Kind.MATMUL: "matrix products",
    Kind.ATTENTION: "attention",
    Kind.NORMALIZATION: "normalization",
    Kind.ELEMENTWISE: "element-wise operators",
    Kind.REDUCTION: "reductions",
    Kind.POOLING: "pooling",
    Kind.LAYOUT: "copies",
    Kind.OPTIMIZER: "optimizer updates",
    Kind.UNKNOWN: "operators without a formula",
}
_SINGULAR_VERB = {Kind.ATTENTION, Kind.NORMALIZATION, Kind.POOLING}
_STEPS_FROM: dict[str, str] = {
    StepsFrom.MARKS: ", marked by the profiler",
    StepsFrom.UPDATES: " found from repeated optimizer calls",
    StepsFrom.OPERATORS: " found from a repeated sequence of operators",
    StepsFrom.NOTHING: ": no more were marked or found",
}
_PHASES = {INFER: "inference", TRAIN: "training"}
_STEP_PHASES: dict[str, str] = {Phase.FORWARD: "fwd", Phase.BACKWARD: "bwd", Phase.OPTIMIZER: "opt"}


def kinds(kind: str) -> str:
    """Return the name of all operators of a kind: "depthwise convolutions"."""
    return _PLURALS.get(kind, kind)


def is_singular(kind: str) -> bool:
    """Return whether the name of a kind takes a verb in the singular ("normalization takes")."""
    return kind in _SINGULAR_VERB


def known_kinds() -> tuple[str, ...]:
    """Return the kinds that have a name here."""
    return tuple(_PLURALS)


def bound(code: str, device: str = "") -> str:
    """Return what a bound is called in a sentence: "L1 bandwidth"; `device` is the device's family."""
    return _BOUNDS_OF.get(device, {}).get(code) or _BOUND_NAMES.get(code, code)


def binding_clause(code: str, device: str = "") -> str:
    """Say that a bound sets the time: "L1 bandwidth binds"; for what is no ceiling "the host sets the pace"."""
    return f"{bound(code, device).partition(',')[0]} {'sets the pace' if code in WAITING else 'binds'}"


def short_bound(code: str, device: str = "") -> str:
    """Return what a bound is called in a column: "L1"."""
    return _SHORT_BOUNDS_OF.get(device, {}).get(code) or _SHORT_BOUNDS.get(code, code)


def engine(code: str, device: str = "") -> str:
    """Return what a compute engine is called: "tensor cores", of a CPU "matrix units"."""
    return _ENGINES_OF.get(device, {}).get(code) or ENGINE_NAMES.get(code, code)


def context(device: str) -> str:
    """Return what a process occupies of a GPU's memory before it does anything; `device` is the device's family."""
    return "HIP context" if device == AMD else "CUDA context"


def level(code: str) -> str:
    """Return what a memory level is called: "DRAM"."""
    return LEVEL_NAMES.get(code, code)


def phase(code: str) -> str:
    """Return what a workload's phase is called: "inference"."""
    return _PHASES.get(code, code)


def short_phase(code: str) -> str:
    """Return what a phase of a step is called in a column: "bwd"."""
    return _STEP_PHASES.get(code, code)


def operator(name: str, kind: str = "") -> str:
    """Return an operator's name without PyTorch's namespace; a depthwise convolution is told from a dense one."""
    short = name.removeprefix("aten::")
    return f"depthwise {short.replace('convolution', 'conv')}" if kind == Kind.DEPTHWISE else short


def drop_phase(name: str) -> str:
    """Return an operator's name without the "_backward" that its phase says as well."""
    return name.removesuffix("_backward")


def kernel(name: str) -> str:
    """Return what a kernel is called without its return type, namespaces, template arguments and parameters.

    "void at::native::vectorized_elementwise_kernel<4, at::native::AddFunctor<float>>(int)" becomes
    "vectorized_elementwise_kernel". CUTLASS' kernels are called by their template argument, as all have one name. A
    name in which nothing would be left is returned as it stands.
    """
    plain = name.replace("(anonymous namespace)::", "").removeprefix("void ")
    bare, *rest = re.split(r"[<(]", plain, maxsplit=1)
    short = bare.rpartition("::")[2].strip()
    if short.lower() in _NAMELESS and rest and "<" in plain:
        return kernel(rest[0].partition(">")[0].partition(",")[0]) or short
    return short or name


def assumed(host: str, stack: str) -> str:
    """Say what a prediction takes to launch kernels, and which stack: "host server-2022, today's PyTorch"."""
    return ", ".join([*([f"host {host}"] if host else []), stack or TODAYS_STACK])


def steps(count: int, known_from: str) -> str:
    """Say how many steps there are and what they are known from: "6 steps found from repeated optimizer calls"."""
    return f"{count} {'step' if count == 1 else 'steps'}{_STEPS_FROM.get(known_from, '')}"


def enumerate_words(parts: list[str]) -> str:
    """Join phrases as a sentence does: "a, b and c"; "a, which x, and b" where a phrase has a comma of its own."""
    if len(parts) < 2:
        return "".join(parts)
    comma = "," if any("," in part for part in parts[:-1]) else ""
    return f"{', '.join(parts[:-1])}{comma} and {parts[-1]}"
