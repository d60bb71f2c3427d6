# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/unrollbot ./cmd/unrollbot \
    && mkdir -p /out/data

# For PDFs and share pictures in scripts that the program's own fonts lack.
FROM debian:bookworm-slim AS fonts
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/unrollbot /usr/local/bin/unrollbot
COPY --from=fonts /usr/share/fonts /usr/share/fonts
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV UNROLL_DATA_DIR=/data UNROLL_HTTP_ADDR=:8080
VOLUME /data
EXPOSE 8080
USER nonroot
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/usr/local/bin/unrollbot", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/unrollbot"]
