# syntax=docker/dockerfile:1
# The base image is an argument so that it can be given by digest, which only a registry knows:
#   docker build --build-arg PYTHON_IMAGE=python:3.12-slim-bookworm@sha256:… .
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /build
RUN python -m venv /opt/qingling && python -m venv /opt/build
# Dependencies before source: a change of ours does not fetch them again. Every file is checked against its hash.
COPY requirements.lock requirements-build.lock ./
RUN /opt/qingling/bin/pip install --require-hashes -r requirements.lock \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md ./
COPY app app
COPY migrations migrations
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheel . \
    && /opt/qingling/bin/pip install --no-deps --no-index /build/wheel/*.whl \
    && /opt/qingling/bin/python -m compileall -q /opt/qingling/lib \
    && /opt/qingling/bin/pip check

# The faces that letters are set in: 仿宋, 楷体, 黑体, 宋体 (Fandol; GPL with the font exception) out of Debian's
# texlive-lang-chinese, without TeX. 方正小标宋 is not free: FandolSong bold is its declared stand-in (docs/letters.md).
FROM ${PYTHON_IMAGE} AS fonts
WORKDIR /fonts
RUN apt-get update -q \
    && apt-get download -q texlive-lang-chinese \
    && dpkg -x texlive-lang-chinese_*.deb unpacked \
    && mkdir fandol \
    && cp unpacked/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol/Fandol*.otf fandol \
    && test -e fandol/FandolFang-Regular.otf -a -e fandol/FandolKai-Regular.otf \
        -a -e fandol/FandolHei-Regular.otf -a -e fandol/FandolSong-Bold.otf

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="qingling" \
      org.opencontainers.image.description="清零: the registry of major hazards (重大事故隐患) and their clearance" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A row in passwd, because PostgreSQL's tools ask for the user's name; a number in USER, because orchestrators check that.
RUN groupadd --gid 10001 qingling \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/qingling --shell /usr/sbin/nologin qingling \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/qingling
COPY --from=builder /opt/qingling /opt/qingling
COPY --from=fonts /fonts/fandol /usr/local/share/fonts/fandol
ENV PATH=/opt/qingling/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    QINGLING_DATA_DIR=/var/lib/qingling \
    QINGLING_HOST=0.0.0.0 \
    QINGLING_PORT=8000
# Everything that is written is written here; the rest of the file system may be mounted read-only.
VOLUME /var/lib/qingling
WORKDIR /var/lib/qingling
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"QINGLING_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["qingling"]
CMD ["serve"]
