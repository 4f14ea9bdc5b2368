"""Clicks in the navigation, in a real browser: seconds until the page stands still.

    python benchmarks/navigation.py

Needs Playwright, which `make test` installs, and a Chromium.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the package, when run as a script

from aqfusion.cli.options import print_json
from aqfusion.load_test.server_process import app_server

PAGES = ("explain", "places", "stations", "label", "review", "models", "evaluation", "admin")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_STILL_MS, _LONGEST_MS = 400, 60_000
_ROUNDS = 3
# Resolves with the milliseconds from now to the last change, once nothing has changed for a while
# in a page whose run is over and which shows no skeleton.
_UNTIL_STILL = """([address, still]) => new Promise(resolve => {
  const start = performance.now();
  let last = start;
  const watch = new MutationObserver(() => { last = performance.now(); });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true,
                                characterData: true});
  document.querySelector(`a[href$="/${address}"]`).click();
  const look = () => {
    const done = document.querySelector('[data-test-script-state="notRunning"]')
      && location.pathname.endsWith(address)
      && !document.querySelector('[data-testid=stSkeleton]');
    if (!done) { last = performance.now(); }
    if (done && performance.now() - last > still) {
      watch.disconnect();
      resolve(last - start);
    } else { requestAnimationFrame(look); }
  };
  look();
})"""


def navigation(quick: bool) -> dict[str, Any]:
    """Each page, visited once before, from Predict and back."""
    from playwright.sync_api import sync_playwright

    program = next((path for path in map(shutil.which, _BROWSERS) if path), None)
    pages = PAGES[:1] if quick else PAGES
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        app_server(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(_LONGEST_MS)
        page.goto(f"{server.address}/predict")
        page.wait_for_selector(".st-key-result_aqi .aq-number")

        def click(name: str) -> float:
            milliseconds: float = page.evaluate(_UNTIL_STILL, [name, _STILL_MS])
            return milliseconds / 1000

        times: dict[str, list[float]] = {"predict": [], **{name: [] for name in pages}}
        for number in range(1 + (1 if quick else _ROUNDS)):
            for name in pages:
                there, back = click(name), click("predict")
                if number:  # the first visit brings code to the browser
                    times[name].append(there)
                    times["predict"].append(back)
        browser.close()
    medians = {name: round(statistics.median(spent), 3) for name, spent in times.items()}
    return {
        **{
            name: {"median_s": medians[name], "worst_s": round(max(spent), 3)}
            for name, spent in times.items()
        },
        "slowest_other_s": max(medians[name] for name in pages),
    }


PARTS = {"navigation": navigation}

if __name__ == "__main__":
    print_json(navigation("--quick" in sys.argv))
