"""The secret name and revision of a checkpoint are sent to the Hub, and saved nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import ONE_THREAD, ftspec
from tests.engine import rows, tiny
from tests.hub import prose
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer
from tests.secrets.canaries import VARIABLES, held_in

pytestmark = pytest.mark.slow

SPEC = """\
ftspec: 1
name: canary
data:
  source: {type: hub, path: "secrets/${env:CANARY_ROWS}", revision: "${env:CANARY_REVISION}"}
  splits: {train: "train[:8]", test: "train[8:12]"}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 16}
model: {checkpoint: "secrets/${env:CANARY_MODELS}", revision: "${env:CANARY_REVISION}"}
task: text-classification
training: {max_steps: 1, push_to_hub: true, hub_token: "${env:CANARY_HUB}"}
"""
ASKED_FOR = ("CANARY_MODELS", "CANARY_REVISION", "CANARY_ROWS")


def test_name_and_revision_are_in_addresses_alone(empty_hub: HubServer, tmp_path: Path) -> None:
    repository = empty_hub.repository("models", f"secrets/{VARIABLES['CANARY_MODELS']}")
    texts = [row["text"] for row in prose.glosses("train")[:200]]
    folder = repository.branch(VARIABLES["CANARY_REVISION"]).folder
    shutil.copytree(tiny.build_bert(tmp_path / "bert", texts), folder)
    data = empty_hub.repository("datasets", f"secrets/{VARIABLES['CANARY_ROWS']}")
    folder = data.branch(VARIABLES["CANARY_REVISION"]).folder
    folder.mkdir(parents=True)
    rows.write_rows(folder / "train.jsonl", rows.glosses(20))
    project = tmp_path / "project"
    project.mkdir()
    (project / "canary.yaml").write_text(SPEC, encoding="utf-8")
    environment = environment_for(empty_hub, project / "hf_home") | ONE_THREAD | VARIABLES
    environment |= {"FTSPEC_CACHE": str(project / "cache")}

    done = ftspec("run", "canary.yaml", cwd=project, env=environment)

    assert done.code == 0, done.said
    everything = dict(VARIABLES)
    asked_for = {name: everything.pop(name) for name in ASKED_FOR}
    assert list(held_in([project], [done], empty_hub, everything)) == []
    found = list(held_in([project], [done], empty_hub, asked_for))
    # what is asked for stands in the address, and in what the library of data sets caches
    assert any(" in GET /" in place for place in found)
    harmless = (" in GET /", " in HEAD /", " in POST /api/datasets/", " file dataset_info.json ")
    assert [place for place in found if not any(one in place for one in harmless)] == []
    pushed = empty_hub.repository("models", "ftspec-tests/canary").branch().folder
    assert "base_model" not in (pushed / "README.md").read_text(encoding="utf-8")
