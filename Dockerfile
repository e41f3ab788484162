# Relation Network Lab on CPUs: `docker build -t rn-lab .`, then `docker run --rm -p 8501:8501 rn-lab`; docs/deploy.md.
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
# The renderer of CLEVR's pictures needs libatomic. Debian keeps one version of it per release.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends libatomic1 && rm -rf /var/lib/apt/lists/*
# The CPU wheel of torch first: the one that PyPI has for Linux brings gigabytes of CUDA along.
RUN python -m pip install --no-cache-dir torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
# What is installed is a file, the wheel of the first stage, which pins or bounds all that it needs.
# hadolint ignore=DL3013
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    set -- /wheels/*.whl \
    && python -m pip install --no-cache-dir "$1[all]" \
    && useradd --create-home --uid 1000 lab

# Each of these, and any other option of Streamlit, can be set anew with `docker run --env`.
ENV PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_BASE_URL_PATH="" \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost
USER 1000
WORKDIR /home/lab
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["rn-lab", "--check"]
CMD ["rn-lab"]
