# One image a service, with the dependencies of that service alone:
#
#   docker build --build-arg SERVICE=ingest --tag newsmill-ingest .
#
# The last stage is the service; --target init makes the secrets, --target test can run unit tests.

FROM python:3.13-slim-trixie AS base
ENV PATH=/opt/newsmill/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin newsmill

# --- The members as wheels, in an environment of their own -----------------------------------------

FROM base AS build
ARG SERVICE
WORKDIR /build
# pycld2 has no wheel for 64-bit ARM.
RUN if [ "$SERVICE" = enrich ] && [ "$(dpkg --print-architecture)" != amd64 ]; then \
        apt-get update && apt-get install --yes --no-install-recommends g++; \
    fi
COPY requirements/build.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/build \
    && python -m venv --without-pip /opt/newsmill \
    && /opt/build/bin/pip install --require-hashes --requirement requirements/build.txt
COPY requirements/${SERVICE}.txt requirements/
# Bytecode is never checked against its source: an image does not change, and nothing can be written
# where it runs.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip --python /opt/newsmill/bin/python install --no-compile \
        --require-hashes --requirement requirements/${SERVICE}.txt \
    && /opt/newsmill/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        /opt/newsmill/lib
COPY shared shared
COPY services/${SERVICE} services/${SERVICE}
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels \
        ./shared ./services/${SERVICE} \
    && /opt/build/bin/pip --python /opt/newsmill/bin/python install --no-compile \
        --no-deps --no-index wheels/*.whl \
    && /opt/newsmill/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        /opt/newsmill/lib/python*/site-packages/newsmill_*

# --- The secrets of a deployment; the standard library is all it needs -----------------------------

FROM base AS init
# A new volume takes owner and mode from the folder that it is first mounted on.
RUN for service in postgres redis index migrate gateway bridge dispatcher ingest enrich store; do \
        install --directory --owner=newsmill --group=newsmill --mode=755 /secrets/$service; \
    done \
    && install --directory --owner=newsmill --group=newsmill --mode=700 /vault \
    && install --directory --owner=newsmill --group=newsmill --mode=755 \
        /data/postgres /data/redis /data/index
WORKDIR /opt
COPY deploy/init deploy/init
RUN python -m compileall -q --invalidation-mode unchecked-hash deploy
USER 10001:10001
ENTRYPOINT ["python", "-m", "deploy.init"]

# --- A service -------------------------------------------------------------------------------------

FROM base AS service
ARG SERVICE
COPY --from=build /opt/newsmill /opt/newsmill
RUN install --directory --owner=newsmill --group=newsmill /var/lib/newsmill/pages
ENV HOME=/tmp SERVICE=${SERVICE}
WORKDIR /
USER 10001:10001
CMD exec python -m newsmill_$SERVICE.worker

# --- A service and the tools of its tests ----------------------------------------------------------

FROM build AS test-build
COPY requirements/test.txt requirements/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip install --target /opt/test --require-hashes --requirement requirements/test.txt

FROM service AS test
COPY --from=test-build /opt/test /opt/test
ENV HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis
USER root
# Looked at last: what the service brings along is what is tested.
RUN echo /opt/test >"$(python -c 'import site; print(site.getsitepackages()[0])')/test.pth"
USER 10001:10001
WORKDIR /repository
ENTRYPOINT ["python", "-m", "pytest", "-p", "no:cacheprovider", "--confcutdir=tests/unit"]

FROM service
