"""Comments that ignore findings: on a line, in a file, and without effect."""

from __future__ import annotations

from ftspec.document.ignores import find_ignores
from ftspec.linting import examine, lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

SPEC = """\
ftspec: 1
data:
  source: {type: hub, path: fancyzhx/ag_news, revision: main}
preprocess:
  template: {text: "{text}", label: "{label}"}
model: {checkpoint: google-bert/bert-base-uncased, revision: main}
task: text-classification
"""
MISMATCH = "metrics: [rouge]"


def found(text: str) -> list[str]:
    return [str(one) for one in lint(SourceText("spec.yaml", text), build_registry())]


def test_finding_on_the_line_of_the_comment_is_ignored() -> None:
    assert len(found(f"{SPEC}{MISMATCH}\n")) == 1
    assert found(f"{SPEC}{MISMATCH}  # ftspec: ignore[metric-mismatch]\n") == []


def test_comment_before_the_first_key_holds_for_the_file() -> None:
    assert found(f"# ftspec: ignore[metric-mismatch]\n\n{SPEC}{MISMATCH}\n") == []


def test_comment_on_another_line_ignores_nothing_and_is_reported() -> None:
    assert found(f"{SPEC}# ftspec: ignore[metric-mismatch]\n{MISMATCH}\n") == [
        'spec.yaml:8:18: warning[unused-ignore]: there is no "metric-mismatch" finding to ignore '
        "here",
        'spec.yaml:9:11: error[metric-mismatch]: the metric "rouge" scores "text", and the task '
        '"text-classification" predicts "class"',
    ]


def test_error_of_the_language_cannot_be_ignored() -> None:
    assert found(f"{SPEC}sede: 3  # ftspec: ignore[unknown-key]\n") == [
        'spec.yaml:8:1: error[unknown-key]: unknown key "sede"',
        'spec.yaml:8:27: warning[unused-ignore]: "unknown-key" cannot be ignored: '
        "the spec cannot run with it",
    ]


def test_run_heeds_the_comment_as_lint_does() -> None:
    text = f"{SPEC}{MISMATCH}  # ftspec: ignore[metric-mismatch]\n"
    assert examine(SourceText("spec.yaml", text), build_registry()).is_sound


def test_comment_names_several_slugs() -> None:
    source = SourceText("spec.yaml", "a: 1  # ftspec: ignore[one, two]\n")
    assert [(one.slug, one.line, str(one.span)) for one in find_ignores(source)] == [
        ("one", 0, "spec.yaml:1:24"),
        ("two", 0, "spec.yaml:1:29"),
    ]


def test_hash_inside_a_word_is_no_comment() -> None:
    assert [*find_ignores(SourceText("spec.yaml", "a: b#ftspec: ignore[one]\n"))] == []
