"""The operator call that a kernel of the suite makes, told by simulating it as any network is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from memprof.calls import OperatorCall
from memprof.errors import ModelError
from memprof.profiles.task import Task
from memprof.suite.kernels import FORWARD, LAYER, Kernel
from memprof.tensors.inputs import read_inputs, spec
from memprof.tensors.precision import get_precision
from memprof.vocabulary import CHANNELS_LAST, Phase

if TYPE_CHECKING:
    from memprof.roofline.points import CostedCall


@cache
def call_of(kernel: Kernel) -> OperatorCall:
    """Return the call that moves most in the kernel's pass; ModelError where there is none with a formula.

    The gradient that comes from behind is dense, as it is in a network: that of a plain sum would not be.
    """
    from memprof.analysis.assembly import cost_profile
    from memprof.profiles.simulated import simulate
    from memprof.suite.modules import OnOwnTensors

    simulation = simulate(
        lambda: OnOwnTensors(kernel),
        batch_size=1,
        resolution=1,
        training=True,
        precision=get_precision(kernel.dtype),
        channels_last=kernel.layout == CHANNELS_LAST,
        name=f"the kernel {kernel.operator}",
        task=Task(read_inputs((spec((1,)),), None), lambda output: output.square().sum()),
    )
    phase = Phase.FORWARD if kernel.pass_name == FORWARD else Phase.BACKWARD
    costed, _ = cost_profile(simulation.profile)
    found = [item for item in costed if item.call.phase is phase and item.call.module == LAYER and item.works]
    if not found:
        raise ModelError(f"no operator of {kernel.operator} in its {kernel.pass_name} pass can be costed")
    return max(found, key=_moved).call


def _moved(item: CostedCall) -> float:
    return sum(work.dram.total_bytes for work in item.works)
