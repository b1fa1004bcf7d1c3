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
        {"min_actors": 0, "max_actors": 8},
        {"min_actors": 4},
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
        ({"min_actors": -1}, "ray.min_actors", "-1 is not within"),
        ({"max_actors": 1001}, "ray.max_actors", "1001 is not within"),
        ({"min_actors": 4, "max_actors": 2}, "ray.max_actors", "less than ray.min_actors"),
        ({"workers": 2, "max_actors": 4}, "ray.workers", "another number"),
        ({"idle_timeout": 0.0}, "ray.idle_timeout", "more than 0"),
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


def test_a_number_of_workers_is_both_the_least_and_the_most() -> None:
    config = RayConfig(workers=3)

    assert (config.least, config.most) == (3, 3)


def test_a_quiet_service_keeps_no_worker_unless_it_is_told_to() -> None:
    assert RayConfig().least == 0
    assert RayConfig(min_actors=2, max_actors=5).least == 2
    assert RayConfig(min_actors=2, max_actors=5).most == 5
