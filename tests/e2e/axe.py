"""What axe-core says of a page."""

from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parents[1] / "data" / "vendor" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page, whose policy must be bypassed."""
    page.evaluate(AXE)
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)"
    )
    return [
        f"{one['id']}: {node['html'][:150]} {node['any'][:1]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
