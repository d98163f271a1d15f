from __future__ import annotations

from memprof.profiles.run.machine import Machine
from memprof.profiles.run.timer import Work
from memprof.suite.kernels import BACKWARD, FORWARD, Kernel
from memprof.suite.records import Network
from memprof.suite.running import run


class FakeTimer:
    """Runs the work, and says that it took 10 ms."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.seconds = seconds
        self.runs = 0

    def time(self, work: Work) -> float:
        self.runs += 1
        work()
        return self.seconds


SMALL = Kernel("gelu", "fp32", FORWARD, (4, 4))
BACK = Kernel("layer_norm", "fp32", BACKWARD, (4, 8))
NETWORK = Network("resnet18", "fp32", "infer", "channels-first", 1, 32)


def test_kernels_and_networks_are_timed_on_this_processor():
    told: list[tuple[int, int]] = []
    found = run(
        Machine("cpu", "a processor", FakeTimer(0.25)), [SMALL, BACK], [NETWORK], 5.0, lambda *at: told.append(at)
    )

    assert [item.kernel for item in found.kernels] == [SMALL, BACK]
    assert found.kernels[0].seconds.median == 0.25
    assert found.kernels[0].seconds.count >= 6
    assert [item.images_per_second for item in found.networks] == [4.0]
    assert (found.unmeasured, told[-1]) == ((), (3, 3))


def test_what_finds_no_time_takes_too_long_or_fails_is_told_and_the_rest_goes_on():
    impossible = Kernel("conv", "fp32", FORWARD, (1, 1, 2, 2), 1, 9, 1, 3)  # three groups of one channel
    long = run(Machine("cpu", "a processor", FakeTimer(100.0)), [SMALL], [], 1.0)
    late = run(Machine("cpu", "a processor", FakeTimer()), [SMALL], [], 0.0)
    mixed = run(Machine("cpu", "a processor", FakeTimer()), [impossible, SMALL], [], 1.0)

    assert "a call takes 100 s, too long" in long.unmeasured[0].reason
    assert late.unmeasured[0].reason == "no time was left"
    assert [item.kernel for item in mixed.kernels] == [SMALL]
    assert mixed.unmeasured[0].what == "conv 9x9 1x1x2x2, forward, fp32, channels-first"
