# dockline and nothing else: docker build -t dockline . && docker run --rm -v "$PWD:/work:ro" dockline lint
FROM rust:1-alpine AS build
WORKDIR /src
# Alpine's Rust links the C library statically. Cargo wants the files of all targets that Cargo.toml names.
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY tests tests
COPY templates templates
COPY src src
RUN cargo build --release --locked --bin dockline

FROM scratch
COPY LICENSE-MIT LICENSE-APACHE /usr/share/doc/dockline/
COPY --from=build /src/target/release/dockline /usr/local/bin/dockline
ENV PATH=/usr/local/bin
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["dockline"]
