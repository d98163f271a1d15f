"""Bundle the libraries of the report page again: `reports/page/vendor/libraries.js` and its `manifest.json`.

    python benchmarks/vendor_libraries.py

Needs npm, which is asked for the versions below and for esbuild, and for nothing else; a page is written without them.
To change a version, change it here, run this, and look at the page. The bundle begins with the licences' texts, as they
ask, and the manifest holds what `tests/reports/page/test_vendor.py` verifies.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "reports" / "page" / "vendor"
ESBUILD = "0.28.2"
DIRECT = {
    "d3-array": "3.2.5",
    "d3-axis": "3.0.1",
    "d3-format": "3.1.3",
    "d3-hierarchy": "3.1.3",
    "d3-scale": "4.0.3",
    "d3-selection": "3.0.1",
    "d3-transition": "3.0.2",
    "d3-zoom": "3.0.1",
}
"""What the page's scripts import; the rest of the bundle is what these need."""
ENTRY = """
export { select, selectAll } from "d3-selection";
export { scaleLinear, scaleLog } from "d3-scale";
export { axisBottom, axisLeft } from "d3-axis";
export { zoom, zoomIdentity } from "d3-zoom";
export { hierarchy, partition } from "d3-hierarchy";
export { format } from "d3-format";
export { ascending, descending } from "d3-array";
import "d3-transition";
"""
FLAGS = ("--bundle", "--minify", "--format=iife", "--global-name=libraries", "--charset=utf8", "--log-level=warning")


def main() -> None:
    """Install, bundle and write both files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = [f"{package}@{version}" for package, version in {**DIRECT, "esbuild": ESBUILD}.items()]
        (folder / "package.json").write_text("{}")
        (folder / "entry.js").write_text(ENTRY)
        run(folder, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", *wanted)
        outputs = ("--outfile=bundle.js", "--metafile=meta.json")
        run(folder, "node_modules/.bin/esbuild", "entry.js", *FLAGS, *outputs)
        inputs = json.loads((folder / "meta.json").read_text())["outputs"]["bundle.js"]["inputs"]
        used = {match[1] for path, part in inputs.items() if part["bytesInOutput"] and (match := package_of(path))}
        packages = [described(folder / "node_modules" / package) for package in sorted(used)]
        bundle = f"{notice(packages)}{(folder / 'bundle.js').read_text()}"
    listed = [{key: item[key] for key in ("name", "version", "licence")} for item in packages]
    digest = hashlib.sha256(bundle.encode()).hexdigest()
    manifest = {"bundler": f"esbuild {ESBUILD}", "flags": FLAGS, "sha256": digest, "packages": listed}
    VENDOR.mkdir(exist_ok=True)
    (VENDOR / "libraries.js").write_text(bundle)
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{len(bundle) / 1e3:.1f} kB of {', '.join(item['name'] for item in packages)}")


def run(folder: Path, *command: str) -> None:
    """Run a command in a folder; an error ends this script."""
    subprocess.run(command, cwd=folder, check=True)


def package_of(path: str) -> re.Match[str] | None:
    """Return the name of the package that a file of node_modules belongs to, as group 1."""
    return re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", path)


def described(folder: Path) -> dict[str, str]:
    """Return a package's name, version, licence and the licence's text."""
    package = json.loads((folder / "package.json").read_text())
    text = (folder / "LICENSE").read_text().strip()
    return {"name": package["name"], "version": package["version"], "licence": package["license"], "text": text}


def notice(packages: list[dict[str, str]]) -> str:
    """Return a comment with every licence's text, once for the packages that share it."""
    by_text: dict[str, list[str]] = {}
    for item in packages:
        by_text.setdefault(item["text"], []).append(f"{item['name']} {item['version']}")
    parts = [f"{', '.join(names)}\n\n{text}" for text, names in by_text.items()]
    return "/*!\n" + "\n\n".join(parts).replace("*/", "* /") + "\n*/\n"


if __name__ == "__main__":
    main()
