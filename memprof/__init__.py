"""memprof predicts how fast a PyTorch vision network runs on a GPU and tells what slows it down, without the GPU.

    import memprof
    report = memprof.analyze("inceptionnext_t", device="a100", batch_size=128)
    report.totals.images_per_second  # predicted
    report.totals.roofline_images_per_second  # at most

Importing memprof imports no torch; the first analysis does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from memprof._version import __version__

if TYPE_CHECKING:
    from memprof import devices, models
    from memprof.analysis.simulated import analyze
    from memprof.errors import MemprofError
    from memprof.report.record import Report
    from memprof.tensors.inputs import spec
else:
    # Every command, `memprof --help` too, imports this package: what it offers is loaded when it is asked for.
    _HOMES = {
        "MemprofError": "memprof.errors",
        "Report": "memprof.report.record",
        "analyze": "memprof.analysis.simulated",
        "spec": "memprof.tensors.inputs",
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
        """Return the loaded names and those still to be loaded."""
        return sorted({*globals(), *__all__})


__all__ = ["MemprofError", "Report", "__version__", "analyze", "devices", "models", "spec"]
