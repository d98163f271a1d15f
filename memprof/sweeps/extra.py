"""What sweeps need beyond memprof's own dependencies: `pip install memprof[sweep]`."""

from __future__ import annotations

from importlib.util import find_spec

from memprof.errors import SweepError


def require(*modules: str) -> None:
    """Raise SweepError where one of the modules of the extra `sweep` is not installed; none is imported."""
    missing = [name for name in modules if not _is_installed(name)]
    if missing:
        raise SweepError(
            f"this needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            "run `pip install memprof[sweep]`",
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # somebody forbade it: sys.modules[module] is None
        return False
