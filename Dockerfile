# The service as an image: only what requirements/run.txt locks, no compiler, no pip, no root.
# What is compiled, the first stage compiles.
FROM python:3.13.9-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# The compiler does not reach the image: whichever version Debian has now will do.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends gcc libc6-dev && \
    rm -rf /var/lib/apt/lists/*

# The dependencies are a layer of their own: it changes only with the lock.
COPY requirements/run.txt requirements/build.txt requirements/
RUN python -m venv /opt/cdc-audit && \
    /opt/cdc-audit/bin/pip install --only-binary :all: --require-hashes -r requirements/run.txt && \
    python -m venv /opt/build && \
    /opt/build/bin/pip install --require-hashes -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY application application
COPY adapters adapters
COPY entrypoints entrypoints
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . && \
    /opt/cdc-audit/bin/pip install --no-deps --no-index /wheels/*.whl && \
    /opt/cdc-audit/bin/pip uninstall --yes pip && \
    /opt/cdc-audit/bin/cdc-audit version

# An image without what is compiled would work, but slower, and nobody would know: it is not built.
RUN /opt/cdc-audit/bin/python -P -c "import adapters.direct.envelope_line, adapters.direct.quick_conversions"


FROM python:3.13.9-slim-bookworm

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin cdc-audit
COPY --from=build /opt/cdc-audit /opt/cdc-audit

# In a container the ports are reached from outside it; what may reach them is for whoever runs it.
ENV PATH=/opt/cdc-audit/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RAY_USAGE_STATS_ENABLED=0 \
    CDC_AUDIT_MONITORING_HOST=0.0.0.0 \
    CDC_AUDIT_ACCESS_MODE=tokens \
    CDC_AUDIT_HTTP_HOST=0.0.0.0
USER 10001:10001
WORKDIR /home/cdc-audit

# 8000 /metrics; 8001 /health, /ready, /live; 8080 the page and /api/v1.
EXPOSE 8000 8001 8080

# /live fails only when the process itself is stuck: a database outage restarts nothing.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8001/live', timeout=4)"]

ENTRYPOINT ["cdc-audit"]
CMD ["run"]
