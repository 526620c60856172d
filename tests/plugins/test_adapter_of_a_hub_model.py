"""A LoRA run of GPT-2 by its name on the Hub, with ftspec and ftspec-peft as wheels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ONE_THREAD, ROOT
from tests.hub import prose
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer
from tests.plugins.conftest import WheelOf
from tests.plugins.environment import Environment

pytestmark = [pytest.mark.slow, pytest.mark.long]

PROJECT = ROOT / "plugins" / "ftspec-peft"
NAME = "openai-community/gpt2"
PROMPT = "The assert statement"


@pytest.fixture
def own_hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Hub that this test may change, with a tiny model under the name of GPT-2."""
    from tests.hub import models  # imports torch

    topics = [text for topic in prose.python_topics() for _, text in topic]
    models.build_gpt2(tmp_path / "hub", texts=topics)
    with HubServer(tmp_path / "hub") as server:
        yield server


def test_adapter_belongs_to_one_commit(
    own_hub: HubServer, environment: Environment, wheel_of: WheelOf, tmp_path: Path
) -> None:
    import torch
    import transformers

    environment.install(wheel_of(PROJECT))
    spec = PROJECT / "specs" / "lora_gpt2.yaml"

    def ftspec(home: str, *arguments: str | Path) -> str:
        """The output of a successful command; ``home`` is its cache."""
        env = environment_for(own_hub, tmp_path / home) | ONE_THREAD
        done = environment.ftspec(*arguments, cwd=tmp_path, env=env)
        assert done.code == 0, done.said
        return done.out

    ftspec("with", "run", spec, "--profile", "smoke")
    asked = Counter(own_hub.requests)
    [run_dir] = tmp_path.glob("runs/lora-gpt2/*")
    commit = json.loads((run_dir / "lock.json").read_text())["model"]["revision"]
    config = json.loads((run_dir / "model" / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == (NAME, commit)
    assert f"base_model: {NAME}" in (run_dir / "model" / "README.md").read_text()

    own_hub.reset()
    ftspec("without", "run", spec, "--profile", "smoke", "--set", "model.adapter=null")
    # saving an adapter asks the Hub nothing: all there is more is to learn the commit
    assert asked - Counter(own_hub.requests) == Counter({("GET", f"/api/models/{NAME}"): 1})

    before = ftspec("with", "predict", run_dir, PROMPT)
    folder = own_hub.repository("models", NAME).branch().folder
    other = transformers.GPT2LMHeadModel.from_pretrained(folder)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.neg_()
    other.save_pretrained(folder)
    assert ftspec("with", "predict", run_dir, PROMPT) == before

    ftspec("with", "export", run_dir, "whole", "--merge")
    whole = transformers.pipeline("text-generation", model=str(tmp_path / "whole"))
    [[generated]] = whole([PROMPT], max_new_tokens=40, do_sample=False, return_full_text=False)
    assert generated["generated_text"] == before.rstrip("\n")
    card = (tmp_path / "whole" / "README.md").read_text()
    assert f"- checkpoint: `{NAME}` at `{commit}`" in card
