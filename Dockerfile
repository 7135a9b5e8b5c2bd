# Postern in a container: no shell, no package manager, an unprivileged user, fit for a read-only root.
#
#   docker build -t postern --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker run --rm --read-only -p 8080:8080 -e POSTERN_RELAY_URL=smtp://relay.example.net -e POSTERN_API_KEYS=app:… postern
#
# To pin the toolchain, and with it everything that the image is made of:
#
#   docker build --build-arg SWIFT_IMAGE=swift:6.3-bookworm@sha256:… .
#
# The build needs BuildKit (the default since Docker 23) or buildah.
ARG SWIFT_IMAGE=swift:6.3-bookworm

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        binutils ca-certificates libgoogle-perftools-dev libgnutls28-dev libidn2-dev libmicrohttpd-dev libpq-dev libsqlite3-dev \
        python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# If it is given, the list of contents has this time instead of the current one.
ARG SOURCE_DATE_EPOCH

# The image's root: the executable, the libraries it is linked with, the loader, CA roots, a user without privileges, and what all
# of that is. The build directory is a cache: after a change of the sources, the packages are neither fetched nor compiled again.
#
# The linker that scripts/image-parts makes halves the executable (from 90 to 42 MB), and the libraries that it makes take the place
# of Kerberos and LDAP; "scripts/image-parts --help" says more. The image has at most 60 MB: scripts/prove-container checks that.
RUN --mount=type=cache,target=/source/.build,sharing=locked set -eu; \
    scripts/image-parts /tmp/parts; \
    set -- -c release --static-swift-stdlib --product postern -Xswiftc -enforce-exclusivity=unchecked \
        -Xswiftc -use-ld=lld -Xswiftc -Xclang-linker -Xswiftc --ld-path=/tmp/parts/ld.lld; \
    swift build "$@"; \
    mkdir -p /image/usr/bin /image/etc/ssl/certs /image/usr/share/doc/postern; \
    mkdir -m 1777 /image/tmp; \
    install -d -o 65532 -g 65532 -m 700 /image/var/lib/postern; \
    built=$(swift build "$@" --show-bin-path); \
    strip -o /image/usr/bin/postern "$built/postern"; \
    python3 -B scripts/package.d/sbom.py --executable "$built/postern" --shipped /image/usr/bin/postern \
        --stand-ins /tmp/parts/stand-ins --version "$("$built/postern" --version)" \
        --created "$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)" \
        >/image/usr/share/doc/postern/postern.spdx.json; \
    LD_LIBRARY_PATH=/tmp/parts/stand-ins ldd /image/usr/bin/postern >/tmp/libraries; \
    ! grep 'not found' /tmp/libraries; \
    grep -o '/[^ ]*' /tmp/libraries | sort -u | while read -r library; do \
        case $library in \
            /tmp/*) target=$(dirname "$(grep -o '/[^ ]*/libc\.so\.[^ ]*' /tmp/libraries)") ;; \
            *) target=$(dirname "$library") ;; \
        esac; \
        mkdir -p "/image$target"; \
        cp -L "$library" "/image$target/"; \
    done; \
    cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    echo 'postern:x:65532:65532:postern:/:/sbin/nologin' >/image/etc/passwd; \
    echo 'postern:x:65532:' >/image/etc/group; \
    echo 'hosts: files dns' >/image/etc/nsswitch.conf; \
    cp LICENSE /image/usr/share/doc/postern/

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.description="An HTTP-to-SMTP gateway: HTTP in, SMTP out, the relay's own reply back" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="BSD-3-Clause"
COPY --from=build /image/ /
# Reachable from outside the container: it starts only with keys, or with POSTERN_ALLOW_ANONYMOUS=true.
ENV POSTERN_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=12s --start-period=5s CMD ["/usr/bin/postern", "health"]
ENTRYPOINT ["/usr/bin/postern"]
CMD ["serve"]
