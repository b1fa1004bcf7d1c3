"""Requests made up from the description of `/api/v1`: no answer is a surprise."""

import asyncio
import importlib
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings

from domain.access import Role
from tests.unit.http.api_asking import Desk

_checks: Any = importlib.import_module("schemathesis.specs.openapi.checks")  # its types are partial

# No schema says that a time exists, that one of three parameters is needed, or which of two times
# is the later one: what fits the schema may be refused.
_NOT_SAID = [_checks.positive_data_acceptance]


def _closed() -> asyncio.Event:
    """Streams end at once, or a request for one would not."""
    event = asyncio.Event()
    event.set()
    return event


_DESK = Desk(can_retry=True, closing=_closed())
_ADMIN = {"Authorization": f"Bearer {asyncio.run(_DESK.token(Role.ADMIN))}"}
_made_up: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", _DESK.app, headers=_ADMIN)
_bounded = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def _asked(case: Any) -> None:  # noqa: ANN401 - a made-up case
    answer = case.call(headers=_ADMIN)

    case.validate_response(answer, headers=_ADMIN, excluded_checks=_NOT_SAID)


test_no_answer_is_a_surprise = _made_up.parametrize()(_bounded(_asked))
