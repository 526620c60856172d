"""The spec of this package, run and used from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from ftspec.cli import main

SPEC = Path(__file__).parents[1] / "specs" / "wordnet_minilm.yaml"


@pytest.fixture
def ftspec(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What the command prints, which must end well; in this process, which has imported torch."""

    def run(*arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["ftspec", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert end.value.code == 0, said.out + said.err
        assert "Traceback" not in said.err
        return said.out

    return run


def test_run_then_predict(ftspec: Callable[..., str], tmp_path: Path) -> None:
    said = ftspec("run", SPEC, "--profile", "smoke", "--output-dir", tmp_path / "runs")
    assert "recall@1" in said
    (run_dir,) = (tmp_path / "runs" / "wordnet-minilm").iterdir()
    texts = ["a fish of cold water", "a timber tree"]

    printed = ftspec("predict", run_dir, "--format", "json", *texts)
    embeddings = [json.loads(line)["embedding"] for line in printed.splitlines()]
    model = SentenceTransformer(str(run_dir / "model"), device="cpu")
    assert model.max_seq_length == 64
    for ours, theirs in zip(embeddings, model.encode(texts), strict=True):
        assert ours == pytest.approx(theirs.tolist(), abs=1e-5)

    rows = tmp_path / "rows.jsonl"
    lines = [{"word": texts[0], "gloss": texts[1]}, {"word": texts[0]}]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    printed = ftspec("predict", run_dir, "--file", rows)
    paired, single = map(json.loads, printed.splitlines())
    similarity = float(model.similarity(*model.encode(texts)))
    assert paired["similarity"] == pytest.approx(similarity, abs=1e-5)
    assert single.keys() == {"embedding"}
    assert single["embedding"] == pytest.approx(paired["embedding"], abs=1e-6)
