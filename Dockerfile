# The gateway in a container. Build from the repository's root:
#
#     docker build -t hedgerow .
#     docker run --rm -p 8080:8080 -v "$PWD/examples/smart/hedgerow.toml:/etc/hedgerow.toml:ro" \
#         hedgerow serve -c /etc/hedgerow.toml --host 0.0.0.0
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src ./src
RUN python -m venv /opt/hedgerow \
    && /opt/hedgerow/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim
# A fixed number, so that Kubernetes' runAsNonRoot can see that it is not root.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin hedgerow
COPY --from=build /opt/hedgerow /opt/hedgerow
ENV PATH=/opt/hedgerow/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8080
# Any HTTP answer at all means that the gateway is alive; what it says depends on the upstream.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD \
    ["python", "-c", "import http.client; c = http.client.HTTPConnection('127.0.0.1', 8080, timeout=2); c.request('HEAD', '/'); c.getresponse()"]
ENTRYPOINT ["hedgerow"]
CMD ["--help"]
