"""The report of a run: one HTML page without scripts, to be readable years later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape as escape_markup
from typing import Any

from ftspec.escaping import visible
from ftspec.rundir import RunDirectory

_WIDTH, _HEIGHT, _MARGIN = 640, 240, 40

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: .2em .8em; border-bottom: 1px solid #ccc; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { background: #f5f5f5; padding: 1em; overflow-x: auto; font-size: 13px; }
"""


def render_report(run_dir: RunDirectory) -> str:
    """The page, from the files of a finished run."""
    lines = (run_dir.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    curves = {
        "training loss": _curve(records, "loss"),
        "validation loss": _curve(records, "eval_loss"),
    }
    title = escape(f"{run_dir.path.parent.name} · {run_dir.path.name}")
    spec = escape(run_dir.resolved_spec.read_text(encoding="utf-8"))
    lock = escape(json.dumps(run_dir.read_json("lock.json"), indent=2, ensure_ascii=False))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>\n"
        f"<h2>Metrics</h2>{_table(run_dir.read_json('metrics.json'))}\n"
        f"<h2>Loss</h2>{_plot(curves)}\n{_performance(run_dir)}"
        f"<h2>Spec</h2><pre>{spec}</pre>\n<h2>Lock</h2><pre>{lock}</pre>\n</body></html>\n"
    )


def escape(text: str) -> str:
    """``text`` as HTML, without characters that hide or turn around what it says."""
    return escape_markup(visible(text))


def _curve(records: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    return [(record["step"], record[key]) for record in records if _is_number(record.get(key))]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == value and abs(value) != float("inf")


def _table(metrics: Mapping[str, Mapping[str, float]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(split)}</td><td>{escape(name)}</td>"
        f'<td class="number">{_four_digits(value)}</td></tr>'
        for split, results in metrics.items()
        for name, value in results.items()
    )
    return f"<table><tr><th>split</th><th>metric</th><th>value</th></tr>{rows}</table>"


def _four_digits(value: float | None) -> str:
    return "no number" if value is None else f"{value:.4f}"


def _performance(run_dir: RunDirectory) -> str:
    """Every number of the account, and its advice. Empty if there is no account."""
    if not (run_dir.path / "performance.json").exists():
        return ""
    account = run_dir.read_json("performance.json")
    advice = "".join(
        f"<li><code>{escape(one['key'])}</code>: {escape(one['text'])}</li>"
        for one in account.pop("advice")
    )
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="number">{escape(_shown(value))}</td></tr>'
        for name, value in _leaves(account)
    )
    advised = f"<ul>{advice}</ul>" if advice else ""
    return f"<h2>Performance</h2><table>{rows}</table>{advised}\n"


def _leaves(account: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in account.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name} ")
        elif value is not None:
            yield f"{above}{name}".replace("_", " "), value


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:,.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plot(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Polylines over steps, with the extremes of both axes written out."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return (
            "<p>No loss was logged; lower <code>training.logging_steps</code> to see a curve.</p>"
        )
    last = max(step for step, _ in points) or 1
    low, high = min(loss for _, loss in points), max(loss for _, loss in points)
    spread = (high - low) or 1

    def place(step: float, loss: float) -> str:
        x = _MARGIN + step / last * (_WIDTH - 2 * _MARGIN)
        y = _HEIGHT - _MARGIN - (loss - low) / spread * (_HEIGHT - 2 * _MARGIN)
        return f"{x:.1f},{y:.1f}"

    drawn = ""
    for (name, curve), colour in zip(curves.items(), ("#1f77b4", "#d62728"), strict=False):
        if len(curve) == 1:  # a curve of one point is invisible
            x, y = place(*curve[0]).split(",")
            drawn += (
                f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"><title>{name}</title></circle>'
            )
        elif curve:
            path = " ".join(place(step, loss) for step, loss in curve)
            drawn += (
                f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}">'
                f"<title>{name}</title></polyline>"
            )
    labels = (
        f'<text x="2" y="{_MARGIN}">{high:.3g}</text>'
        f'<text x="2" y="{_HEIGHT - _MARGIN}">{low:.3g}</text>'
        f'<text x="{_WIDTH - _MARGIN}" y="{_HEIGHT - 10}" text-anchor="end">step {last:g}</text>'
        f'<text x="{_WIDTH / 2}" y="20" text-anchor="middle" fill="#1f77b4">training'
        '<tspan fill="#d62728"> validation</tspan></text>'
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" font-size="12" role="img" '
        f'aria-label="loss over steps">{drawn}{labels}</svg>'
    )
