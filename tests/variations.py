"""Marked tests once more, where the machine is another: ``python -m tests.variations [NAME ...]``.

Tests marked ``kernels`` compute what depends on the processor and its threads. Tests marked
``place`` depend on where they run, and as whom.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOBODY = 65534

Options = Mapping[str, object]


def run_kernels(**environment: str) -> int:
    """The tests of kernels in this checkout; returns the exit code of pytest."""
    return run_marked("kernels", sys.executable, ROOT, {"OMP_NUM_THREADS": "1", **environment}, {})


def run_elsewhere() -> int:
    """The tests of the place in a checkout, with an interpreter and temporary files, in a folder
    with spaces, and an environment that is not the user's. Where root runs them, as a user who may
    do less."""
    with tempfile.TemporaryDirectory(prefix="a folder with spaces ") as name:
        folder = Path(name)
        checkout, temporary = folder / "check out", folder / "temporary files"
        copy_checkout(checkout)
        python = make_interpreter(folder / "an environment")
        temporary.mkdir()
        options: dict[str, object] = {"umask": 0o077}
        if os.getuid() == 0:
            options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        environment = {
            "COLUMNS": "40",
            "HOME": "/",
            "LC_ALL": "C",
            "OMP_NUM_THREADS": "1",
            "PYTHONHASHSEED": "4242",
            "PYTHONPATH": str(checkout),
            "TMPDIR": str(temporary),
            "TZ": "Asia/Kathmandu",
        }
        if not may_run(python, options):
            print("not as another user: it may not run this interpreter")
            options = {"umask": 0o077}
        return run_marked("place", str(python), checkout, environment, options)


def run_marked(
    marker: str, python: str, folder: Path, environment: Mapping[str, str], options: Options
) -> int:
    """Run the tests with a marker; returns the exit code of pytest."""
    # only files with the marker: to collect all of them takes longer than some variations
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if f"pytest.mark.{marker}" in path.read_text(encoding="utf-8")
    ]
    command = [python, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile", "-m", marker]
    command += ["-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, **options)  # type: ignore[call-overload]
    return int(done.returncode)


def copy_checkout(target: Path) -> None:
    """The files that git knows, as they are now, in a repository of their own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, copied = ROOT / name, target / name
        if source.is_file():
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(source.read_bytes())
            copied.chmod(source.stat().st_mode)


def make_interpreter(folder: Path) -> Path:
    """A virtual environment that sees the packages of this one, with the command ``ftspec``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    command = folder / "bin" / "ftspec"
    python = folder / "bin" / "python"
    command.write_text(f'#!/bin/sh\nexec "{python}" -m ftspec "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return python


def may_run(python: Path, options: Options) -> bool:
    """Whether that user may run the interpreter and read its packages."""
    try:
        done = subprocess.run([str(python), "-c", "import pytest"], **options)  # type: ignore[call-overload]
    except PermissionError:
        return False
    return bool(done.returncode == 0)


VARIATIONS: dict[str, Callable[[], int]] = {
    "plain-kernels": lambda: run_kernels(ATEN_CPU_CAPABILITY="default", ONEDNN_MAX_CPU_ISA="SSE41"),
    "avx2-kernels": lambda: run_kernels(ATEN_CPU_CAPABILITY="avx2", ONEDNN_MAX_CPU_ISA="AVX2"),
    "two-threads": lambda: run_kernels(OMP_NUM_THREADS="2"),
    "elsewhere": run_elsewhere,
}


def main(names: list[str]) -> int:
    """Run variations, all of them by default; returns the exit code."""
    unknown = set(names) - set(VARIATIONS)
    if unknown:
        print(f"no variation {', '.join(sorted(unknown))}; there are {', '.join(VARIATIONS)}")
        return 2
    failed = []
    for name in names or VARIATIONS:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        if VARIATIONS[name]():
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
