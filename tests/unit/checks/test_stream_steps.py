from __future__ import annotations

from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

SPEC = """\
ftspec: 1
data:
  source: {type: hub, path: fancyzhx/ag_news, streaming: true, revision: main}
preprocess:
  template: {text: "{text}", label: "{label}"}
model: {checkpoint: google-bert/bert-base-uncased, revision: main}
task: text-classification
"""


def test_stream_without_steps_points_at_streaming() -> None:
    found = lint(SourceText("spec.yaml", SPEC), build_registry())

    assert [str(one) for one in found] == [
        "spec.yaml:3:58: error[stream-needs-steps]: a streamed source needs max_steps"
    ]


def test_stream_with_steps_is_clean() -> None:
    spec = SPEC + "training: {max_steps: 10}\n"

    assert lint(SourceText("spec.yaml", spec), build_registry()) == ()
