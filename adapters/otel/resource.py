"""Who sends the telemetry: this service, unless the standard variables name it otherwise."""

from opentelemetry.sdk.resources import SERVICE_NAME, Resource

_DEFAULT_NAME = "cdc-audit"


def service_resource() -> Resource:
    """Give the resource that `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` describe."""
    found = Resource.create()
    if str(found.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        return found.merge(Resource({SERVICE_NAME: _DEFAULT_NAME}))
    return found
