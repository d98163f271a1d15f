"""memprof predicts how fast a PyTorch network runs on a GPU and tells what slows it down, without the GPU.

    import memprof
    report = memprof.analyze(my_model, inputs=(images, tokens), device="a100", phase="train")
    report.totals.images_per_second  # predicted
    report.totals.roofline_images_per_second  # at most
    report.plot()  # the roofline; report.save("report.html"), report.to_pandas()

analyze: one step of any model, on a GPU that need not be there. measure: the same, really run here. read_trace: what
torch.profiler recorded anywhere. compare, explain, ablate, sweep: models against each other, and varied. study: one
operator alone. validate, gate_check: predictions against measurements, networks against what was accepted. profile:
any code. spec describes an input, register teaches an operator. Importing memprof imports no torch; the first analysis
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof._version import __version__

if TYPE_CHECKING:
    from memprof import devices, models
    from memprof.api.analysing import analyze, measure
    from memprof.api.checking import gate_check, validate, validate_kernels
    from memprof.api.comparing import ablate, compare, explain, sweep
    from memprof.api.profiling import profile
    from memprof.api.reading import read_trace
    from memprof.api.studying import study
    from memprof.errors import MemprofError
    from memprof.operators.user import register
    from memprof.report.record import Report
    from memprof.tensors.inputs import spec
else:
    # Every command, `memprof --help` too, imports this package: what it offers is loaded when it is asked for.
    _HOMES = {
        "MemprofError": "memprof.errors",
        "Report": "memprof.report.record",
        **dict.fromkeys(("analyze", "measure"), "memprof.api.analysing"),
        **dict.fromkeys(("gate_check", "validate", "validate_kernels"), "memprof.api.checking"),
        **dict.fromkeys(("ablate", "compare", "explain", "sweep"), "memprof.api.comparing"),
        "profile": "memprof.api.profiling",
        "read_trace": "memprof.api.reading",
        "register": "memprof.operators.user",
        "spec": "memprof.tensors.inputs",
        "study": "memprof.api.studying",
    }

    def __getattr__(name: str) -> object:
        """Load a name of the public interface."""
        import importlib

        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name not in _HOMES:
            return importlib.import_module(f"{__name__}.{name}")
        value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
        return value

    def __dir__() -> list[str]:
        """Return what a user calls."""
        return sorted(__all__)


__all__ = [
    "MemprofError",
    "Report",
    "__version__",
    "ablate",
    "analyze",
    "compare",
    "devices",
    "explain",
    "gate_check",
    "measure",
    "models",
    "profile",
    "read_trace",
    "register",
    "spec",
    "study",
    "sweep",
    "validate",
    "validate_kernels",
]
