"""A subject built on the meta device, once for every simulation: what it says about precision, and what it lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from memprof.analysis.subject import Subject
from memprof.errors import WorkloadError
from memprof.profiles.meta_copy import meta_copy, unwrap
from memprof.profiles.simulated import build_on_meta
from memprof.report.record import ReportWarning
from memprof.tensors.precision import PRECISIONS

if TYPE_CHECKING:
    from torch import nn

_HALVES = {policy.storage: policy.name for policy in PRECISIONS.values() if policy.storage != "float32"}


class Built:
    """A model on meta. `precision` is that of its own 16-bit parameters, "" where they are 32-bit."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._ready: nn.Module | None
        self._ready, lost = self._build()
        self.precision = _HALVES.get(_storage(self._ready), "")
        self.remarks: tuple[ReportWarning, ...] = ()
        if lost:
            self.remarks = (
                ReportWarning("wrapped", f"{subject.name} {lost}", "measure it as it is: `memprof measure`"),
            )

    def take(self) -> nn.Module:
        """Return the model, a fresh one each time: a simulation changes it."""
        model, self._ready = self._ready, None
        return model if model is not None else self._build()[0]

    def check_precision(self, precision: str) -> None:
        """Raise WorkloadError where the parameters are 16-bit and `precision` needs others."""
        if self.precision and PRECISIONS[precision].storage != PRECISIONS[self.precision].storage:
            raise WorkloadError(
                f"the parameters of {self._subject.name} are {PRECISIONS[self.precision].storage}, "
                f"and {precision} needs {PRECISIONS[precision].storage}",
                f"leave the precision out, or choose {self.precision}",
            )

    def _build(self) -> tuple[nn.Module, str]:
        if self._subject.instance is not None:
            model, lost = unwrap(self._subject.instance)
            return meta_copy(model), lost
        return unwrap(build_on_meta(self._subject.build, self._subject.name))


def _storage(model: nn.Module) -> str:
    """Return the dtype that most of the floating-point parameters have."""
    sizes: Counter[str] = Counter()
    for parameter in model.parameters():
        if parameter.is_floating_point():
            sizes[str(parameter.dtype).removeprefix("torch.")] += parameter.numel()
    return sizes.most_common(1)[0][0] if sizes else ""
