"""Calibrating the host with a clock that is moved by hand."""

from __future__ import annotations

import pytest

from memprof.calibration.hosts import ELEMENTWISE, FEWEST_TURNS, ON_GPU, HostProbe, calibrate_host
from memprof.calibration.torch_host import probes
from memprof.devices import hosts
from memprof.errors import DeviceError
from tests.calibration.fakes import FakeClock


def probe(clock: FakeClock, key: str, *run_seconds: float, name: str = "") -> HostProbe:
    """Return a probe of 10 calls whose runs take these seconds, the last one from then on."""
    task = clock.probe(None, *run_seconds)
    return HostProbe(name or key, key, 10, lambda: None, lambda _: task.call())


def machine(clock: FakeClock, *more: HostProbe) -> list[HostProbe]:
    keys = ("cast", "view", "backward", "module")
    return [
        probe(clock, "seconds_per_operator", 99e-5, 4e-5, 5e-5, 9e-5, 5e-5, 5e-5, name="torch.conv2d"),
        probe(clock, "seconds_per_operator", 3e-5, name=ELEMENTWISE),
        *(probe(clock, f"seconds_per_{key}", place * 1e-5) for place, key in enumerate(keys, 1)),
        *more,
    ]


def calibrated(clock: FakeClock, probes: list[HostProbe], seconds: float = 1e-9) -> hosts.Host:
    return calibrate_host(probes, clock, clock.now, seconds, "measured", "A Processor")


def test_a_figure_is_the_mean_of_medians_without_the_first_run() -> None:
    """Ten calls a run: the convolution's median is 5e-6 s a call, the addition's 3e-6: 4e-6."""
    clock = FakeClock()
    host = calibrated(clock, machine(clock))
    assert hosts.costs(host) == hosts.HostCosts("this-machine", "A Processor", 4e-6, 1e-6, 2e-6, 3e-6, 4e-6, 3.6e-6)
    assert (
        "mean of torch.conv2d, torch.add: median of 5 runs, spread 25%" in host.figures["seconds_per_operator"].source
    )
    assert host.figures["seconds_per_launch"].source == "not measured, as a launch needs a GPU: that of server-2022"


def test_a_launch_is_what_the_gpu_takes_longer() -> None:
    clock = FakeClock()
    host = calibrated(clock, machine(clock, probe(clock, "", 7e-5, name=ON_GPU)))
    assert host.figures["seconds_per_launch"].value == pytest.approx(7e-6 - 3e-6)


def test_turns_go_on_while_there_is_time() -> None:
    clock = FakeClock()
    host = calibrated(clock, machine(clock), seconds=1.0)
    assert 1.0 <= clock.seconds < 1.01
    runs = int(host.figures["seconds_per_view"].source.partition("median of ")[2].split()[0])
    assert runs > 100 * FEWEST_TURNS


def test_a_clock_that_notices_nothing_is_an_error() -> None:
    clock = FakeClock()
    broken = [item if item.key != "seconds_per_view" else probe(clock, item.key, 0.0) for item in machine(clock)]
    with pytest.raises(DeviceError, match="a view: a call without a kernel took no time"):
        calibrated(clock, broken)


def test_the_probes_of_torch_tell_every_figure_and_run() -> None:
    made = probes()
    assert {item.key for item in made} | {"seconds_per_launch"} == set(hosts.FIGURES)
    for item in made:
        item.run(item.prepare())
