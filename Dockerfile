# Builds postern with a static Swift runtime, and an image of the few files that it needs to run.
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libmicrohttpd-dev ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /postern
COPY Package.swift LICENSE ./
COPY Sources ./Sources
COPY Tests ./Tests
RUN swift build -c release --static-swift-stdlib --product postern \
    && mkdir -p /image/usr/bin /image/etc/ssl/certs /image/tmp \
    && install -s "$(swift build -c release --static-swift-stdlib --show-bin-path)/postern" /image/usr/bin/postern \
    # Its shared libraries and the loader, at the places where the loader looks for them.
    && ldd /image/usr/bin/postern | grep -o '/[^ ]*' | sort -u | while read -r library; do \
           install -D "$(readlink -f "$library")" "/image$library"; \
       done \
    && install -D "$(readlink -f /lib/x86_64-linux-gnu/libnss_dns.so.2)" /image/lib/x86_64-linux-gnu/libnss_dns.so.2 \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && printf 'postern:x:65532:65532:postern:/:/usr/sbin/nologin\n' > /image/etc/passwd \
    && printf 'postern:x:65532:\n' > /image/etc/group \
    && printf 'hosts: files dns\n' > /image/etc/nsswitch.conf

FROM scratch
LABEL org.opencontainers.image.title="Postern" \
      org.opencontainers.image.description="A small gate for mail: HTTP in, SMTP out, the relay's own answer back" \
      org.opencontainers.image.licenses="BSD-3-Clause"
COPY --from=build /image/ /
# Reachable from outside the container: it starts only with keys, or with POSTERN_ALLOW_ANONYMOUS=true.
ENV POSTERN_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=12s --start-period=5s CMD ["/usr/bin/postern", "health"]
ENTRYPOINT ["/usr/bin/postern"]
CMD ["serve"]
