"""A headless Chromium that looks at pages."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver") or shutil.which("chromium.chromedriver")


@dataclass(frozen=True)
class Seen:
    """What happened while a page was open.

    Attributes:
        requests: every address that was asked for, the page itself too.
        console: every message.
        is_hit: whether something of the page ran.
    """

    requests: list[str]
    console: list[str]
    is_hit: bool


class Browser:
    """One Chromium for many pages."""

    def __init__(self) -> None:
        options = ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for argument in (
            "--headless=new",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self._driver = Chrome(options=options, service=Service(str(DRIVER)))

    def close(self) -> None:
        """End it."""
        self._driver.quit()

    def open(self, page: Path, *, width: int = 1100, scheme: str = "light") -> Seen:
        """Open a page, and look at everything that it did."""
        self._send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        self._send(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        self._driver.get_log("performance")
        self._driver.get(page.as_uri())
        events = [json.loads(one["message"])["message"] for one in self._log("performance")]
        requests = [
            one["params"]["request"]["url"]
            for one in events
            if one["method"] == "Network.requestWillBeSent"
        ]
        console = [str(one["message"]) for one in self._log("browser")]
        return Seen(requests, console, bool(self.ask("return window.hit === 1")))

    def ask(self, script: str) -> Any:
        """What a script says of the page. Scripts of the browser are not those of the page."""
        return self._driver.execute_script(script)

    def press_tab(self, times: int) -> list[str]:
        """The tags that have the focus after each press of the tab key."""
        seen = []
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
                self._send("Input.dispatchKeyEvent", {"type": kind, **key})
            seen.append(str(self.ask("return document.activeElement.className || 'other'")))
        return seen

    def take_picture(self, file: Path, *, height: int | None = None) -> bytes:
        """The whole page, or its top, as PNG."""
        size = self._send("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "scale": 1, **size, "height": height or size["height"]}
        answer = self._send("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
        picture = base64.b64decode(answer["data"])
        file.write_bytes(picture)
        return picture

    def _send(self, command: str, parameters: Mapping[str, Any]) -> Any:
        return self._driver.execute_cdp_cmd(command, dict(parameters))

    def _log(self, name: str) -> list[dict[str, Any]]:
        log: list[dict[str, Any]] = self._driver.get_log(name)
        return log
