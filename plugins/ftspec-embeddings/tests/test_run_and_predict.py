"""The spec of this package, run and used from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from ftspec.testing.commands import output_of

SPEC = Path(__file__).parents[1] / "specs" / "wordnet_minilm.yaml"


def test_run_then_predict(tmp_path: Path) -> None:
    said = output_of("run", SPEC, "--profile", "smoke", "--output-dir", tmp_path / "runs")
    assert "recall@1" in said
    (run_dir,) = (tmp_path / "runs" / "wordnet-minilm").iterdir()
    texts = ["a fish of cold water", "a timber tree"]

    printed = output_of("predict", run_dir, "--format", "json", *texts)
    embeddings = [json.loads(line)["embedding"] for line in printed.splitlines()]
    model = SentenceTransformer(str(run_dir / "model"), device="cpu")
    assert model.max_seq_length == 64
    for ours, theirs in zip(embeddings, model.encode(texts), strict=True):
        assert ours == pytest.approx(theirs.tolist(), abs=1e-5)

    rows = tmp_path / "rows.jsonl"
    lines = [{"word": texts[0], "gloss": texts[1]}, {"word": texts[0]}]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    printed = output_of("predict", run_dir, "--file", rows)
    paired, single = map(json.loads, printed.splitlines())
    similarity = float(model.similarity(*model.encode(texts)))
    assert paired["similarity"] == pytest.approx(similarity, abs=1e-5)
    assert single.keys() == {"embedding"}
    assert single["embedding"] == pytest.approx(paired["embedding"], abs=1e-6)
