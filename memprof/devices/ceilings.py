"""From a device and a precision to the ceilings that a report holds operators against."""

from __future__ import annotations

from memprof.devices.achievable import achievable
from memprof.devices.errors import device_class
from memprof.devices.record import CPU, TENSOR, Device, bandwidth_key, peak_key
from memprof.errors import DeviceError, WorkloadError, did_you_mean
from memprof.report.record import DeviceCeilings, HostCosts
from memprof.vocabulary import AMD, MEMORY_LEVELS

TENSOR_TYPE = {
    "tf32": "tf32",
    "fp32": "fp32",
    "amp-fp16": "fp16",
    "amp-bf16": "bf16",
    "fp16": "fp16",
    "bf16": "bf16",
}
"""The type in which matrix work of each precision policy runs on tensor cores."""

_CUDA_CORES = ("fp32", "fp16")


def ceilings(device: Device, precision: str, host: HostCosts | None = None) -> DeviceCeilings:
    """Return the roofs of `device` for a workload in `precision`, in bytes/s and FLOP/s; unknown ones are absent.

    `host` launches the device's kernels; without one, and on a CPU, which launches none, they wait for nothing.

    The engine "tensor" is there for every precision but fp32, which has it only where the device's matrix cores
    multiply FP32 (AMD); without it, matrix work runs on the CUDA cores. DeviceError where the precision needs a
    tensor-core peak that is not known for the device.
    """
    key = _tensor_key(precision)
    if precision not in precisions(device):
        raise DeviceError(
            f"{device.name} has no {device.words(key).removesuffix(' peak')} figure",
            f"use precision {_alternatives(precisions(device))}",
        )
    engines = {TENSOR: key, **{engine: peak_key(engine) for engine in _CUDA_CORES}}
    is_cpu = device.architecture == CPU
    return DeviceCeilings(
        name=device.name,
        title=device.title,
        memory_bytes_per_second=_known_values(device, {level: bandwidth_key(level) for level in MEMORY_LEVELS}),
        peak_flops_per_second=_known_values(device, engines),
        memory_capacity_bytes=device.get("dram_capacity_bytes"),
        achievable={key: figure.value for key, figure in achievable(device).items()},
        kind="cpu" if is_cpu else "gpu",
        host=None if is_cpu else host,
        compared=str(device_class(device) or ""),
        maker=AMD if device.is_amd else "",
    )


def precisions(device: Device) -> tuple[str, ...]:
    """Return the precisions that the device's figures allow: fp32, and those with a known tensor-core peak."""
    return tuple(name for name in TENSOR_TYPE if name == "fp32" or device.get(_tensor_key(name)) is not None)


def default_precision(device: Device) -> str:
    """Return what fp32 tensors run as when nobody chooses: tf32 where convolutions take it by default, else fp32.

    PyTorch allows TF32 in cuDNN's convolutions by default (torch.backends.cudnn.allow_tf32). On AMD, where it is called
    XF32, it stays off unless HIPBLASLT_ALLOW_TF32=1 is set (aten/src/ATen/Context.cpp).
    """
    return "tf32" if "tf32" in precisions(device) and not device.is_amd else "fp32"


def _tensor_key(precision: str) -> str:
    if precision not in TENSOR_TYPE:
        raise WorkloadError(f"unknown precision {precision!r}", did_you_mean(precision, TENSOR_TYPE))
    return peak_key(TENSOR, TENSOR_TYPE[precision])


def _known_values(device: Device, keys: dict[str, str]) -> dict[str, float]:
    values = {name: device.get(key) for name, key in keys.items()}
    return {name: value for name, value in values.items() if value is not None}


def _alternatives(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
