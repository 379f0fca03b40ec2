# The image of mcp-openstack-ops: the binary, the three libraries that it is linked to, and the
# certificate authorities; no shell, no package manager.
#
#   docker build -t mcp-openstack-ops .
#
# --build-arg FEATURES=… is passed to cargo, --build-arg GIT_COMMIT=… is what `--version` tells, and
# --build-arg JEMALLOC_SYS_WITH_LG_PAGE=16 is for kernels whose pages have 64 KiB, as some on ARM.

# The dashboard, which the binary carries.
FROM node:22-bookworm-slim AS page
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY schema/schema.graphql /src/schema/schema.graphql
COPY web ./
RUN npm run build

# The dependencies alone, so that they are compiled again only when one of them changes: every crate
# of the workspace is an empty one here.
FROM rust:1.95-bookworm AS dependencies
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
ARG FEATURES=
ARG JEMALLOC_SYS_WITH_LG_PAGE
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY src/simulator/Cargo.toml src/simulator/
COPY benches/compare/floor/Cargo.toml benches/compare/floor/
RUN touch src/lib.rs src/simulator/lib.rs; \
    for file in src/main.rs benches/inner.rs benches/compare/floor/main.rs; do \
        echo 'fn main() {}' > "$file"; \
    done; \
    cargo build --release --locked --features "$FEATURES" --bin mcp-openstack-ops

FROM dependencies AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
ARG FEATURES=
ARG JEMALLOC_SYS_WITH_LG_PAGE
ARG GIT_COMMIT=
# The page is there already.
ENV SKIP_WEB=1
COPY build.rs ./
COPY schema schema
COPY src src
COPY --from=page /src/web/dist web/dist
# cargo looks at times, and these files are older than the empty ones were.
RUN touch build.rs src/main.rs src/lib.rs src/simulator/lib.rs; \
    cargo build --release --locked --features "$FEATURES" --bin mcp-openstack-ops

# The whole of the last stage. Its user may write nowhere but into the folder of the audit, which a
# volume takes over.
RUN mkdir -p /image/usr/bin /image/etc/ssl/certs /image/etc/openstack \
        /image/var/log/mcp-openstack-ops; \
    cp target/release/mcp-openstack-ops /image/usr/bin/; \
    ldd target/release/mcp-openstack-ops | grep -o '/[^ ]*' \
        | xargs -I{} cp --parents --dereference {} /image; \
    cp --dereference /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    echo 'ops:x:65532:65532::/nonexistent:/usr/sbin/nologin' > /image/etc/passwd; \
    echo 'ops:x:65532:' > /image/etc/group; \
    echo 'hosts: files dns' > /image/etc/nsswitch.conf; \
    chown 65532:65532 /image/var/log/mcp-openstack-ops

FROM scratch
LABEL org.opencontainers.image.title="mcp-openstack-ops" \
      org.opencontainers.image.description="One GraphQL graph in front of an OpenStack cloud, and an MCP server over it" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /image /
USER 65532:65532
# clouds.yaml is found in /etc/openstack.
ENV FASTMCP_TYPE=streamable-http FASTMCP_HOST=0.0.0.0 FASTMCP_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/usr/bin/mcp-openstack-ops", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/mcp-openstack-ops"]
