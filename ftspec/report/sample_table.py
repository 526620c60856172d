"""What the model generated while it was trained: the callback ``generated-samples``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ftspec.report.numbers import is_number, shown_cell
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table, counted_out, shortened

_MOST_SAMPLES = 10
_ANSWERS = ("text", "label", "labels", "value")


def sample_table(files: RunFiles) -> Table | None:
    """The samples of the last evaluation; ``None`` if the run has none."""
    known = [one for one in files.samples if is_number(one.get("step"))]
    if not known:
        return None
    last = max(one["step"] for one in known)
    samples = {str(one.get("index")): one for one in known if one["step"] == last}
    rows = [one["row"] for one in samples.values() if isinstance(one.get("row"), dict)]
    fields = list(dict.fromkeys(str(name) for row in rows for name in row))
    cells = []
    for one in list(samples.values())[:_MOST_SAMPLES]:
        row = one.get("row")
        row = row if isinstance(row, dict) else {}
        shown = [shortened(shown_cell(row.get(name))) for name in fields]
        cells.append((*shown, shortened(_answer(one.get("model")))))
    columns = (*map(Column, fields), Column("the model says"))
    left_out = counted_out(len(samples), _MOST_SAMPLES, "samples")
    return Table(f"Samples at step {last:,.0f}", columns, cells, left_out)


def _answer(result: Any) -> str:
    if not isinstance(result, Mapping):
        return shown_cell(result)
    answer = next((result[key] for key in _ANSWERS if key in result), None)
    return json.dumps(result, ensure_ascii=False) if answer is None else shown_cell(answer)
