"""Factories: they exist, have the right methods, and name libraries that are not installed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from unittest import SkipTest

from ftspec import protocols
from ftspec.components import Component
from ftspec.testing.check import Check, require
from ftspec.testing.probe import Answers, probe
from ftspec.testing.subject import Subject, title

_PROTOCOLS = {
    "adapter": protocols.Adapter,
    "launcher": protocols.Launcher,
    "source": protocols.Source,
    "task": protocols.Task,
    "transform": protocols.Transform,
}

_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder
from ftspec.engine.components.factories import load_factory
from ftspec.errors import MissingExtraError
from ftspec.registry.discover import build_registry

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[3]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
try:
    load_factory(build_registry().components[sys.argv[1], sys.argv[2]].component)
except MissingExtraError:
    print("said")
"""


def factory_checks(subject: Subject) -> Iterator[Check]:
    """For each component, checks that its factory exists, and names a missing library."""
    asked = tuple(
        " ".join([component.factory, *_methods(component.kind)]) for component in subject.components
    )
    probed = cache(lambda: _probe(asked))
    for component in subject.components:
        yield _there(component, probed)
        for module in component.requires:
            yield _says_what_is_missing(component, module)


def _there(component: Component, probed: Callable[[], Answers]) -> Check:
    def run() -> None:
        answer = probed()[component.factory]
        missing = answer.get("missing")
        if missing is not None and missing.partition(".")[0] != component.factory.partition(".")[0]:
            raise SkipTest(f'"{missing}" is not installed')
        problem = answer.get("error") or missing
        require(problem is None, f'"{component.factory}" cannot be imported: {problem}')
        lacking = answer["lacking"]
        require(
            not lacking,
            f'"{component.factory}" has no {", ".join(lacking)}; inherit from '
            f"ftspec.api.{component.kind.capitalize()}, which has default methods",
        )

    return Check("factory is there", title(component), run)


def _probe(asked: tuple[str, ...]) -> Answers:
    """The results of importing the factories.

    In a separate process, to keep heavy libraries out of the tests' process, unless it has them
    already.
    """
    if "torch" in sys.modules:
        with warnings.catch_warnings(action="default"):  # tests may turn warnings into errors
            return probe(asked)
    lines = _python("from ftspec.testing.probe import main; main()", *asked).stderr.splitlines()
    return dict(json.loads(line) for line in lines if line.startswith('["'))


def _says_what_is_missing(component: Component, module: str) -> Check:
    def run() -> None:
        package = module.partition(".")[0]
        done = _python(_WITHOUT, component.kind, component.name, package)
        require(
            done.stdout.strip() == "said",
            f'without "{package}", building it fails with: {done.stderr.strip()[-300:]}',
        )

    return Check(f'says that "{module}" is missing', title(component), run)


def _methods(kind: str) -> list[str]:
    protocol = _PROTOCOLS.get(kind, object)
    return [name for name, _ in inspect.getmembers(protocol, inspect.isfunction) if name[0] != "_"]


def _python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
