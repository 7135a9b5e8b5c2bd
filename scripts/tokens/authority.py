"""Certificates for the servers of scripts/check-tokens, by openssl."""

import subprocess


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **options).stdout


def make_authority(folder, names):
    """Makes an authority, and a certificate of it for all names.

    Returns the files of the authority, of the certificate and of its key.
    """
    authority, key = folder / "authority.pem", folder / "authority-key.pem"
    certificate, certificate_key = folder / "certificate.pem", folder / "certificate-key.pem"
    request, extensions = folder / "request.csr", folder / "extensions"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=authority of the token check",
            "-addext", "basicConstraints=critical,CA:true", "-keyout", key, "-out", authority)
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={names[0]}", "-keyout", certificate_key,
            "-out", request)
    extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", key, "-days", 2, "-extfile", extensions,
            "-out", certificate)
    authority.chmod(0o644)
    return authority, certificate, certificate_key


def make_client(folder, name):
    """Makes a key and a certificate that it signed itself, as an application uploads it. Returns both files."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", key,
            "-out", certificate)
    return certificate, key
