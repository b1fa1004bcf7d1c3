"""Somebody who uses a page with the keyboard alone."""

import pytest
from playwright.sync_api import Page

_TAGS = {"link": "A", "button": "BUTTON", "field": "INPUT"}
_FOCUSED = """
(() => {
  const at = document.activeElement;
  const label = at.labels?.length ? at.labels[0].textContent : at.textContent;
  return [at.tagName, (at.getAttribute('aria-label') ?? label).trim().replace(/\\s+/g, ' ')];
})()
"""
_MOST = 200


def reach(page: Page, name: str, *, role: str = "link") -> None:
    """Walk to what has a name that begins so."""
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        tag, found = page.evaluate(_FOCUSED)
        if found.startswith(name) and tag == _TAGS[role]:
            return
    pytest.fail(f"the keyboard does not reach {name!r}")


def press(page: Page, name: str, *, role: str = "link") -> None:
    """Walk to what has a name that begins so, and press it."""
    reach(page, name, role=role)
    page.keyboard.press("Enter")
