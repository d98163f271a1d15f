"""The zoo in words, for people: what can be named, how else it may be written, which options it takes."""

from __future__ import annotations

import re
import textwrap

from memprof.models.registry import ENTRIES, HEADS, SPELLINGS, Family

WIDTH, _NARROWEST = 100, 60
"""Characters a line has at most, unless another width is asked for, and at least."""
_COLUMN, _GAP = 40, re.compile(r"(?<=\S) {2,}(?=\S)")
"""Where what goes on from a line may begin: below what follows a gap, if that is not too far to the right."""

OTHER_CODE = """\
Other people's code, which naming it runs:
  timm:NAME                     a model of timm                (pip install "memprof[timm]")
  torchvision:NAME              a model of torchvision         (pip install "memprof[timm]")
  package.module:callable       what a function of an installed module, or of one in this folder, returns
  path/to/file.py:callable      what a function of a file returns
"""


def describe_models(width: int = WIDTH) -> str:
    """Return the names of the zoo by family, with the options of each, and the other ways to name a model."""
    width = max(_NARROWEST, width)
    families = list(dict.fromkeys(entry.family for entry in ENTRIES.values()))
    text = "\n".join([*(_family(family, width) for family in families), _heads(), _spellings(width), OTHER_CODE])
    return "".join(f"{line}\n" for whole in text.splitlines() for line in _fitting(whole, width))


def _fitting(line: str, width: int) -> list[str]:
    """Return a line as several of at most `width` characters; those after the first begin below its last column."""
    if len(line) <= width:
        return [line]
    gap = _GAP.search(line, 2)
    indent = gap.end() if gap and gap.end() < _COLUMN else len(line) - len(line.lstrip())
    head = line[:indent]
    return textwrap.wrap(line[indent:], width, initial_indent=head, subsequent_indent=" " * indent)


def _family(family: Family, width: int) -> str:
    names = [entry.name for entry in ENTRIES.values() if entry.family is family]
    lines = [family.title, *textwrap.wrap("  ".join(names), width, initial_indent="  ", subsequent_indent="  ")]
    if family.options:
        lines += ["", f"  Options, as in {names[0]}:{family.options[0].name}={family.options[0].example}"]
        lines += [f"  {option.name:<14}  {option.meaning}: {option.valid}" for option in family.options]
    return "\n".join([*lines, ""])


def _heads() -> str:
    title = "Segmentation (150 classes, 512 pixels), on a staged network of the zoo or of timm"
    lines = [f"  {f'{name}:NAME':<20}{words}" for name, words in HEADS.items()]
    return "\n".join(
        [title, *lines, "", "  As in upernet:inceptionnext_t, semantic_fpn:resnet50, upernet:timm:NAME", ""]
    )


def _spellings(width: int) -> str:
    words = ", ".join(f"{long} ({short})" for long, short in SPELLINGS.items())
    text = f"Published names are accepted too, such as convnext_tiny or inception_next_tiny: {words}."
    return "\n".join([*textwrap.wrap(text, width), ""])
