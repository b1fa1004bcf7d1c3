"""Ray's settings are checked before anything is started."""

from typing import Any

import pytest

from adapters.ray.config import RayConfig
from domain.errors import ConfigurationError


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"address": "auto"},
        {"address": "ray-head:6379"},
        {"address": "[::1]:6379"},
        {"workers": 64},
        {"object_store_bytes": 80 * 1024 * 1024},
    ],
)
def test_what_ray_takes_is_allowed(values: dict[str, Any]) -> None:
    RayConfig(**values).validate()


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"address": "ray-head"}, "ray.address", "host:port"),
        ({"address": ""}, "ray.address", "host:port"),
        ({"address": "ray-head:x"}, "ray.address", "host:port"),
        ({"address": "ray://ray-head:10001"}, "ray.address", "ray start --address"),
        ({"workers": -1}, "ray.workers", "-1 is not within"),
        ({"workers": 1001}, "ray.workers", "1001 is not within"),
        ({"object_store_bytes": 1024}, "ray.object_store_bytes", "1024 is too small"),
        ({"namespace": " "}, "ray.namespace", "empty"),
        ({"start_timeout": 0.0}, "ray.start_timeout", "more than 0"),
        ({"answer_timeout": float("nan")}, "ray.answer_timeout", "nan is not a time"),
    ],
)
def test_what_cannot_work_is_refused_with_what_is_allowed(
    values: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told) as refusal:
        RayConfig(**values).validate()

    assert refusal.value.field == field
