"""Sensors read in the background: sums by hand, refusals one by one, a thread that always ends; NVML by a fake."""

from __future__ import annotations

import builtins
import threading
from types import SimpleNamespace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.profiles.run import nvml
from memprof.profiles.run.nvml import NvmlSensors, sensors_of, throttle_reasons
from memprof.profiles.run.telemetry import SLOWING, Sample, Sampler, Throttle, summary
from memprof.report.run import Reading


def names():
    return [thread.name for thread in threading.enumerate()]


class FakeSensors:
    """Sensors that count how often they were looked at; the first look lets the waiting block go on."""

    def __init__(self):
        self.looks = 0
        self.looked = threading.Event()
        self.joules = iter((100.0, 112.0))

    def sample(self):
        self.looks += 1
        self.looked.set()
        return Sample(power_watts=100.0 * self.looks)

    def energy_joules(self):
        return next(self.joules)


def test_samples_by_hand():
    samples = [
        Sample(1.0e9, 2e9, 100.0, 50.0, 8e9, frozenset()),
        Sample(1.2e9, 2e9, 300.0, 60.0, 8e9, frozenset({Throttle.POWER_CAP, Throttle.APPLICATION_CLOCKS})),
        Sample(1.4e9, 2e9, 200.0, 61.0, 9e9, frozenset()),
    ]
    telemetry = summary(samples, joules=30.0, images=60)
    assert telemetry.samples == 3
    assert telemetry.sm_clock_hz == Reading(1.0e9, pytest.approx(1.2e9), 1.4e9)
    assert telemetry.memory_clock_hz == Reading(2e9, 2e9, 2e9)
    assert telemetry.power_watts == Reading(100.0, 200.0, 300.0)
    assert telemetry.temperature_celsius == Reading(50.0, 57.0, 61.0)
    assert telemetry.memory_used_bytes == Reading(8e9, pytest.approx((8e9 + 8e9 + 9e9) / 3), 9e9)
    assert telemetry.energy_joules_per_image == 30.0 / 60
    assert telemetry.throttle_reasons == ("clocks set by the user", "power limit")
    assert telemetry.throttled
    assert telemetry.missing == ()


def test_what_no_sample_has_is_missing_and_what_one_has_is_not():
    telemetry = summary([Sample(), Sample(power_watts=5.0)], joules=None, images=1)
    assert telemetry.power_watts == Reading(5.0, 5.0, 5.0)
    assert telemetry.sm_clock_hz is telemetry.energy_joules_per_image is None
    assert telemetry.missing == (
        "SM clock",
        "memory clock",
        "temperature",
        "memory in use",
        "energy",
        "throttle reasons",
    )
    assert not telemetry.throttled


@pytest.mark.parametrize("reason", Throttle)
def test_a_choice_of_clocks_is_no_throttling(reason):
    telemetry = summary([Sample(throttle=frozenset({reason}))], None, 1)
    assert telemetry.throttle_reasons == (str(reason),)
    assert telemetry.throttled == (reason in SLOWING)
    assert (reason in SLOWING) == (
        reason
        not in {
            Throttle.APPLICATION_CLOCKS,
            Throttle.SYNC_BOOST,
            Throttle.DISPLAY_CLOCKS,
        }
    )


@given(st.lists(st.none() | st.floats(0, 1e12), min_size=1))
def test_a_mean_lies_between_least_and_most(values):
    reading = summary([Sample(power_watts=value) for value in values], None, 1).power_watts
    known = [value for value in values if value is not None]
    assert (reading is None) == (not known)
    if reading is not None:
        assert (reading.least, reading.most) == (min(known), max(known))
        assert reading.least * (1 - 1e-12) <= reading.mean <= reading.most * (1 + 1e-12)


def test_a_thread_reads_while_the_block_runs_and_no_longer():
    sensors = FakeSensors()
    with Sampler(sensors, every_seconds=0.001) as sampler:
        assert "memprof telemetry" in names()
        assert sensors.looked.wait(timeout=60)
    assert "memprof telemetry" not in names()
    looks = sensors.looks
    telemetry = sampler.telemetry(images=6)
    assert telemetry.samples == looks == sensors.looks >= 1
    assert telemetry.energy_joules_per_image == (112.0 - 100.0) / 6


def test_a_block_shorter_than_the_interval_is_looked_at_once():
    with Sampler(FakeSensors(), every_seconds=3600) as sampler:
        pass
    assert sampler.telemetry(1).power_watts == Reading(100.0, 100.0, 100.0)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_thread_ends_with_a_block_that_is_broken_off(error):
    with pytest.raises(error), Sampler(FakeSensors(), every_seconds=0.001):
        raise error
    assert "memprof telemetry" not in names()


class NVMLError(Exception):
    pass


class FakeNvml:
    """The calls of pynvml that are used, in its units; those named in `refused` raise as a GPU without them does."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0
    ANSWERS: ClassVar = {
        ("nvmlDeviceGetClockInfo", 1): 1410,
        ("nvmlDeviceGetClockInfo", 2): 1215,
        ("nvmlDeviceGetPowerUsage",): 398_250,
        ("nvmlDeviceGetTotalEnergyConsumption",): 12_345,
        ("nvmlDeviceGetTemperature", 0): 67,
        ("nvmlDeviceGetMemoryInfo",): SimpleNamespace(used=3 * 2**30),
        ("nvmlDeviceGetCurrentClocksEventReasons",): 0x1 | 0x4 | 0x40,
    }

    def __init__(self, *refused):
        self.refused = refused

    def nvmlInit(self):
        if "nvmlInit" in self.refused:
            raise NVMLError

    def nvmlDeviceGetHandleByUUID(self, uuid):
        assert uuid == "GPU-1"
        return "handle"

    def nvmlSystemGetDriverVersion(self):
        return "580.1"

    def __getattr__(self, name):
        def ask(handle, *arguments):
            assert handle == "handle"
            if name in self.refused:
                raise NVMLError
            return self.ANSWERS[name, *arguments]

        return ask


def test_nvml_speaks_of_megahertz_and_milliwatts_and_memprof_of_hertz_and_watts():
    sensors = NvmlSensors(FakeNvml(), "GPU-1")
    assert sensors.sample() == Sample(
        sm_clock_hz=1.41e9,
        memory_clock_hz=1.215e9,
        power_watts=398.25,
        temperature_celsius=67.0,
        memory_used_bytes=3.0 * 1024**3,
        throttle=frozenset({Throttle.POWER_CAP, Throttle.HARDWARE_THERMAL}),
    )
    assert sensors.energy_joules() == 12.345
    assert sensors.driver() == "580.1"


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("nvmlDeviceGetClockInfo", {"sm_clock_hz", "memory_clock_hz"}),
        ("nvmlDeviceGetPowerUsage", {"power_watts"}),
        ("nvmlDeviceGetTemperature", {"temperature_celsius"}),
        ("nvmlDeviceGetMemoryInfo", {"memory_used_bytes"}),
        ("nvmlDeviceGetCurrentClocksEventReasons", {"throttle"}),
    ],
)
def test_what_a_gpu_refuses_is_missing_and_the_rest_is_there(call, fields):
    sample = NvmlSensors(FakeNvml(call), "GPU-1").sample()
    assert {name for name in Sample.__dataclass_fields__ if getattr(sample, name) is None} == fields


def test_energy_may_be_refused_too():
    assert NvmlSensors(FakeNvml("nvmlDeviceGetTotalEnergyConsumption"), "GPU-1").energy_joules() is None


def test_the_bits_are_nvmls():
    pynvml = pytest.importorskip("pynvml")
    by_name = {
        "ApplicationsClocksSetting": Throttle.APPLICATION_CLOCKS,
        "SwPowerCap": Throttle.POWER_CAP,
        "HwSlowdown": Throttle.HARDWARE,
        "SyncBoost": Throttle.SYNC_BOOST,
        "SwThermalSlowdown": Throttle.THERMAL,
        "HwThermalSlowdown": Throttle.HARDWARE_THERMAL,
        "HwPowerBrakeSlowdown": Throttle.POWER_BRAKE,
        "DisplayClockSetting": Throttle.DISPLAY_CLOCKS,
    }
    for name, reason in by_name.items():
        assert throttle_reasons(getattr(pynvml, f"nvmlClocksEventReason{name}")) == {reason}
    assert set(by_name.values()) == set(Throttle)
    assert throttle_reasons(pynvml.nvmlClocksEventReasonGpuIdle) == frozenset()
    for call in (*(name for name, *_ in FakeNvml.ANSWERS), "nvmlInit", "nvmlDeviceGetHandleByUUID"):
        assert callable(getattr(pynvml, call))


def test_without_nvidias_driver_there_are_no_sensors(monkeypatch):
    monkeypatch.setitem(nvml.__dict__, "NvmlSensors", lambda library, uuid: library.nvmlInit())
    monkeypatch.setattr("pynvml.nvmlInit", lambda: (_ for _ in ()).throw(pynvml_error()))
    assert sensors_of("GPU-1") is None


def pynvml_error():
    import pynvml

    return pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)


def test_without_nvidias_library_there_are_no_sensors(monkeypatch):
    find = builtins.__import__

    def without(name, *arguments):
        if name == "pynvml":
            raise ImportError(name)
        return find(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    assert sensors_of("GPU-1") is None
