"""pki.py - keys and certificates, good and bad, made by openssl.

Pki(folder) makes them as files there; nothing is asked for, and nothing of the
system's configuration is used.
"""

import datetime
import subprocess

CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
policy = policy
unique_subject = no
default_md = sha256
email_in_dn = no
rand_serial = yes
[policy]
commonName = supplied
[req]
distinguished_name = name
[name]
"""

AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign"
SERVER = ("basicConstraints=critical,CA:FALSE\n"
          "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n")


def openssl(*args, **more):
    done = subprocess.run(["openssl", *[str(arg) for arg in args]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **more)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (args, done.stderr.decode()))
    return done.stdout


class Pair:
    """A certificate and its private key, as files."""

    def __init__(self, cert, key):
        self.cert = cert
        self.key = key

    def der(self):
        return openssl("x509", "-in", self.cert, "-outform", "DER")

    def text(self):
        return self.cert.read_text()


class Pki:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.count = 0
        self.config = folder / "config"
        self.config.write_text(CONFIG.format(folder=folder))
        (folder / "index.txt").touch()

    def file(self, suffix):
        self.count += 1
        return self.folder / ("%d.%s" % (self.count, suffix))

    def write(self, text, suffix="pem"):
        path = self.file(suffix)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def key(self, *how):
        path = self.file("key")
        openssl("genpkey", "-out", path, *(how or (
            "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")))
        return path

    def certify(self, name, extensions, issuer=None, key=None,
                days=(-1, 30), digest="sha256"):
        """A certificate that is valid from some days after now to some other
        days; of `issuer`, or its own."""
        key = key or self.key()
        request = self.file("csr")
        openssl("req", "-new", "-config", self.config, "-key", key, "-subj",
                "/CN=" + name, "-out", request)
        with_extensions = self.write(extensions + "\n", "ext")
        cert = self.file("pem")
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days=n)).strftime(
            "%Y%m%d%H%M%SZ") for n in days)
        by = ([] if issuer is None else ["-cert", issuer.cert]) + [
            "-keyfile", issuer.key if issuer else key]
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in",
                request, "-out", cert, "-startdate", start, "-enddate", end,
                "-md", digest, "-extfile", with_extensions,
                *(by if issuer else by + ["-selfsign"]))
        return Pair(cert, key)

    def authority(self, name="root", issuer=None, **more):
        return self.certify(name, AUTHORITY, issuer, **more)

    def server(self, issuer, names="IP:127.0.0.1", extensions=SERVER, **more):
        if names:
            extensions += "subjectAltName=" + names
        return self.certify("server", extensions, issuer, **more)

    def chain(self, *pairs):
        """One file with the certificates of several, and the first one's
        key."""
        return Pair(self.write("".join(pair.text() for pair in pairs)),
                    pairs[0].key)

    def sign(self, pair, data):
        """ECDSA with SHA-256, in DER."""
        return openssl("dgst", "-sha256", "-sign", pair.key, input=data)
