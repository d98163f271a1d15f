"""Records as indented JSON."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.report.json_text import indented_json


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    sizes: tuple[int, ...]


def test_json_is_indented_and_ends_in_a_newline():
    expected = '{\n  "name": "ä",\n  "sizes": [\n    1,\n    2\n  ]\n}\n'
    assert indented_json(Point("ä", (1, 2))) == expected.encode()
