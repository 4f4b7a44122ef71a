"""Draw every page and state of the dashboard into a folder, to be looked at one by one.

    python -m tests.browser.shots FOLDER [--only WORD …] [--looks light dark phone]

Nothing here fails on what a picture shows; a state that is not reached is named at the end, and the others are drawn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Error, ViewportSize, sync_playwright

from tests.browser.conftest import ARGUMENTS, EXECUTABLE
from tests.browser.scenes import SCENES, Material, Scene, material, show

WIDE: ViewportSize = {"width": 1440, "height": 900}
LOOKS: dict[str, tuple[Literal["light", "dark"], ViewportSize]] = {
    "light": ("light", WIDE),
    "dark": ("dark", WIDE),
    "phone": ("light", {"width": 360, "height": 740}),
}
"""By the end of the file's name: the theme, and the size of the window."""


def draw(browser: Browser, given: Material, scene: Scene, look: str, file: Path) -> None:
    """One picture of what is in the window. Raises what Playwright raises where the state is not reached."""
    theme, viewport = LOOKS[look]
    context = browser.new_context(viewport=viewport, locale="en-GB", color_scheme=theme, has_touch=look == "phone")
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        try:
            show(page, scene, given)
        finally:
            page.screenshot(path=file)
    finally:
        context.close()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--only", nargs="+", default=[""], help="scenes with one of these in their names")
    asked.add_argument("--looks", nargs="+", choices=LOOKS, default=list(LOOKS))
    choice = asked.parse_args()
    choice.folder.mkdir(parents=True, exist_ok=True)
    missed = []
    with tempfile.TemporaryDirectory() as work, material(Path(work)) as given, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        for name, scene in SCENES.items():
            for look in choice.looks if any(word in name for word in choice.only) else []:
                try:
                    draw(browser, given, scene, look, choice.folder / f"{name}.{look}.png")
                except (Error, AssertionError) as error:
                    missed.append(f"{name}.{look}: {str(error).splitlines()[0]}")
        browser.close()
    print("\n".join(missed) or "Every state was reached.", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
