"""Published figures that several tests hold memprof against."""

from __future__ import annotations

MILLIONS_AND_GIGAS = {
    # Parameters in 10^6 and multiply-adds of one image in 10^9, as the papers and issue 2 give them.
    "resnet50": (25.56, 4.11),
    "convnext_t": (28.59, 4.46),
    "convnext_s": (50.22, 8.69),
    "convnext_b": (88.59, 15.36),
    "inceptionnext_t": (28.06, 4.19),
    "inceptionnext_s": (49.37, 8.36),
    "inceptionnext_b": (86.67, 14.85),
    "inceptionnext_b_384": (86.67, 43.6),
    "inceptionnext_atto": (4.16, 0.50),
}
