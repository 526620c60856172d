"""The module of the entry point is light, because every lint imports it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from ftspec.registry.heavy_imports import HEAVY_MODULES
from ftspec.testing.check import Check, require
from ftspec.testing.subject import Subject

_PROBE = """
import importlib, json, sys
import ftspec.api
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(set(sys.argv[2:]) & set(sys.modules))))
"""


def import_checks(subject: Subject) -> Iterator[Check]:
    """A check that the entry point's module, in a separate process, imports nothing heavy."""
    module = subject.plugin.module or subject.plugin.name

    def run() -> None:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, module, *HEAVY_MODULES],
            capture_output=True,
            text=True,
            check=False,
        )
        require(done.returncode == 0, f'"{module}" cannot be imported alone: {done.stderr}')
        require(
            done.stdout.count("\n") == 1, f'"{module}" prints when it is imported: {done.stdout}'
        )
        heavy = json.loads(done.stdout)
        require(
            not heavy,
            f'"{module}" imports {", ".join(heavy)}; move that to a separate module, behind a '
            "factory string",
        )

    yield Check("imports nothing heavy", module, run)
