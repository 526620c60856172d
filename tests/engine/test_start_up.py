"""Nothing is imported before the first step that the step does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, own_environment

pytestmark = pytest.mark.slow

# each takes from a tenth of a second to two
LATE = ("evaluate", "nltk", "rouge_score", "sacrebleu", "sklearn", "tensorboard")

PROGRAM = """\
import sys
from pathlib import Path
from transformers import TrainerCallback
from tests.engine.running import Engine

LATE = {late}

class Look(TrainerCallback):
    def on_step_begin(self, args, state, control, **more):
        if state.global_step == 0:
            print("before", *sorted(set(LATE) & sys.modules.keys()))

engine = Engine(Path({folder!r}))
run = engine.compile(Path({spec!r}).read_text())
run.trainer.add_callback(Look())
run.trainer.train()
print("after", *sorted(set(LATE) & sys.modules.keys()))
"""

CLASSIFIER = """\
ftspec: 1
name: light
data: {source: {type: json, files: ROWS}, splits: {train: "train[:16]", validation: "train[16:24]"}}
preprocess: {template: {text: "{text}", label: "{topic}"}}
tokenizer: {max_length: 16}
model: {checkpoint: MODEL}
task: text-classification
training: {max_steps: 2, per_device_train_batch_size: 8, eval_strategy: steps, eval_steps: 2}
metrics: [accuracy, f1]
"""


def test_before_the_first_step(tmp_path: Path, glosses: Path, bert: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(CLASSIFIER.replace("ROWS", f'"{glosses}"').replace("MODEL", f'"{bert}"'))
    program = PROGRAM.format(late=LATE, folder=str(tmp_path), spec=str(spec))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=own_environment(HF_HOME=str(tmp_path / "home"), HF_HUB_OFFLINE="1"),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()
    assert before.split() == ["before"]
    # what was not imported before is what the rest of the run did need
    assert {"evaluate", "sklearn", "tensorboard"} <= set(after.split())
