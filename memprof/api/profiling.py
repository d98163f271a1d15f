"""Any code, run once and reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from memprof import devices
from memprof.api.speaking import in_python
from memprof.api.words import PrecisionName
from memprof.devices import hosts
from memprof.devices.ceilings import ceilings, default_precision
from memprof.devices.hosts import DEFAULT_HOST
from memprof.errors import WorkloadError
from memprof.report.record import Report, Workload
from memprof.tensors.precision import get_precision
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import CHANNELS_FIRST, INFER, TRAIN, Phase

if TYPE_CHECKING:
    from memprof.devices.hosts import Host
    from memprof.devices.record import Device


class profile:
    """Profile whatever runs inside, once, and predict it on a device: for a step that is no single module.

        with memprof.profile(device="h100") as p:
            generator, critic = Generator(), Critic()
            train_step(generator, critic, torch.rand(64, 3, 32, 32))
        p.report.plot()

    Inside, tensors and modules are made on the meta device and nothing is computed; `p.on_meta(...)` gives a copy there
    of what you hold already. With `real` everything runs as it would without memprof, with your own objects, though
    torch.compile compiles nothing, and what was called is predicted from it: operators of the device it ran on may be
    others than a GPU's. `batch_size` is how many samples the step has, for throughput; `precision` what float32 tensors
    compute in; `host` and `stack` are those of `memprof.analyze`. `name` is how the report calls it.

    WorkloadError where a real tensor meets a simulated step.
    """

    @in_python
    def __init__(
        self,
        device: str | Path | Device = "a100",
        *,
        real: bool = False,
        batch_size: int = 1,
        precision: PrecisionName | None = None,
        host: str | Path | Host = DEFAULT_HOST,
        stack: str = "",
        name: str = "profile",
    ) -> None:
        record = devices.get(device) if isinstance(device, (str, Path)) else device
        self._precision = precision or default_precision(record)
        costs = hosts.costs(hosts.get(host) if isinstance(host, (str, Path)) else host)
        self._roofs = ceilings(record, self._precision, costs)
        self._stack = parse_stack(stack)
        self._real, self._batch_size, self._name = real, batch_size, name
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """Return the report of what ran; WorkloadError before the block has ended."""
        if self._report is None:
            raise WorkloadError("there is no report yet", "ask for it after the block")
        return self._report

    @staticmethod
    def on_meta(value: Any) -> Any:
        """Return a copy on meta of a model, a tensor, or tuples, lists and dicts of them."""
        from memprof.profiles.region import on_meta

        return on_meta(value)

    def __enter__(self) -> Self:
        from memprof.profiles.region import Region
        from memprof.profiles.stack_settings import stack_settings

        self._settings = stack_settings(self._stack)
        self._settings.__enter__()
        self._region = Region(get_precision(self._precision), real=self._real)
        self._region.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self._region.__exit__(*error)
        finally:
            self._settings.__exit__(*error)
        if error[0] is not None:
            return
        from memprof.analysis.assembly import assemble_report, cost_step

        seen = self._region.simulation
        step = cost_step(replace(seen, profile=replace(seen.profile, stack=self._stack)))
        if self._real:  # allocations were not watched
            step = replace(step, memory=None)
        trains = any(item.call.phase is not Phase.FORWARD for item in step.costed)
        workload = Workload(
            self._name,
            self._batch_size,
            None,
            TRAIN if trains else INFER,
            self._precision,
            CHANNELS_FIRST,
            stack=self._stack.text,
        )
        self._report = assemble_report(step, workload, self._roofs)
