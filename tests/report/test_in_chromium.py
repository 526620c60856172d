"""Pages in a real browser: nothing runs, nothing is asked for, nothing is too wide."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from selenium.common.exceptions import WebDriverException

from ftspec.report.comparison_page import render_comparison
from ftspec.report.evaluation_page import render_evaluation
from ftspec.report.run_page import render_run
from ftspec.runs.summary import summary_of
from tests.report.browser import CHROMIUM, DRIVER, Browser
from tests.unit.report.made_runs import HOSTILE, made_evaluation, made_run
from tests.unit.report.test_comparison_page import FACTS

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="there is no chromium with chromedriver; apt-get install chromium chromium-driver",
)

PAGES = ("run", "evaluation", "comparison", "hostile")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        browser = Browser()
    except WebDriverException as error:  # a container may forbid what a browser needs
        pytest.skip(f"Chromium does not start: {error.msg}")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind, and one of a run whose texts are all hostile."""
    folder = tmp_path_factory.mktemp("pages")
    run, hostile = (
        made_run(folder / "a"),
        made_run(
            folder / "b",
            HOSTILE,
            data={"train": {"labels": {HOSTILE: 3}}},
            origins={"name": [HOSTILE]},
        ),
    )
    evaluation = made_evaluation(run)
    row = {"text": HOSTILE + "w" * 3000, "reference": HOSTILE, "prediction": "b", "score": 0.9}
    made_evaluation(hostile, classes=(HOSTILE, "b"), rows=[row])
    texts = {
        "run": render_run(run),
        "evaluation": render_evaluation(run, evaluation, "test"),
        "comparison": render_comparison([summary_of(run), summary_of(hostile)], FACTS),
        "hostile": render_run(hostile),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_for_and_nothing_runs(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    seen = browser.open(pages[name])
    assert seen.requests == [pages[name].as_uri()]
    assert seen.console == []
    assert not seen.is_hit


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_a_narrow_screen(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name], width=400)
    assert browser.ask("return document.documentElement.scrollWidth") == 400
    assert browser.ask("return document.querySelectorAll('svg text').length") > 0
    assert browser.ask(CUT_OFF) == 0


def test_light_and_dark(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        browser.open(pages["run"], scheme=scheme)
        picture = browser.take_picture(tmp_path / f"{scheme}.png")
        grey = Image.open(io.BytesIO(picture)).convert("L")
        brightness[scheme] = grey.resize((1, 1)).getpixel((0, 0))
        # words and lines differ from the ground as much as WCAG asks for: 4.5 to 1, and 3 to 1
        contrast = browser.ask(CONTRAST)
        assert min(contrast["text"]) >= 4.5, scheme
        assert min(contrast["lines"]) >= 3, scheme
    assert brightness["light"] > 200  # type: ignore[operator]
    assert brightness["dark"] < 60  # type: ignore[operator]


def test_the_keyboard_reaches_the_skip_link_and_wide_tables(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["run"])
    reached = browser.press_tab(10)
    assert reached[0] == "skip"
    assert "scroll" in reached


CUT_OFF = """
return [...document.querySelectorAll("svg, p, h1, h2, h3, li")]
  .filter(one => !one.closest(".scroll, details"))
  .filter(one => one.getBoundingClientRect().right > 400).length
"""
CONTRAST = """
const style = getComputedStyle(document.documentElement);
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
function light(name) {
  canvas.fillStyle = style.getPropertyValue(name).trim();
  canvas.fillRect(0, 0, 1, 1);
  const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
function contrast(name) {
  const [one, other] = [light(name), light("--page")].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
}
return {
  text: ["--text", "--quiet", "--accent", "--good", "--bad"].map(contrast),
  lines: [1, 2, 3, 4, 5, 6, 7, 8].map(one => contrast(`--series-${one}`)),
};
"""
