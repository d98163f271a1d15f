"""Results of checks made by hand: one that regressed, and others, for tests of what is written about them."""

from __future__ import annotations

from dataclasses import replace

from memprof.gate.records import (
    RESULT_SCHEMA,
    Change,
    GateResult,
    GateWorkload,
    MeasuredResult,
    MetricVerdict,
    Verdict,
    WorkloadResult,
)

PASSED, IMPROVED, REGRESSED, CANNOT_TELL = Verdict
WORKLOAD = GateWorkload("inceptionnext_t", "infer", "a100-sxm4-40gb", 128, 224, "tf32", "channels-last")
BASELINE = "memprof-baseline.json"
EVIL = "evil|<b>\x1b[31m*n*%,:\r\n::error::x</failure>]]>\x00@team \ud800`"


def metric(name: str, before: float, after: float, budget: str, verdict: Verdict = PASSED) -> MetricVerdict:
    return MetricVerdict(name, before, after, after / before - 1 if before else None, budget, verdict)


METRICS = (
    metric("parameters", 28_061_000, 28_061_000, "0"),
    metric("flops", 1.07e12, 1.07e12, "0"),
    metric("dram_bytes", 42.1e9, 46.5e9, "+1 %", REGRESSED),
    metric("launches", 372, 390, "0", REGRESSED),
    metric("seconds", 43.9e-3, 48.66e-3, "+2 %", REGRESSED),
    metric("images_per_second", 2915.7, 2630.5, "as seconds", REGRESSED),
    metric("peak_memory_bytes", 1.95e9, 1.96e9, "+1 %"),
    metric("coverage", 1.0, 1.0, "-0"),
    metric("bound_shares.dram", 0.512, 0.561, "off"),
)
CHANGES = (
    Change(
        "layout",
        "stages (54 modules)",
        "",
        "stages (54 modules): aten::add, aten::convolution and "
        "aten::native_batch_norm now on channels-first inputs instead of channels-last, +2.20 GB per step, +2.64 ms "
        "on a100-sxm4-40gb",
        0,
        0,
        0.0,
        2.2e9,
        2.64e-3,
    ),
    Change(
        "new",
        "stages.*.blocks.* (18 modules)",
        "aten::clone",
        "stages.*.blocks.* (18 modules): 1 new aten::clone "
        "each (channels-last input), +2.20 GB per step, +2.08 ms on a100-sxm4-40gb",
        18,
        18,
        0.0,
        2.2e9,
        2.08e-3,
    ),
    Change(
        "other",
        "",
        "",
        "operators that did not change: +44.6 µs per step on a100-sxm4-40gb (they wait for the "
        "host, or find their inputs in the L2 cache, more or less often than before)",
        0,
        0,
        0.0,
        0.0,
        4.46e-5,
    ),
)
WORSE = WorkloadResult(WORKLOAD, REGRESSED, METRICS, CHANGES)
FINE = WorkloadResult(
    replace(WORKLOAD, model="resnet50"),
    PASSED,
    tuple(replace(item, after=item.before, change=0.0, verdict=PASSED) for item in METRICS),
)
NEARLY = WorkloadResult(
    replace(WORKLOAD, model="convnext_t", phase="train"),
    PASSED,
    (
        metric("seconds", 0.2112, 0.2121, "+2 %"),
        metric("flops", 3.4e12, 3.4e12, "0"),
        metric("dram_bytes", 1e11, 1.001e11, "+1 %"),
    ),
)
BETTER = WorkloadResult(
    replace(WORKLOAD, model="resnet50", phase="train"),
    IMPROVED,
    (metric("dram_bytes", 1e11, 0.9e11, "+1 %", IMPROVED), metric("flops", 3.1e12, 3.1e12, "0")),
    (
        Change(
            "gone",
            "layer1.0-2",
            "aten::clone",
            "layer1.0-2: 1 aten::clone each gone, −10.0 GB per step, −9.6 ms on a100-sxm4-40gb",
            -3,
            -3,
            0.0,
            -1e10,
            -9.6e-3,
        ),
    ),
)
UNKNOWN = WorkloadResult(
    replace(WORKLOAD, model="my_pkg.nets:build"), CANNOT_TELL, reasons=("this workload is not in the baseline",)
)
SETTINGS = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "OMP_NUM_THREADS": "1"}
SLOWER = MeasuredResult(
    "inceptionnext_t",
    "infer",
    8,
    "main (a1b2c3d)",
    "the working tree",
    24,
    0.8121,
    0.9352,
    1.1516,
    1.121,
    1.180,
    0.03,
    0.05,
    REGRESSED,
    settings=SETTINGS,
)
NOISY = MeasuredResult(
    "resnet50",
    "train",
    8,
    "main (a1b2c3d)",
    "the working tree",
    40,
    2.31,
    2.36,
    1.0216,
    0.95,
    1.10,
    0.075,
    0.05,
    CANNOT_TELL,
    ("noise of 7.5 % is more than the budget",),
    SETTINGS,
)
EQUAL = replace(
    NOISY,
    phase="infer",
    base_seconds=0.71,
    head_seconds=0.712,
    ratio=1.0028,
    low=0.99,
    high=1.01,
    noise=0.01,
    verdict=PASSED,
    reasons=(),
)


def result(
    *found: WorkloadResult,
    verdict: Verdict,
    measured: tuple[MeasuredResult, ...] = (),
    remedy: str = "",
    notes: tuple[str, ...] = (),
    strict: bool = False,
) -> GateResult:
    return GateResult(RESULT_SCHEMA, verdict, BASELINE, "setup.cfg", found, measured, notes, remedy, strict, 7)


UPDATE = "run `memprof gate update` and commit the baseline"
UNDO = f"undo what made it worse; if it is meant, {UPDATE}"
REGRESSION = result(FINE, WORSE, NEARLY, verdict=REGRESSED, remedy=UNDO)
ALL_PASSED = result(FINE, NEARLY, verdict=PASSED)
IMPROVEMENT = result(
    BETTER, FINE, verdict=IMPROVED, strict=True, remedy=f"so that this cannot be lost again unnoticed, {UPDATE}"
)
COST_MODEL = "memprof's cost model changed, this is no regression (version 3 in the baseline, 4 here)"
REFUSED = result(
    *(replace(item, verdict=CANNOT_TELL, metrics=(), changes=(), reasons=(COST_MODEL,)) for item in (FINE, NEARLY)),
    verdict=CANNOT_TELL,
    remedy="run `memprof gate update` on code that is known to be fine, and commit the baseline",
    notes=("torch is 2.14.0 here and 2.13.0 in the baseline: a difference may come from that",),
)
EVERYTHING = result(
    WORSE,
    UNKNOWN,
    BETTER,
    NEARLY,
    FINE,
    verdict=REGRESSED,
    measured=(SLOWER, NOISY, EQUAL),
    notes=("torch is 2.14.0 here and 2.13.0 in the baseline: a difference may come from that",),
    remedy=UNDO,
)
ALL = {
    "regression": REGRESSION,
    "passed": ALL_PASSED,
    "improvement": IMPROVEMENT,
    "refused": REFUSED,
    "everything": EVERYTHING,
}


def hostile(text: str) -> GateResult:
    """Return a result in which every name and every sentence is `text`."""
    workload = replace(WORKLOAD, model=text, device=text, precision=text, layout=text, phase=text)
    worse = WorkloadResult(
        workload,
        REGRESSED,
        (replace(METRICS[2], metric=text, budget=text), *METRICS),
        (replace(CHANGES[0], text=text, module=text, operator=text),),
        (text,),
    )
    unknown = WorkloadResult(replace(workload, batch_size=1), CANNOT_TELL, reasons=(text, text))
    measured = replace(SLOWER, model=text, phase=text, base=text, head=text, reasons=(text,), settings={text: text})
    found = result(
        worse,
        unknown,
        replace(FINE, workload=replace(workload, batch_size=2)),
        verdict=REGRESSED,
        measured=(measured,),
        notes=(text,),
        remedy=text,
    )
    return replace(found, baseline=text, config=text)
