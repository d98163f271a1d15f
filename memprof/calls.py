"""From a profile to operator calls: which event level counts, which module and which phase a call belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from memprof.profiles.records import Event, EventCategory, Kernel, Profile
from memprof.tensors.spec import Argument, TensorSpec
from memprof.tensors.stack import TODAY, Stack
from memprof.vocabulary import Phase

ALLOCATIONS = frozenset(
    f"aten::{name}"
    for name in (
        "empty",
        "empty_strided",
        "empty_like",
        "empty_permuted",
        "new_empty",
        "new_empty_strided",
        "resize_",
        "as_strided_",
        "set_",
    )
)
"""Operators that make room for a result; every kernel calls some, so they do not make their caller a composite."""


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """One call of one operator.

    `name` is the dispatcher's ("aten::convolution"); `inputs` follow the operator's schema by position; `module` is the
    path of the module whose forward made the call, or, in backward, made the forward call that this one differentiates.
    Of a measured profile, `kernels` are what the call and those nested in it launched, `host_ns` is how long the call
    took on the host, in nanoseconds; a simulated one has neither. `inferred` says which inputs the profile had not
    recorded and are inferred, "" where all were. `stack` is what it ran on, as far as that changes its kernels.
    """

    name: str
    inputs: tuple[Argument, ...]
    module: str = ""
    phase: Phase = Phase.FORWARD
    kernels: tuple[Kernel, ...] = ()
    host_ns: int = 0
    inferred: str = ""
    stack: Stack = TODAY

    def argument(self, position: int, default: Argument = None) -> Argument:
        """Return the input at `position`, or `default` where the call has none there or None was recorded."""
        if position >= len(self.inputs) or self.inputs[position] is None:
            return default
        return self.inputs[position]

    def tensor(self, position: int) -> TensorSpec:
        """Return the tensor at `position`; LookupError where there is none."""
        value = self.argument(position)
        if not isinstance(value, TensorSpec):
            raise LookupError(f"{self.name} has no tensor at position {position}")
        return value

    def optional_tensor(self, position: int) -> TensorSpec | None:
        """Return the tensor at `position`, or None."""
        value = self.argument(position)
        return value if isinstance(value, TensorSpec) else None

    def tensor_list(self, position: int) -> tuple[TensorSpec, ...]:
        """Return the list of tensors at `position`; LookupError where there is none."""
        value = self.argument(position)
        tensors = tuple(item for item in value if isinstance(item, TensorSpec)) if isinstance(value, tuple) else ()
        if not tensors:
            raise LookupError(f"{self.name} has no list of tensors at position {position}")
        return tensors

    def tensors(self) -> tuple[TensorSpec, ...]:
        """Return every tensor among the inputs, those inside lists included, in order."""
        return tuple(flatten_tensors(self.inputs))


def flatten_tensors(value: Argument | tuple[Argument, ...]) -> list[TensorSpec]:
    """Return the tensors in a possibly nested argument, in order."""
    if isinstance(value, TensorSpec):
        return [value]
    if isinstance(value, tuple):
        return [tensor for item in value for tensor in flatten_tensors(item)]
    return []


def extract_calls(profile: Profile, is_costed: Callable[[str], bool]) -> tuple[OperatorCall, ...]:
    """Return the operator calls of a profile, in order of start.

    Operators nest (`aten::conv2d` calls `aten::convolution`), so one level of each nest counts: going inwards, the
    first operator for which `is_costed` holds, else the innermost, which may be one that nobody can cost. Whatever else
    launched kernels itself is a call of its own, for these kernels, so that none is lost.
    """
    forward_modules: dict[int, str] = {}
    calls = tuple(
        call for event in profile.events for call in _walk(event, "", Phase.FORWARD, is_costed, forward_modules)
    )
    return calls if profile.stack == TODAY else tuple(replace(call, stack=profile.stack) for call in calls)


def _walk(
    event: Event, module: str, phase: Phase, is_costed: Callable[[str], bool], forward_modules: dict[int, str]
) -> Iterator[OperatorCall]:
    if event.category is EventCategory.MODULE:
        module = event.name
    elif event.category is EventCategory.PHASE:
        phase = Phase(event.name)
    elif event.category is EventCategory.AUTOGRAD:
        phase = Phase.BACKWARD
        if event.sequence_number is not None:
            module = forward_modules.get(event.sequence_number, "")
    elif phase is Phase.FORWARD and event.sequence_number is not None:
        # Of nested calls with one number, the innermost made the backward node: it starts last, so it is kept.
        forward_modules[event.sequence_number] = module
    if (
        event.category is EventCategory.OPERATOR
        and _is_operator(event.name)
        and (is_costed(event.name) or not _has_operators(event))
    ):
        kernels = event.kernels if not event.children else tuple(_launched_kernels(event))
        yield OperatorCall(event.name, event.inputs, module, phase, kernels, event.duration_ns)
        _note_modules(event.children, module, phase, forward_modules)
        return
    if event.kernels:  # its children do the rest
        yield OperatorCall(event.name, event.inputs, module, phase, event.kernels)
    for child in event.children:
        yield from _walk(child, module, phase, is_costed, forward_modules)


def _launched_kernels(event: Event) -> Iterator[Kernel]:
    yield from event.kernels
    for child in event.children:
        yield from _launched_kernels(child)


def _note_modules(events: tuple[Event, ...], module: str, phase: Phase, forward_modules: dict[int, str]) -> None:
    """Remember the module of operators inside one that counts: a backward node may refer to any of them."""
    for event in events:
        if phase is Phase.FORWARD and event.sequence_number is not None:
            forward_modules[event.sequence_number] = module
        _note_modules(event.children, module, phase, forward_modules)


def _has_operators(event: Event) -> bool:
    """Tell whether an event called operators in turn; a kernel that only allocates its output did not."""
    return any(
        _has_operators(child) if child.name in ALLOCATIONS or not _is_operator(child.name) else True
        for child in event.children
    )


def _is_operator(name: str) -> bool:
    """Tell operators ("aten::mul") from autograd's own events ("MulBackward0", "torch::autograd::AccumulateGrad")."""
    return "::" in name and not name.startswith("torch::autograd::")
