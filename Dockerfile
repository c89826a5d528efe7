# Indexes /library and serves it on port 8000:
#   docker build -t sketchshape .
#   docker run -p 8000:8000 -e SKETCHSHAPE_TOKEN=... -v /path/to/models:/library:ro -v sketchshape:/data sketchshape
# A person opens http://HOST:8000/?token=... with that token. For this machine alone, without a token:
#   docker run -p 127.0.0.1:8000:8000 -e SKETCHSHAPE_SERVE=--no-token -v ...
# SKETCHSHAPE_SERVE is further options of `sketchshape serve`.
# The index stays in /data; when the container starts again, only what changed is rendered.
FROM python:3.12-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src src
# With the extras that read further formats of shapes and drawings.
RUN python -m venv /opt/sketchshape && /opt/sketchshape/bin/pip install --no-cache-dir '.[serve,draco,dae,step,svg,heic]'

FROM python:3.12-slim
COPY --from=build /opt/sketchshape /opt/sketchshape
ENV PATH=/opt/sketchshape/bin:$PATH PYTHONUNBUFFERED=1 \
    SKETCHSHAPE_CACHE=/data/cache NUMBA_CACHE_DIR=/data/numba SKETCHSHAPE_SERVE=
RUN useradd --uid 10001 --create-home sketchshape && mkdir -p /data /library && chown sketchshape /data
USER sketchshape
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=600s --interval=30s \
    CMD python -c "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=5)"
# A bad file in the library is told and left out; it must not keep the rest from being served.
# Without a token it says so at once, not after the indexing.
CMD ["sh", "-c", "[ -n \"$SKETCHSHAPE_TOKEN$SKETCHSHAPE_SERVE\" ] && sketchshape index /library --out /data/index; \
    exec sketchshape serve /data/index --host 0.0.0.0 $SKETCHSHAPE_SERVE"]
