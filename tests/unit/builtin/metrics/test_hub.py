"""A metric whose code is not in ftspec; here in a folder, which ``evaluate`` also accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ftspec.api import RunError
from ftspec.builtin.metrics.config import HubMetricConfig
from ftspec.builtin.metrics.hub import load_metric
from tests.unit.builtin.conftest import MakeContext

SCRIPT = """
import datasets
import evaluate

class Counted(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description="",
            citation="",
            inputs_description="",
            features=datasets.Features(
                {"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}
            ),
        )

    def _compute(self, predictions, references):
        return {"count": len(predictions)}
"""


def test_a_script_in_a_folder(tmp_path: Path, context: MakeContext) -> None:
    folder = tmp_path / "counted"
    folder.mkdir()
    (folder / "counted.py").write_text(SCRIPT)
    config = HubMetricConfig(path=str(folder), trust_remote_code=True)
    module = load_metric(config, context("metrics", 0))
    assert module.compute(predictions=[1, 2, 3], references=[1, 2, 3]) == {"count": 3}


def test_its_code_must_be_trusted() -> None:
    with pytest.raises(ValidationError, match="runs its own code"):
        HubMetricConfig(path="acme/metric")


@pytest.mark.parametrize("script", [None, "import no_such_package_at_all\n" + SCRIPT])
def test_a_metric_that_cannot_be_loaded(
    script: str | None, tmp_path: Path, context: MakeContext
) -> None:
    path = "acme/no-such-metric"
    if script is not None:
        (tmp_path / "counted").mkdir()
        (tmp_path / "counted" / "counted.py").write_text(script)
        path = str(tmp_path / "counted")
    config = HubMetricConfig(path=path, trust_remote_code=True)
    with pytest.raises(RunError) as caught:
        load_metric(config, context("metrics", 3))
    assert caught.value.slug == "hub"
    assert caught.value.at == ("metrics", 3, "path")
    assert caught.value.headline.startswith(f'cannot load the metric "{path}": ')
