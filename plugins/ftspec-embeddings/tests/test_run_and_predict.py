"""The spec of this package, run and used from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

SPEC = Path(__file__).parents[1] / "specs" / "wordnet_minilm.yaml"


def ftspec(*arguments: str, folder: Path) -> str:
    """What the command prints; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "ftspec", *arguments],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_specs_lint_clean(tmp_path: Path) -> None:
    assert ftspec("lint", "--format", "concise", str(SPEC.parent), folder=tmp_path) == ""


def test_run_then_predict(tmp_path: Path) -> None:
    said = ftspec("run", str(SPEC), "--profile", "smoke", folder=tmp_path)
    assert "recall@1" in said
    (run_dir,) = (tmp_path / "runs" / "wordnet-minilm").iterdir()
    texts = ["a fish of cold water", "a timber tree"]

    printed = ftspec("predict", str(run_dir), "--json", *texts, folder=tmp_path)
    embeddings = [json.loads(line)["embedding"] for line in printed.splitlines()]
    model = SentenceTransformer(str(run_dir / "model"), device="cpu")
    assert model.max_seq_length == 64
    for ours, theirs in zip(embeddings, model.encode(texts), strict=True):
        assert ours == pytest.approx(theirs.tolist(), abs=1e-5)

    rows = tmp_path / "rows.jsonl"
    lines = [{"word": texts[0], "gloss": texts[1]}, {"word": texts[0]}]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    printed = ftspec("predict", str(run_dir), "--file", str(rows), folder=tmp_path)
    paired, single = map(json.loads, printed.splitlines())
    similarity = float(model.similarity(*model.encode(texts)))
    assert paired["similarity"] == pytest.approx(similarity, abs=1e-5)
    assert single.keys() == {"embedding"}
    assert single["embedding"] == pytest.approx(paired["embedding"], abs=1e-6)
