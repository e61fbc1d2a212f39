"""Each tool as a person sees it, in a real browser; pictures of them are left in pictures/."""

import os
import re
import shutil
import warnings
from pathlib import Path

import pytest
from conftest import ROOT, leave_out
from playwright.sync_api import expect, sync_playwright
from running import FLIGHT

PICTURES = Path(os.environ.get("PICTURES", ROOT / "pictures"))


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if executable is None:
        leave_out("No Chromium is installed, so no page was looked at.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser, stack):
    """Yield a page of someone who signed in; the browser's complaints are in `page.complaints`."""
    name, password = stack.owner
    context = browser.new_context(
        http_credentials={"username": name, "password": password},
        viewport={"width": 1280, "height": 900},
    )
    opened = context.new_page()
    opened.complaints, opened.strangers = [], set()
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on(
        "request",
        lambda request: opened.strangers.add(re.sub(r"^(\w+://[^/]+).*", r"\1", request.url)),
    )
    yield opened
    context.close()


def keep(page, name: str):
    """Keep what is seen now as a picture."""
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def only_from_here(page, stack):
    """Hold that nothing was fetched from anywhere else."""
    assert {origin for origin in page.strangers if origin.startswith("http")} <= {
        stack.url,
        stack.lab_url,
    }


def test_the_front_page_shows_each_part_and_the_model(page, stack, card):
    page.goto(stack.url)
    expect(page.get_by_text(card["version"]).first).to_be_visible(timeout=20_000)
    for part in (
        "storage",
        "database",
        "processing",
        "prediction",
        "jupyterlab",
        "dashboard",
        "monitoring",
    ):
        expect(page.get_by_text(part, exact=False).first).to_be_visible()
    expect(page.get_by_text("/v1/predict").first).to_be_visible()
    expect(page.get_by_text(re.compile("nobody", re.IGNORECASE)).first).to_be_visible()
    page.wait_for_timeout(6_000)
    expect(page.get_by_text(re.compile("unhealthy"))).to_have_count(0)
    keep(page, "front-page")
    only_from_here(page, stack)
    assert page.complaints == []


def test_the_pipelines_page_draws_the_way_of_the_data(page, stack):
    page.goto(f"{stack.url}/pipelines/asset-groups/")
    page.wait_for_timeout(4_000)
    for asset in ("raw", "rows", "features", "candidate", "champion"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible(timeout=30_000)
    keep(page, "pipelines")
    only_from_here(page, stack)


def test_jupyterlab_runs_the_first_notebook(page, stack):
    page.goto(f"{stack.lab_url}/lab/tree/first-look.ipynb", timeout=60_000)
    expect(page.locator(".jp-Notebook .jp-Cell").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    drawn = page.locator(".jp-OutputArea img").first
    drawn.wait_for(state="attached", timeout=180_000)
    drawn.scroll_into_view_if_needed()
    page.wait_for_timeout(1_000)
    keep(page, "jupyterlab")
    only_from_here(page, stack)
    assert page.complaints == []


def test_docs_show_the_example_and_ask_it(page, stack, card):
    page.goto(f"{stack.url}/docs")
    expect(page.get_by_text("/v1/predict", exact=True).first).to_be_visible(timeout=20_000)
    keep(page, "docs")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(stack.settings["API_KEY"])
    page.locator(".auth-container button[type=submit]").click()
    page.locator(".close-modal").click()
    page.locator(".opblock-post").first.click()
    page.get_by_role("button", name="Execute").click()
    answer = page.locator(".live-responses-table")
    expect(answer.get_by_text("200", exact=True).first).to_be_visible(timeout=20_000)
    expect(answer.get_by_text(card["version"]).first).to_be_visible()
    only_from_here(page, stack)
    assert page.complaints == []


ASK = """
async ([url, key, question]) => {
    const headers = {Authorization: `Bearer ${key}`, "Content-Type": "application/json"};
    try {
        const body = JSON.stringify(question);
        return (await fetch(url + "/v1/predict", {method: "POST", headers, body})).status;
    } catch (error) {
        return error.name;
    }
}
"""
"""What a page's script does: it sees an answer's status, or only that there is none for it."""


@pytest.mark.parametrize(
    ("origin", "seen"),
    [("https://shop.example.org", 200), ("https://other.example.org", "TypeError")],
)
def test_a_page_elsewhere_gets_answers_only_if_its_origin_is_allowed(page, stack, origin, seen):
    page.route(
        f"{origin}/**", lambda route: route.fulfill(body="<p>A shop", content_type="text/html")
    )
    page.goto(f"{origin}/")
    assert page.evaluate(ASK, [stack.url, stack.settings["API_KEY"], FLIGHT]) == seen


def test_prometheus_opens(page, stack):
    if page.goto(f"{stack.url}/prometheus/targets").status == 404:
        warnings.warn(
            "This build of Prometheus carries no pages: only its figures were looked at",
            stacklevel=1,
        )
        page.goto(f"{stack.url}/prometheus/metrics")
    expect(page.get_by_text("prometheus").first).to_be_visible(timeout=20_000)


def test_the_dashboard_opens(page, stack):
    page.goto(f"{stack.url}/dashboard/")
    expect(page.get_by_text("Predictions").first).to_be_visible(timeout=20_000)
    keep(page, "dashboard")
