"""Writers of the ranks of a run, each with its trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memprof.reports.writer import Writers

if TYPE_CHECKING:
    from memprof.comparisons.ranks import Rank

WRITERS: Writers[Sequence[Rank]] = Writers(__name__, "memprof trace")
