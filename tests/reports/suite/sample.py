"""A suite's run of one kernel and one network on an A100, by hand."""

from __future__ import annotations

from memprof.report.run import Reading, Telemetry
from memprof.suite.kernels import FORWARD, Kernel
from memprof.suite.records import SCHEMA, KernelTime, Network, NetworkTime, Suite, Timed, Unmeasured

SENSORS = Telemetry(
    samples=2,
    sm_clock_hz=Reading(1.2e9, 1.3e9, 1.4e9),
    memory_clock_hz=None,
    power_watts=Reading(300, 310, 320),
    temperature_celsius=Reading(60, 61, 62),
    memory_used_bytes=None,
    energy_joules_per_image=None,
    throttle_reasons=(),
    throttled=False,
    missing=(),
)


def sample() -> Suite:
    return Suite(
        schema=SCHEMA,
        memprof="0.1.0",
        device="a100-sxm4-40gb",
        device_title="NVIDIA A100-SXM4-40GB",
        stack="torch 2.14.1, CUDA 13.0",
        environment={"torch": "2.14.1"},
        minutes=9.5,
        others=0.5,
        kernels=(
            KernelTime(
                Kernel("conv", "fp32", FORWARD, (64, 96, 56, 56), 96, 7, 1, 96, "channels-last"),
                Timed(0.9e-3, 0.8e-3, 1.0e-3, 30),
                SENSORS,
            ),
        ),
        networks=(
            NetworkTime(Network("resnet50", "tf32", "infer", "channels-last", 128, 224), Timed(0.04, 0.039, 0.041, 50)),
        ),
        unmeasured=(Unmeasured("convnext_t", "no time was left"),),
    )
