"""The conformance kit finds the faults of bad plugins, and none in a good one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import SkipTest

import pytest

from ftspec.testing import NonconformingError, Subject, checks_of
from ftspec.testing.cases import check_case
from ftspec.testing.training import training_checks_of
from tests.cli.site import install_plugin

SubjectOf = Callable[..., Subject]

GOOD = '''
from ftspec.api import ComponentConfig, Field, TransformComponent, hookimpl

class ShoutConfig(ComponentConfig):
    """Shouting."""

    column: str = Field(description="the column")
    times: int = Field(default=1, description="how often")

class Shout:
    """Shouts."""

    def __init__(self, config, context):
        self.config = config.model_dump()

    def apply(self, rows):
        return rows

@hookimpl
def ftspec_register_transforms():
    return [
        TransformComponent(
            name="shout", summary="shouts", config=ShoutConfig, factory="kitplugin:Shout"
        )
    ]
'''


@pytest.fixture
def subject_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SubjectOf]:
    """The installed plugin ``kitplugin`` with this source."""
    folder = tmp_path / "site"

    def install(source: str, **more: object) -> Subject:
        install_plugin(folder, "kitplugin", source)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [*sys.path])]))
        return Subject.installed("kitplugin", **more)  # type: ignore[arg-type]

    yield install
    sys.modules.pop("kitplugin", None)


def problems_of(subject: Subject) -> dict[str, str]:
    """The checks that fail, each with what it says."""
    found = {}
    for check in [*checks_of(subject), *training_checks_of(subject)]:
        try:
            check()
        except SkipTest:
            continue
        except NonconformingError as problem:
            found[check.name] = str(problem)
    return found


def test_good_plugin(subject_of: SubjectOf) -> None:
    subject = subject_of(GOOD)
    assert problems_of(subject) == {}
    assert {str(check) for check in checks_of(subject)} >= {
        "imports nothing heavy: kitplugin",
        "factory is there: transform shout",
        "config is strict: transform shout",
    }


@pytest.mark.parametrize(
    ("good", "bad", "check", "says"),
    [
        ("from ftspec.api", "import numpy\nfrom ftspec.api", "imports nothing heavy", "numpy"),
        ("class Shout:", "print('hello')\nclass Shout:", "imports nothing heavy", "prints"),
        ('summary="shouts"', "summary='shouts.'", "record is in form", "ends with a period"),
        (
            'Field(description="the column")',
            "Field()",
            "every key is described",
            'the key "column" has no description',
        ),
        (
            "    times: int",
            '    model_config = {"extra": "ignore"}\n    times: int',
            "config is strict",
            "accepts unknown keys",
        ),
        (
            "times: int = Field(default=1,",
            "times: object = Field(default_factory=object,",
            "config survives JSON",
            "",
        ),
        ('kitplugin:Shout"', 'kitplugin:Whisper"', "factory is there", "Whisper"),
        ("def apply", "def applied", "factory is there", "has no apply"),
        (
            "self.config = config.model_dump()",
            "self.config = __import__('uuid').uuid4()",
            "hashes alike",
            "have different hashes",
        ),
        (
            "    return [\n        TransformComponent(",
            "    ShoutConfig.count = getattr(ShoutConfig, 'count', 0) + 1\n"
            "    return [\n        TransformComponent(aliases=(f'a{ShoutConfig.count}',),",
            "its hooks keep no state",
            "other records",
        ),
    ],
)
def test_bad_plugin(good: str, bad: str, check: str, says: str, subject_of: SubjectOf) -> None:
    assert good in GOOD
    found = problems_of(subject_of(GOOD.replace(good, bad)))
    assert check in found, found
    assert says in found[check]


def test_missing_library_must_be_said(subject_of: SubjectOf) -> None:
    needs = 'factory="kitplugin:Shout", requires=("sacrebleu",)'
    source = GOOD.replace('factory="kitplugin:Shout"', needs)
    assert problems_of(subject_of(source)) == {}


def test_readme_names_components_and_its_specs_lint(subject_of: SubjectOf, tmp_path: Path) -> None:
    subject = subject_of(GOOD, project=tmp_path)
    readme = tmp_path / "README.md"
    assert "README names every component" in problems_of(subject)
    readme.write_text("`shout`\n\n```yaml\nftspec: 1\nsede: 1\n```\n", encoding="utf-8")
    found = problems_of(subject)
    assert set(found) == {"specs in the README lint clean"}
    assert 'unknown key "sede"' in found["specs in the README lint clean"]


def test_case_that_expects_what_is_not_found(subject_of: SubjectOf, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text(
        'ftspec: 1\nsede: 1 # error[unknown-key]@1: "sede"\n'
        'seed: "1" # error[wrong-type]@9: no such place\n',
        encoding="utf-8",
    )
    with pytest.raises(NonconformingError, match=r"expected case\.yaml:3:9: error\[wrong-type\]"):
        check_case(case, subject_of(GOOD).registry)


def test_broken_plugin_is_no_subject(subject_of: SubjectOf) -> None:
    with pytest.raises(NonconformingError, match="raised in"):
        subject_of(GOOD.replace("return [", "raise ValueError('no')\n    return ["))


def test_unknown_plugin_is_no_subject() -> None:
    with pytest.raises(LookupError, match='no plugin "nothing" is installed'):
        Subject.installed("nothing")
