"""The specs of the package, run by the command line as users do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch
import transformers

from tests.hub import models, prose
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[1] / "specs"
CAT = "a large wild cat with a striped coat"


def ftspec(*arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What a command that ends well prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ftspec", *map(str, arguments)],
        env={**(env or os.environ), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_minilm_learns_topics_with_an_adapter(tmp_path: Path) -> None:
    ftspec(
        *("run", SPECS / "lora_minilm.yaml", "--output-dir", tmp_path),
        *("--set", "training.max_steps=40", "--set", "data.splits.test=test[:200]"),
        *("--set", "data.splits.validation=validation[:100]"),
    )
    [run_dir] = tmp_path.glob("lora-minilm/*")
    parameters = json.loads((run_dir / "lock.json").read_text())["parameters"]
    assert parameters["trained"] == 340_230  # 8 ranks beside 37 layers, and the head
    metrics = json.loads((run_dir / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.75  # guessing gives 0.17

    given = json.loads(ftspec("predict", run_dir, CAT, "--json"))
    assert given["label"] == "animal"

    ftspec("export", run_dir, tmp_path / "whole", "--merge")
    classify = transformers.pipeline("text-classification", model=str(tmp_path / "whole"))
    [merged] = classify([CAT])
    assert merged["label"] == "animal"
    assert merged["score"] == pytest.approx(given["score"], abs=1e-4)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Hub with a tiny model under the name of GPT-2."""
    topics = [text for topic in prose.python_topics() for _, text in topic]
    models.build_gpt2(tmp_path / "hub", texts=topics)
    with HubServer(tmp_path / "hub") as server:
        yield server


def test_gpt2_of_the_hub(hub: HubServer, tmp_path: Path) -> None:
    def run(*arguments: str) -> Counter[tuple[str, str]]:
        """Run the spec with an empty cache; what it asks the Hub."""
        hub.reset()
        env = environment_for(hub, tmp_path / "home" / str(len(arguments)))
        command = ("run", SPECS / "lora_gpt2.yaml", "--profile", "smoke")
        ftspec(*command, "--output-dir", tmp_path / "runs", *arguments, env=env)
        return Counter(hub.requests)

    asked = run()
    [run_dir] = tmp_path.glob("runs/lora-gpt2/*")
    commit = json.loads((run_dir / "lock.json").read_text())["model"]["revision"]
    config = json.loads((run_dir / "model" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "openai-community/gpt2"
    assert config["revision"] == commit
    card = (run_dir / "model" / "README.md").read_text()
    assert "base_model: openai-community/gpt2" in card
    # saving asks the Hub nothing: what is more than in a run without an adapter is for the commit
    commits = Counter({("GET", "/api/models/openai-community/gpt2"): 1})
    assert asked == run("--set", "model.adapter=null") + commits

    # the name means another model by now, and the run its own
    folder = hub.repository("models", "openai-community/gpt2").branch().folder
    other = transformers.GPT2LMHeadModel.from_pretrained(folder)
    env = environment_for(hub, tmp_path / "home" / "0")
    before = ftspec("predict", run_dir, "The assert statement", env=env)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.neg_()
    other.save_pretrained(folder)
    assert ftspec("predict", run_dir, "The assert statement", env=env) == before

    ftspec("export", run_dir, tmp_path / "whole", "--merge", env=env)
    whole = transformers.pipeline("text-generation", model=str(tmp_path / "whole"))
    [[generated]] = whole(
        ["The assert statement"], max_new_tokens=40, do_sample=False, return_full_text=False
    )
    assert generated["generated_text"] == before.rstrip("\n")
    card = (tmp_path / "whole" / "README.md").read_text()
    assert f"- checkpoint: `openai-community/gpt2` at `{commit}`" in card
