# Postern in a container: no shell, no package manager, an unprivileged user, fit for a read-only root.
#
#   docker build -t postern .
#   docker run --rm --read-only -p 8080:8080 -e POSTERN_RELAY_URL=smtp://relay.example.net -e POSTERN_API_KEYS=app:… postern

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        binutils ca-certificates libgoogle-perftools-dev libgnutls28-dev libidn2-dev libmicrohttpd-dev libpq-dev libsqlite3-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source

# The packages change less often than the sources: they have a layer of their own.
COPY Package.* ./
RUN swift package resolve

COPY . .
RUN swift build -c release --static-swift-stdlib --product postern

# The image's root: the executable, the libraries it is linked with, the loader, CA roots, a user without privileges.
RUN set -eu; \
    built=$(swift build -c release --static-swift-stdlib --show-bin-path); \
    mkdir -p /image/usr/bin /image/etc/ssl/certs /image/usr/share/doc/postern; \
    mkdir -m 1777 /image/tmp; \
    install -d -o 65532 -g 65532 -m 700 /image/var/lib/postern; \
    strip -o /image/usr/bin/postern "$built/postern"; \
    find "$built" -maxdepth 1 -name '*.resources' -exec cp -R '{}' /image/usr/bin/ ';'; \
    ldd "$built/postern" >/tmp/libraries; \
    ! grep 'not found' /tmp/libraries; \
    grep -o '/[^ ]*' /tmp/libraries | sort -u | while read -r library; do \
        mkdir -p "/image$(dirname "$library")"; \
        cp -L "$library" "/image$library"; \
    done; \
    cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    echo 'postern:x:65532:65532:postern:/:/sbin/nologin' >/image/etc/passwd; \
    echo 'postern:x:65532:' >/image/etc/group; \
    echo 'hosts: files dns' >/image/etc/nsswitch.conf; \
    cp LICENSE /image/usr/share/doc/postern/

FROM scratch
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.description="An HTTP-to-SMTP gateway: HTTP in, SMTP out, the relay's own reply back" \
      org.opencontainers.image.licenses="BSD-3-Clause"
COPY --from=build /image/ /
# Reachable from outside the container: it starts only with keys, or with POSTERN_ALLOW_ANONYMOUS=true.
ENV POSTERN_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=12s --start-period=5s CMD ["/usr/bin/postern", "health"]
ENTRYPOINT ["/usr/bin/postern"]
CMD ["serve"]
