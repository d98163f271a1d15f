"""One model in many steps: simulated once for all devices, precisions and stacks whose operators are the same.

Two precisions share a simulation where they store and cast alike (TF32 and FP32 do); two stacks where they have the
same rules, and the model's forward pass launches the same operators on both, in which case its training does, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from memprof import devices
from memprof.analysis.asking import Resolution, ask
from memprof.analysis.simulated import in_precision, requested, simulate_subject
from memprof.analysis.subject import subject_of, task_of
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings
from memprof.devices.hosts import DEFAULT_HOST
from memprof.report.record import DeviceCeilings, Totals, Workload
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import Stack, parse_stack
from memprof.vocabulary import CHANNELS_LAST, INFER

if TYPE_CHECKING:
    from memprof.analysis.assembly import CostedStep
    from memprof.profiles.simulated import Simulation
    from memprof.profiles.task import Task


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a model; the words are those of `memprof.analyze`, `resolution` may be (height, width)."""

    device: str
    precision: str
    batch_size: int
    resolution: Resolution
    phase: str
    layout: str
    stack: str = ""
    host: str = DEFAULT_HOST


class Steps:
    """The steps of one model; nothing is simulated or costed twice."""

    def __init__(self, model: str) -> None:
        self._subject = subject_of(model)
        self._simulations: dict[Workload, Simulation] = {}
        self._costed: dict[Workload, CostedStep] = {}
        self._stacks: dict[str, str] = {}

    def totals(self, step: Step) -> Totals:
        """Return what `memprof.analyze` reports of a step as its totals; errors as there."""
        from memprof.analysis.assembly import predict_totals

        workload, task = self._ask(step)
        return predict_totals(self._cost(workload, task), workload, _device(step))

    def fits(self, step: Step) -> bool | None:
        """Return whether a step fits into its device's memory, None where that is not known; errors as of `totals`."""
        from memprof.analysis.assembly import fits

        memory = self._cost(*self._ask(step)).memory
        return None if memory is None else fits(memory, _device(step))

    def _ask(self, step: Step) -> tuple[Workload, Task]:
        asked = ask((), step.resolution, step.batch_size)
        task = task_of(self._subject, asked.task, asked.batch_size, asked.resolution)
        stack = parse_stack(step.stack).text
        plain = requested(self._subject, task, asked.batch_size, asked.resolution, step.phase, step.layout)
        return in_precision(replace(plain, stack=stack), step.precision), task

    def _cost(self, workload: Workload, task: Task) -> CostedStep:
        """Return the costed step of a workload, whatever its device."""
        from memprof.analysis.assembly import cost_step
        from memprof.operators.recurrent_shapes import BACKWARD, FORWARD

        key = _shared(workload)
        if key not in self._costed:
            same = replace(workload, stack=self._same_stack(workload, task))
            # The twin differs in what recurrent layers cost, at most.
            twin = self._costed.get(_shared(same))
            if twin is not None and not any(item.call.name in (FORWARD, BACKWARD) for item in twin.costed):
                self._costed[key] = twin
                return twin
            profile = self._simulate(same, task).profile
            kept = replace(self._simulate(same, task), profile=replace(profile, stack=parse_stack(workload.stack)))
            self._costed[key] = cost_step(kept)
        return self._costed[key]

    def _same_stack(self, workload: Workload, task: Task) -> str:
        """Return a stack that was simulated already and launches the same operators, or else the workload's own."""
        from memprof.profiles.scaling import same_calls

        if not self._stacks:
            self._stacks[workload.stack] = workload.stack
        if workload.stack not in self._stacks:
            forward = replace(workload, phase=INFER, layout=CHANNELS_LAST)
            own = self._simulate(forward, task)
            alike = [text for text in sorted(set(self._stacks.values())) if _rules(text) == _rules(workload.stack)]
            self._stacks[workload.stack] = next(
                (text for text in alike if same_calls(self._simulate(replace(forward, stack=text), task), own)),
                workload.stack,
            )
        return self._stacks[workload.stack]

    def _simulate(self, workload: Workload, task: Task) -> Simulation:
        key = _shared(workload)
        if key not in self._simulations:
            self._simulations[key] = simulate_subject(self._subject, workload, task)
        return self._simulations[key]


def _rules(text: str) -> dict[str, object]:
    """Return the rules of a stack that a forward pass does not show.

    It shows how Linear layers add their bias, and what small recurrent layers cost is asked where there are some.
    """
    stack = parse_stack(text)
    names = [name for name, value in vars(Stack).items() if isinstance(value, property)]
    told = {"text", "words", "fused_bias_dimensions", "has_small_persistent_rnn"}
    return {name: getattr(stack, name) for name in names if name not in told} | {"fast_norm": stack.fast_norm}


def _device(step: Step) -> DeviceCeilings:
    return ceilings(devices.get(step.device), step.precision, hosts.costs(hosts.get(step.host)))


def _shared(workload: Workload) -> Workload:
    """Return the workload with one precision for all that store and cast alike."""
    policy = get_precision(workload.precision)
    return replace(workload, precision=f"{policy.storage} {policy.autocast}")
