"""What every page has: the style sheet, the script where it has one, and the policy that knows both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from memprof.reports.page import colors, files, scripts
from memprof.reports.page.policy import policy

_SHEETS = "page", "roofline", "views", "charts", "course"


@dataclass(frozen=True, slots=True)
class Frame:
    """Text of the style sheet and of the script, "" for none, and the policy that allows these and nothing else."""

    style: Markup
    script: Markup
    policy: str


@cache
def frame(entry: str = "") -> Frame:
    """Return the frame of a page with the script that begins in the module `entry`: "main", "document", "" for none."""
    style = "".join(files.text(f"style/{name}.css") for name in _SHEETS) + colors.style()
    script = scripts.joined(entry) if entry else ""
    return Frame(Markup(style), Markup(script), policy(style, script))
