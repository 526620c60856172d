"""Makes the picture of the report in the README: ``python -m docs.report_picture RUN_DIR``, after
``make quickstart`` and ``ftspec evaluate RUN_DIR``. Needs chromium and chromedriver."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from tests.report.browser import Browser

PICTURE = Path(__file__).parent / "images" / "report.png"
WIDTH, HEIGHT, COLOURS = 900, 1430, 64


def main() -> None:
    """Write the top of the page of a run, in few colours so that it stays small."""
    browser = Browser()
    try:
        browser.open(Path(sys.argv[1]).absolute() / "report.html", width=WIDTH)
        top = browser.take_picture(PICTURE, height=HEIGHT)
    finally:
        browser.close()
    Image.open(io.BytesIO(top)).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
