"""Precision policies: which dtype the model is stored in, and which one matrix work is cast to. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.errors import WorkloadError, did_you_mean


@dataclass(frozen=True, slots=True)
class Precision:
    """A precision policy. `storage` is the dtype of parameters and inputs; `autocast` that of autocast operators.

    `tf32` lets float32 convolutions and matrix products run on tensor cores in TF32 (both switches on, as in NGC
    containers; PyTorch alone allows it for convolutions only).
    """

    name: str
    storage: str = "float32"
    autocast: str | None = None
    tf32: bool = False
    words: str = ""

    @property
    def matrix_dtype(self) -> str:
        """Return the dtype of tensors whose matrix work runs on tensor cores, where the device has some for it."""
        return self.autocast or self.storage


PRECISIONS: dict[str, Precision] = {
    policy.name: policy
    for policy in (
        Precision("tf32", tf32=True, words="float32 tensors; convolutions and matrix products in TF32"),
        Precision("fp32", words="float32 throughout, no tensor cores"),
        Precision("amp-fp16", autocast="float16", words="float32 parameters, autocast to float16"),
        Precision("amp-bf16", autocast="bfloat16", words="float32 parameters, autocast to bfloat16"),
        Precision("fp16", storage="float16", words="float16 throughout"),
        Precision("bf16", storage="bfloat16", words="bfloat16 throughout"),
    )
}


def get_precision(name: str) -> Precision:
    """Return the policy called `name`; WorkloadError where there is none."""
    if name not in PRECISIONS:
        raise WorkloadError(f"unknown precision {name!r}", did_you_mean(name, PRECISIONS))
    return PRECISIONS[name]
