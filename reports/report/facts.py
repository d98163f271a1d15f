"""The totals of a report, each with its value and a remark on how to read it, the same in every format."""

from __future__ import annotations

from memprof import units, words
from memprof.findings import memory, prediction
from memprof.report.digest import Digest
from memprof.reports.parts.tables import Fact
from memprof.tensors.stack import rules
from memprof.vocabulary import DRAM, HOST, TODAYS_STACK

_HOST_MATTERS, _HOST_NEAR = 0.01, 0.8
"""Share of time that waits for the host, and share of the step that the host needs, from which host time is shown."""


def totals(digest: Digest) -> tuple[Fact, ...]:
    """Return what was measured and predicted of the report's steps, what bounds it, and the sums over operators."""
    if digest.is_measured and not digest.report.operators:
        return (_time(digest),)  # a trace of kernels only
    total, sums = digest.totals, digest.per_step
    batch = digest.report.workload.batch_size
    noun = digest.noun
    images = f"{units.count(batch)} {noun.removesuffix('s') if batch == 1 else noun}"
    if digest.steps > 1:
        images += " a step"
    return (
        *_measured(digest),
        *_predicted(digest),
        Fact("Least possible time", units.seconds(total.roofline_seconds), f"{sums}: a lower bound"),
        Fact("Throughput at most", units.throughput(total.roofline_images_per_second, noun), "an upper bound"),
        *_launches(digest),
        *_memory(digest),
        Fact(f"FLOPs {sums}", units.flop_count(total.flops), f"{images}; a multiply-add {digest.time.counts} two"),
        Fact("DRAM traffic", units.byte_count(total.dram_bytes)),
        Fact("L2 traffic", units.byte_count(total.l2_bytes)),
        Fact("L1 traffic", units.byte_count(total.l1_bytes)),
        *_model_facts(digest),
    )


def _measured(digest: Digest) -> tuple[Fact, ...]:
    """Return the time that was measured, the rates that follow from it, and what of the roofs they are."""
    measured = digest.report.measured
    if measured is None:
        return ()
    whole = digest.whole
    with_idle = digest.step_roof_share
    all_in_all = f"; {units.percent(with_idle)} all in all" if with_idle is not None else ""
    reached = (Fact("Of the roof reached", units.percent(whole.roof_share), f"while operators ran{all_in_all}"),)
    of_sum = "the sum of their kernels" if measured.device_time else "the sum of their calls"
    return (
        _time(digest),
        *_throughput(digest),
        Fact("Time of operators", units.seconds(whole.time_seconds), f"{digest.per_step}: {of_sum}"),
        *(reached if whole.roof_share is not None else ()),
        *_rates(digest),
    )


def _time(digest: Digest) -> Fact:
    measured = digest.report.measured
    timing = measured.timing if measured else None
    if measured is None or timing is None:
        seconds = measured.seconds if measured else 0.0
        return Fact("Measured time", units.seconds(seconds), f"{digest.per_step}, from start to end")
    interval = units.span(timing.low_seconds, timing.high_seconds)
    remark = f"per step: the median of {len(timing.step_seconds)}; 95 % interval {interval}"
    return Fact("Measured time", units.seconds(timing.median_seconds), remark)


def _throughput(digest: Digest) -> tuple[Fact, ...]:
    rate = digest.report.measured.images_per_second if digest.report.measured else None
    if not rate:
        return ()
    ends = digest.rate_interval
    remark = f"95 % interval {units.throughput_span(*ends)}" if ends else ""
    return (Fact("Measured throughput", units.throughput(rate, digest.noun), remark),)


def _rates(digest: Digest) -> tuple[Fact, ...]:
    """Return the achieved rates of arithmetic and of DRAM traffic, beside what the device can do."""
    flops, moved = digest.flops_per_second, digest.bytes_per_second
    engine = digest.main_engine
    peak = digest.device.peak_flops_per_second.get(engine.name) if engine else None
    bandwidth = digest.device.memory_bytes_per_second.get(DRAM)
    of_peak = (
        f"{units.percent(flops / peak)} of the peak of the {_engine(digest, engine.name)}" if peak and engine else ""
    )
    of_bandwidth = f"modelled bytes; {units.percent(moved / bandwidth)} of the bandwidth" if bandwidth else ""
    return (
        Fact("Achieved arithmetic", units.flops_per_second(flops), of_peak),
        Fact("Achieved DRAM rate", units.bytes_per_second(moved), of_bandwidth),
    )


def _engine(digest: Digest, code: str) -> str:
    return words.engine(code, digest.device.family)


def _predicted(digest: Digest) -> tuple[Fact, ...]:
    """Return what the time model predicts; nothing for a CPU, of which there is none."""
    if not digest.predicts:
        return ()
    seconds, took = digest.predicted_step_seconds, digest.step_seconds
    off = prediction.error(digest)
    remark = f"{digest.per_step}: {off or 'predicted, not measured'}"
    if digest.is_measured:
        operators = digest.whole.time_seconds / digest.totals.seconds if digest.totals.seconds else 0.0
        against = f"; operators took {units.ratio(operators)}, all {units.ratio(took / seconds)}" if seconds else ""
        several = f" {digest.per_step}" if digest.steps > 1 else ""
        remark = f"a prediction{several}, of kernels alone{f', {off}' if off else ''}{against}"
    total = digest.totals
    return (
        Fact("Predicted time", units.seconds(total.seconds), remark),
        Fact("Predicted throughput", units.throughput(total.images_per_second, digest.noun)),
    )


def _launches(digest: Digest) -> tuple[Fact, ...]:
    """Return how many kernels run, and what the host needs to launch them where it (nearly) holds the device up."""
    if not digest.predicts:
        return ()
    total, sums = digest.totals, digest.per_step
    host = digest.device.host
    launched = (*_stack(digest), *((Fact("Host", host.name, f"assumed: {host.title}"),) if host else ()))
    launches = Fact("Kernel launches", units.count(total.launches), sums)
    near = total.host_seconds >= _HOST_NEAR * total.seconds
    if not total.host_seconds or not (near or digest.bound_share(HOST) >= _HOST_MATTERS):
        return (*launched, launches)
    return (
        *launched,
        Fact("Host time", units.seconds(total.host_seconds), f"{sums}, to launch kernels; predicted"),
        launches,
    )


def _stack(digest: Digest) -> tuple[Fact, ...]:
    """Return what the simulated step runs on; what a trace or a real run ran on is not assumed."""
    if digest.is_measured:
        return ()
    stack = digest.report.workload.stack
    remark = ", ".join(filter(None, ("" if stack else TODAYS_STACK, rules(stack))))
    return (Fact("Stack", stack or "today's", f"assumed: {remark}" if remark else "assumed"),)


def _memory(digest: Digest) -> tuple[Fact, ...]:
    if digest.report.memory is None:
        return ()
    return (
        Fact("Peak memory", units.byte_count(digest.report.memory.peak_bytes), memory.parts(digest)),
        Fact("Fits the device", memory.verdict(digest), memory.remark(digest)),
    )


def _model_facts(digest: Digest) -> tuple[Fact, ...]:
    """Return what the model itself has, however it is run; a trace may not tell it."""
    total, noun = digest.totals, digest.noun
    facts = (
        (f"MACs per {noun[:-1]}", total.macs_per_image, "multiply-adds of one forward pass"),
        ("Parameters", total.parameters, ""),
    )
    unknown = digest.is_measured or digest.report.memory is None
    return tuple(Fact(name, units.count(count), remark) for name, count, remark in facts if count or not unknown)
