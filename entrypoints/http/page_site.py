"""All pages of one trail."""

from collections.abc import Sequence

from starlette.routing import Route

from entrypoints.http.events_stream import LiveChanges
from entrypoints.http.page_compare import ComparePages
from entrypoints.http.page_facets import FacetPages
from entrypoints.http.page_gaps import GapPages
from entrypoints.http.page_health import HealthPages
from entrypoints.http.page_put_back import PutBackPages
from entrypoints.http.page_quarantine import QuarantinePages
from entrypoints.http.page_render import Renderer
from entrypoints.http.page_routes import Pages
from entrypoints.http.page_rows import RowPages
from entrypoints.http.page_statistics import StatisticsPages
from entrypoints.http.page_transactions import TransactionPages
from entrypoints.http.site import TrailSite


def site_routes(site: TrailSite, live: LiveChanges, render: Renderer) -> Sequence[Route]:
    """The routes of all pages."""
    return (
        *Pages(site, live, render).routes(),
        *PutBackPages(site, render).routes(),
        *RowPages(site, render).routes(),
        *ComparePages(site, render).routes(),
        *TransactionPages(site, render).routes(),
        *FacetPages(site, render).routes(),
        *StatisticsPages(site, render).routes(),
        *QuarantinePages(site, render).routes(),
        *GapPages(site, render).routes(),
        *HealthPages(site, render).routes(),
    )
