"""Every slug is explained, and the examples of explanations have the findings that they claim."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import ftspec
from ftspec.checks import CHECKS
from ftspec.diagnostics.explanation import Explanation, parse_explanation
from ftspec.diagnostics.model import Collector, Diagnostic, Severity
from ftspec.document.load import read_source
from ftspec.explanations import explanations, page
from ftspec.linting import lint
from ftspec.registry.discover import build_registry

PACKAGE = Path(ftspec.__file__).parent
ROOT = PACKAGE.parent
EXPLANATIONS = explanations()
REGISTRY = build_registry(with_entry_points=False)
WITH_EXAMPLES = {one.slugs: one for one in EXPLANATIONS.values() if one.bad}

SOUND = """\
ftspec: 1
data:
  source: {type: hub, path: acme/reviews, revision: v1}
  splits: {train: "train[:90%]", validation: "train[90%:]"}
model: {checkpoint: google-bert/bert-base-uncased, revision: v1}
task: text-classification
"""
TEMPLATE = 'preprocess: {template: {text: "{text}", label: "{label}"}}\n'
ROWS = '{"text": "never again", "label": "bad"}\n{"text": "lovely", "label": "good"}\n'


# Slugs in the source


def slugs_in(folder: Path) -> dict[str, str]:
    """Every slug that the package can give, with a module that does.

    A slug is what goes to a parameter, keyword or variable called ``slug``, and the type of an
    error that a model of ours raises.
    """
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")}
    places = {
        place: index for path, module in modules.items() for place, index in takers(path, module)
    }
    found: dict[str, str] = {}
    for path, module in modules.items():
        for node in ast.walk(module):
            for value in values_of(node, path, places):
                for slug in constants(value):
                    found[slug] = str(path.relative_to(folder))
    return found


def takers(path: Path, module: ast.Module) -> Iterator[tuple[tuple[Path | None, str], int]]:
    """Functions with a parameter ``slug``: the module of private ones, name, position."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "slug" in names:
                yield (path if node.name.startswith("_") else None, node.name), names.index("slug")


def values_of(
    node: ast.AST, path: Path, places: dict[tuple[Path | None, str], int]
) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign) and "slug" in map(ast.unparse, node.targets):
        yield node.value
    if not isinstance(node, ast.Call):
        return
    yield from (keyword.value for keyword in node.keywords if keyword.arg == "slug")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    index = places.get((path, name), places.get((None, name)))
    if name == "PydanticCustomError":
        index = 0
    if index is not None:
        yield from node.args[index : index + 1]


def constants(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from constants(value.body)
        yield from constants(value.orelse)


def test_every_slug_is_explained_and_nothing_else() -> None:
    found = slugs_in(PACKAGE)
    assert {slug: found[slug] for slug in found if slug not in EXPLANATIONS} == {}
    assert [slug for slug in EXPLANATIONS if slug not in found] == []


def test_no_slug_is_explained_twice() -> None:
    slugs = [slug for one in WITH_EXAMPLES for slug in one]
    assert len(slugs) == len(set(slugs))
    assert set(EXPLANATIONS) == {slug for one in EXPLANATIONS.values() for slug in one.slugs}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.rpartition(".")[2])
def test_check_gives_the_slugs_it_names(check: object) -> None:
    path = Path(str(getattr(check, "__file__", "")))
    assert set(slugs_in(path.parent)) >= set(getattr(check, "SLUGS", ()))
    module = ast.parse(path.read_text(encoding="utf-8"))
    given = {
        slug
        for node in ast.walk(module)
        for value in values_of(node, path, {})
        for slug in constants(value)
    }
    assert given == set(getattr(check, "SLUGS", ()))


def test_checks_are_in_order_and_complete() -> None:
    names = [getattr(check, "__name__", "").rpartition(".")[2] for check in CHECKS]
    files = (PACKAGE / "checks").glob("*.py")
    assert names == sorted(path.stem for path in files if path.stem != "__init__")


# Examples


def findings(example: str, folder: Path) -> list[Diagnostic]:
    """The findings of lint in an example that is merged over a valid spec, as by ``extends``."""
    base = SOUND if "preprocess:" in example else SOUND + TEMPLATE
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    (folder / "reviews.jsonl").write_text(ROWS, encoding="utf-8")
    (folder / "reviews.csv").write_text("text,label\nnever again,bad\nlovely,good\n")
    answers = '{"q": "Where?", "a": {"text": ["here"]}, "label": "x"}\n'
    (folder / "answers.jsonl").write_text(answers)
    (folder / "posts.csv").write_text("title,label\nnever again,bad\n,good\n")
    (folder / "fsdp.json").write_text('{"reshard_after_forward": true}')
    (folder / "broken.json").write_text("{'reshard_after_forward': true}")
    (folder / "data").mkdir()
    (folder / "data" / "reviews.jsonl").write_text(ROWS, encoding="utf-8")
    (folder / "results").mkdir()
    (folder / "results" / "reviews.jsonl").write_text(ROWS, encoding="utf-8")
    path = folder / "example.yaml"
    path.write_text(f"extends: base.yaml\n{example}\n", encoding="utf-8")
    source = read_source(path, Collector())
    assert source is not None
    return list(lint(source, REGISTRY))


def matter(found: Iterable[Diagnostic]) -> list[str]:
    return [str(one) for one in found if one.severity is not Severity.INFO]


@pytest.mark.parametrize("one", WITH_EXAMPLES.values(), ids=lambda one: one.slugs[0])
def test_bad_example_is_found_in_its_own_text(
    one: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVISION", "v1")
    found = [finding for finding in findings(one.bad, tmp_path) if finding.slug in one.slugs]
    assert found
    for finding in found:
        assert finding.span is not None
        assert finding.span.source.name.endswith("example.yaml")
        assert finding.span.start.line > 0


@pytest.mark.parametrize("one", WITH_EXAMPLES.values(), ids=lambda one: one.slugs[0])
def test_good_example_is_sound(one: Explanation, tmp_path: Path) -> None:
    found = findings(one.good, tmp_path)
    assert matter(found) == []
    assert not {finding.slug for finding in found} & set(one.slugs)


# The form, and the page


def test_text_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no-such, no-other does not have the fixed form"):
        parse_explanation(("no-such", "no-other"), "What.\n\nWhy: so.\n\nBad:\n\n    a: 1\n")


def test_explanation_without_examples_says_when_it_is_found() -> None:
    one = parse_explanation(("x",), "What.\n\nWhy: so.\n\nFound: when the moon\nis full.\n")
    assert (one.bad, one.good, one.found) == ("", "", "when the moon\nis full.")
    assert one.to_text() == "x\n\nWhat.\n\nWhy: so.\n\nFound: when the moon\nis full.\n"


def test_page_is_fresh() -> None:
    written = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert written == page(), 'run "python -m ftspec.explanations > docs/diagnostics.md"'
