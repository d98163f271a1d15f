"""memprof tells why a PyTorch vision network is slow on a GPU, without the GPU.

    import memprof
    report = memprof.analyze("inceptionnext_t", device="a100", batch_size=128)
    report.totals.images_per_second

Importing memprof imports no torch; the first analysis does.
"""

from __future__ import annotations

from memprof import devices, models
from memprof._version import __version__
from memprof.analysis import analyze
from memprof.errors import MemprofError
from memprof.report import Report

__all__ = ["MemprofError", "Report", "__version__", "analyze", "devices", "models"]
