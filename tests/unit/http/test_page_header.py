"""The header tells how the pipeline is; what the browser runs is what the project says it is."""

import hashlib
import re
from pathlib import Path

import pytest

from application.reports import PipelineState, PipelineStatus
from tests.unit.http.html_reading import read_html
from tests.unit.http.page_reading import app_over, page_of
from tests.unit.http.requests import get
from tests.unit.http.shop_story import a_shop

VENDOR = Path(__file__).parents[3] / "entrypoints" / "http" / "static" / "vendor"


async def test_the_header_tells_how_the_pipeline_is() -> None:
    status = PipelineStatus(
        state=PipelineState.WAITING,
        reason="the database is away",
        lag=12,
        records={"quarantined": 3},
    )
    app = app_over(a_shop(), status=lambda: status)

    page = read_html((await get(app, "/")).text)
    alone = read_html((await get(app, "/status")).text)

    header = page.one(id="status")
    assert header.text == "Pipeline waiting the database is away 12 behind 3 quarantined"
    assert header.all(of_class="unwell")
    assert alone.text == header.text


async def test_without_a_pipeline_the_header_tells_of_none() -> None:
    page = await page_of(a_shop())

    assert page.all(id="status") == []


@pytest.mark.parametrize(
    ("state", "is_well"),
    [
        (PipelineState.RUNNING, True),
        (PipelineState.STANDBY, True),
        (PipelineState.WAITING, False),
        (PipelineState.FAILED, False),
        (PipelineState.STOPPED, False),
    ],
)
async def test_the_state_is_marked_as_well_or_not(
    state: PipelineState,
    is_well: bool,  # noqa: FBT001 - a column of the table
) -> None:
    app = app_over(a_shop(), status=lambda: PipelineStatus(state=state))

    header = read_html((await get(app, "/status")).text)

    assert bool(header.all(of_class="well")) is is_well
    assert state.value in header.text


def test_the_vendored_script_is_the_one_that_is_named_and_has_its_licence() -> None:
    versions = (VENDOR / "VERSIONS").read_text(encoding="utf-8")
    script = (VENDOR / "htmx.min.js").read_bytes()

    named = re.search(r"htmx\.org ([\d.]+),", versions)
    digest = re.search(r"sha256 ([0-9a-f]{64})", versions)
    assert named is not None
    assert digest is not None
    assert hashlib.sha256(script).hexdigest() == digest[1]
    assert f'version:"{named[1]}"'.encode() in script
    assert "Zero-Clause BSD" in (VENDOR / "htmx.LICENSE").read_text(encoding="utf-8")
