"""Writes docs/mistakes.md: ten mistakes people made with other tools, and what lint says of each.

Run ``python docs/mistakes.py > docs/mistakes.md``; a test compares the two. The named public thread
says what another tool did. The findings of ftspec are the current ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ftspec.diagnostics.render import text
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

ROOT = Path(__file__).parents[1]

CLASSIFIER = """\
ftspec: 1
data:
  source: {type: hub, path: fancyzhx/ag_news, revision: main}
  splits: {train: train, validation: test}
preprocess:
  template: {text: "{text}", label: "{label}"}
model: {checkpoint: google-bert/bert-base-uncased, revision: main}
task: text-classification
"""

SUMMARIZER = """\
ftspec: 1
data:
  source: {type: hub, path: abisee/cnn_dailymail, name: "3.0.0", revision: main}
preprocess:
  template: {source: "{article}", target: "{highlights}"}
model: {checkpoint: google-t5/t5-small, revision: main}
task: summarization
"""


@dataclass(frozen=True)
class Mistake:
    """A mistake, the thread that reports it, what happened there, and a spec that has it."""

    title: str
    thread: str
    elsewhere: str
    spec: str


MISTAKES = (
    Mistake(
        "A misspelt key",
        "ludwig-ai/ludwig#1020 and #3118",
        "unknown keys were dropped with a warning that Python hides, and the default was used",
        CLASSIFIER + "training: {num_train_epoch: 10}\n",
    ),
    Mistake(
        "A learning rate that is a string",
        "hiyouga/LLaMA-Factory#4014 and #4149",
        "PyYAML reads 2e-5 as a string, and training failed; in ftspec a bare 2e-5 is a number",
        CLASSIFIER + 'training: {learning_rate: "2e-5"}\n',
    ),
    Mistake(
        "A name that transformers has changed",
        "hiyouga/LLaMA-Factory#7927",
        "the launcher printed much text, and the error in it did not give the new name",
        CLASSIFIER + "training: {evaluation_strategy: epoch}\n",
    ),
    Mistake(
        "A name that transformers has removed",
        "huggingface/peft#2949",
        "warmup_ratio stopped working from one release to the next",
        CLASSIFIER + "training: {warmup_ratio: 0.1}\n",
    ),
    Mistake(
        "A key in the wrong section",
        "Lightning-AI/litgpt#1288",
        "the key was refused, and the error did not say that it belongs in another section",
        CLASSIFIER + "learning_rate: 2e-5\n",
    ),
    Mistake(
        "A best-model metric that is not measured",
        "huggingface/transformers#22027",
        "a KeyError at the first save, an epoch into the run",
        CLASSIFIER
        + "training: {eval_strategy: epoch, save_strategy: epoch, load_best_model_at_end: true,\n"
        + "           metric_for_best_model: acuracy}\n",
    ),
    Mistake(
        "A column that the data does not have",
        "huggingface/autotrain-advanced#226, #291 and #425",
        "KeyError: 'text', from deep inside training",
        CLASSIFIER.replace(
            "{type: hub, path: fancyzhx/ag_news, revision: main}",
            "{type: json, files: ../specs/data/wordnet_topics/train.jsonl}",
        )
        .replace("validation: test", "validation: {from: train, fraction: 0.1}")
        .replace('text: "{text}"', 'text: "{txt}"'),
    ),
    Mistake(
        "T5 without its prefix",
        "huggingface/transformers#10733",
        "scores differed from the published ones, and nothing said why",
        SUMMARIZER,
    ),
    Mistake(
        "Saving when nothing is evaluated",
        "the Trainer's own check, once everything is imported",
        "a ValueError after seconds of imports, or after the queue",
        CLASSIFIER
        + "training: {eval_strategy: epoch, save_strategy: steps, load_best_model_at_end: true}\n",
    ),
    Mistake(
        "A data set by its old name",
        "the Hub client's HfUriError",
        "short names of data sets stopped loading, and the error does not give the full one",
        CLASSIFIER.replace("fancyzhx/ag_news", "ag_news"),
    ),
)


def render() -> str:
    """The page."""
    registry = build_registry()
    page = (
        "# Ten mistakes, and what lint says\n\n"
        "People made each of these mistakes with another tool. The findings below are what\n"
        "`ftspec lint` says of a spec with that mistake, without torch and without a download.\n\n"
        "Written by `python docs/mistakes.py > docs/mistakes.md`.\n"
    )
    for number, mistake in enumerate(MISTAKES, start=1):
        source = SourceText("spec.yaml", mistake.spec, Path(__file__).with_name("spec.yaml"))
        findings = text.render(lint(source, registry)).replace(f"{ROOT}/", "")
        page += (
            f"\n## {number}. {mistake.title}\n\n"
            f"Elsewhere ({mistake.thread}): {mistake.elsewhere}.\n\n```\n{findings}```\n"
        )
    return page


if __name__ == "__main__":
    print(render(), end="")
