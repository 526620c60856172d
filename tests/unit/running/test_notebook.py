"""The progress of a run in a notebook."""

from __future__ import annotations

from ftspec.running.notebook import NotebookWatcher, watcher_here
from ftspec.running.quiet_watcher import QuietWatcher


def test_a_block_shows_phase_bar_notes_and_evaluations() -> None:
    pages: list[str] = []
    watcher = NotebookWatcher(pages.append)
    watcher.note("computing in <fp32>")
    watcher.phase("training")
    for step in (1, 2, 3):
        watcher.step(step, 3, {"loss": 0.5})
    assert '<progress value="3" max="3"></progress> 3/3, loss 0.5, 0:00 left' in pages[-1]
    watcher.evaluated("validation", {"loss": 0.25, "f1": float("nan")}, 3)
    assert '<td class="number">0.2500</td>' in pages[-1]
    assert '<td class="number">no number</td>' in pages[-1]
    watcher.close()
    assert "<progress" not in pages[-1]
    assert all("computing in &lt;fp32&gt;" in page for page in pages)


def test_steps_do_not_change_the_block_more_than_twice_a_second() -> None:
    pages: list[str] = []
    watcher = NotebookWatcher(pages.append)
    for step in range(1, 1001):
        watcher.step(step, 1000, {})
    assert 1 <= len(pages) < 100


def test_a_program_hears_nothing() -> None:
    assert type(watcher_here()) is QuietWatcher
