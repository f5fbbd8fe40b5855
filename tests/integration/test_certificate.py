"""Servers' certificates, made by openssl and by `sotto cert`: which ones a client
believes, what goes first, and how they are renewed."""

import hashlib
import os
import re
import signal
import time
import unittest

import pki
import proxy
import sotto
import wire

IDENTITY = 4
CONTEXT = b" " * 64 + b"sotto server static key v1\0"


class Certificates(sotto.Case):
    def setUp(self):
        super().setUp()
        self.pki = pki.Pki(self.folder / "pki")
        self.root = self.pki.authority()
        self.room = None  # behind those who lie

    def certified(self, pair, *args, **more):
        return self.server("--cert", pair.cert, "--key", pair.key, *args,
                           **more)

    def trusting(self, server, user, *args, ca=None, **more):
        """A client that was told to trust an authority: our root."""
        return self.client(server, user, "--ca", ca or self.root.cert, *args,
                           **more)

    def believed(self, server, user="alice", **more):
        client = self.trusting(server, user, register=True, **more)
        client.expect("ready", user=user)
        self.assertEqual(client.leave(), 0)

    def refused(self, server, *words, ca=None, address=None):
        """Refused although it would take any key at first use; nothing comes
        in, and the user is told why."""
        client = self.trusting(address or server, "mallory", ca=ca,
                               register=True,
                               data=self.folder / ("new" + self.unique()))
        self.assertEqual(client.end(), IDENTITY, client.err)
        text = client.all("error")[0]["text"]
        for word in words:
            self.assertIn(word, text)
        self.assertIn("Nothing was sent", text)
        self.assertEqual(client.all("ready"), [])
        return text

    def known(self, user="alice"):
        """The lines of this client's known_servers."""
        path = self.folder / ("of-" + user) / "known_servers"
        if not path.exists():
            return []
        return [line for line in path.read_text().splitlines()
                if not line.startswith("#")]


class Believed(Certificates):
    def test_a_certificate_for_an_address(self):
        server = self.certified(self.pki.server(self.root))
        self.believed(server)
        [line] = self.known()
        self.assertRegex(line, r" since=\S+ certificate-until=\S+$")
        self.assertIn(server.fingerprint, line)

    def test_a_person_is_not_asked(self):
        server = self.certified(self.pki.server(self.root))
        self.believed(server)
        person = self.person("client", server.address, "--user", "alice",
                             "--ca", self.root.cert, "--min-iterations",
                             sotto.ITERATIONS, "--data", self.folder / "new")
        person.answer("Password: ", sotto.PASSWORD)
        person.sees("you are in #lobby as alice")
        self.assertNotIn("fingerprint", person.screen.text())
        person.enter("exit")
        self.assertEqual(person.end(), 0)

    def test_with_an_authority_in_between(self):
        middle = self.pki.authority("middle", self.root)
        leaf = self.pki.server(middle)
        self.believed(self.certified(self.pki.chain(leaf, middle)))
        self.believed(self.certified(self.pki.chain(leaf, middle, self.root),
                                     data="whole"), user="bob")

    @unittest.skipIf(sotto.ON_LWIP, "names are the host's there")
    def test_for_a_name(self):
        server = self.certified(self.pki.server(
            self.root, "DNS:other.example,DNS:localhost"))
        self.believed("localhost:%d" % server.port)
        self.refused(server, "for another name")

    def test_trusted_beside_others(self):
        others = [self.pki.authority("other") for _ in range(3)]
        bundle = self.pki.chain(*others, self.root)
        self.believed(self.certified(self.pki.server(self.root)),
                      ca=bundle.cert)

    def test_trusted_by_the_system(self):
        """Its bundle has many that cannot be used here, and ours."""
        rsa = self.pki.authority("rsa", key=self.pki.key(
            "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
        bundle = self.pki.chain(rsa, self.root)
        server = self.certified(self.pki.server(self.root))
        self.believed(server, ca="system", env={"SSL_CERT_FILE": bundle.cert})
        # A file that a person names should not have such.
        client = self.trusting(server, "bob", ca=bundle.cert)
        self.assertEqual(client.end(), 2)
        self.assertIn("P-256", client.all("error")[0]["text"])

    def test_a_certificate_of_its_own(self):
        """Its owner hands the certificate out as an authority."""
        own = self.pki.certify("own", pki.SERVER
                               + "subjectAltName=IP:127.0.0.1")
        self.believed(self.certified(own), ca=own.cert)

    def test_keys_in_both_forms(self):
        pair = self.pki.server(self.root)
        sec1 = self.pki.file("key")
        parameters = pki.openssl("ecparam", "-name", "prime256v1")
        key = pki.openssl("ec", "-in", pair.key)
        sec1.write_bytes(parameters + key)
        self.assertIn(b"BEGIN EC PRIVATE KEY", sec1.read_bytes())
        self.believed(self.certified(pki.Pair(pair.cert, sec1)))

    def test_both_in_one_file(self):
        pair = self.pki.server(self.root)
        both = self.pki.write(pair.key.read_text() + pair.text())
        self.believed(self.certified(pki.Pair(both, both)))


class Refused(Certificates):
    def test_expired(self):
        server = self.certified(self.pki.server(self.root, days=(-9, -1)))
        server.wait_err(r" error certificate expired until=\S+")
        self.refused(server, "it has expired", "valid until")

    def test_not_yet_valid(self):
        server = self.certified(self.pki.server(self.root, days=(1, 9)))
        server.wait_err(r" error certificate not_valid_yet from=\S+")
        self.refused(server, "it is not valid yet", "valid from")

    def test_an_expired_authority(self):
        old = self.pki.authority("old", days=(-9, -1))
        self.refused(self.certified(self.pki.server(old)), "it has expired",
                     ca=old.cert)

    def test_wrong_names(self):
        for i, names in enumerate(("IP:127.0.0.2", "DNS:chat.example",
                                   "DNS:*.example,IP:192.0.2.1", "", "IP:::1",
                                   "email:a@127.0.0.1")):
            server = self.certified(self.pki.server(self.root, names),
                                    data="server%d" % i)
            self.refused(server, "for another name")

    def test_another_authority(self):
        # Of the same name, but with another key.
        other = self.pki.authority()
        server = self.certified(self.pki.server(other))
        self.refused(server, "trusted authority")
        self.refused(server, "trusted authority", ca=self.pki.server(
            self.root).cert)

    def test_an_authority_that_is_none(self):
        """A server's certificate certifies nobody."""
        leaf = self.pki.server(self.root)
        false = self.pki.server(leaf)
        self.cannot_start(self.pki.chain(false, leaf), "signed by the next")
        # Shown all the same, by a server that does not look:
        self.refused_from_liar(self.pki.chain(false, leaf), [false, leaf])

    def refused_from_liar(self, pair, chain, *words):
        mitm = self.liar(pair, [one.der() for one in chain])
        self.refused(mitm, *(words or ("trusted authority",)))
        self.assertEqual(mitm.met, 0)

    def liar(self, pair, chain, context=CONTEXT, key=None, signed=None,
             signature=None):
        """Whoever has the key of a certificate may sign what he likes."""
        static = os.urandom(32)
        data = (context + (key or wire.public_of(static))
                + hashlib.sha256(signed or chain[0]).digest())
        certificate = wire.vector(signature or self.pki.sign(pair, data))
        certificate += b"".join(wire.vector(one) for one in chain)
        return self.shows(static, certificate)

    def shows(self, static, certificate):
        if self.room is None:
            self.room = self.server(data="room")
        mitm = proxy.Mitm(self.room.port, static, certificate=certificate)
        self.addCleanup(mitm.close)
        return mitm

    def test_a_broken_chain(self):
        middle = self.pki.authority("middle", self.root)
        leaf = self.pki.server(middle)
        self.refused(self.certified(leaf), "trusted authority")
        other = self.pki.authority("middle", self.root)
        self.cannot_start(self.pki.chain(leaf, other), "signed by the next")
        self.refused_from_liar(leaf, [leaf, other])

    def test_wrong_usage(self):
        for i, usage in enumerate((
                "extendedKeyUsage=clientAuth\n", "keyUsage=keyAgreement\n",
                "extendedKeyUsage=codeSigning\nkeyUsage=digitalSignature\n")):
            leaf = self.pki.server(self.root, extensions=usage)
            self.cannot_start(leaf, "not one for servers")
            self.refused_from_liar(leaf, [leaf], "not one for servers")

    def test_a_chain_that_is_too_long(self):
        pairs = [self.root]
        for i in range(6):
            pairs.append(self.pki.authority("level %d" % i, pairs[-1]))
        leaf = self.pki.server(pairs[-1])
        chain = [leaf] + pairs[:0:-1]
        self.cannot_start(self.pki.chain(*chain), "too long")
        self.refused_from_liar(leaf, chain, "too long")
        # One level less is taken.
        leaf = self.pki.server(pairs[-2])
        self.believed(self.certified(self.pki.chain(leaf, *pairs[-2:0:-1])))

    def test_a_large_certificate(self):
        names = ",".join("DNS:%s%d.example" % ("x" * 50, i)
                         for i in range(150))
        leaf = self.pki.server(self.root, names)
        self.cannot_start(leaf, "too long")
        client = self.trusting(
            self.shows(os.urandom(32), wire.vector(b"x") + wire.vector(
                leaf.der())), "alice")
        self.assertEqual(client.end(), 5)

    def test_other_algorithms(self):
        p384 = self.pki.server(self.root, key=self.pki.key(
            "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"))
        self.cannot_start(p384, "P-256")
        self.refused_from_liar(p384, [p384], "P-256")
        sha512 = self.pki.server(self.root, digest="sha512")
        self.refused_from_liar(sha512, [sha512], "")

    def test_garbage(self):
        for certificate in (b"\0", b"x" * 100, wire.vector(b"sig"),
                            wire.vector(b"sig") + wire.vector(b"cert"),
                            wire.vector(b"sig") + b"\x05cer",
                            wire.vector(b"") + wire.vector(self.root.der()),
                            wire.vector(b"s" * 73)
                            + wire.vector(self.root.der())):
            self.refused(self.shows(os.urandom(32), certificate),
                         "not one of X.509")

    def test_a_signature_over_something_else(self):
        leaf = self.pki.server(self.root)
        other = self.pki.server(self.root)
        der = leaf.der()
        right = self.liar(leaf, [der])
        # This one is believed; its login fails later, at the true server.
        self.assertEqual(self.trusting(right, "alice").end(), 3)
        self.assertEqual(right.met, 1)
        for what in (dict(key=os.urandom(32)), dict(signed=other.der()),
                     dict(context=b" " * 64 + b"TLS 1.3, server "
                          b"CertificateVerify\0"),
                     dict(context=CONTEXT[1:]), dict(context=CONTEXT[:-1]),
                     dict(signature=self.pki.sign(other, b"")),
                     dict(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01")):
            mitm = self.liar(leaf, [der], **what)
            self.refused(mitm, "signature is not one of this server's key")
            self.assertEqual(mitm.met, 0)
        # Signed with the key of another certificate.
        self.refused(self.liar(other, [der]), "signature")

    def test_a_certificate_that_was_copied(self):
        """What a true server shows is worth nothing beside another key."""
        true = self.certified(self.pki.server(self.root))
        with wire.Channel.dial(true.port) as channel:
            certificate = channel.certificate
        self.assertGreater(len(certificate), 400)
        self.refused(self.shows(os.urandom(32), certificate),
                     "signature is not one of this server's key")

    def test_no_certificate(self):
        self.refused(self.server(), "shows no certificate")

    # ---- the server's side ----

    def cannot_start(self, pair, *words):
        """The server, and its --check-config, say why."""
        for more in ((), ("--check-config",)):
            code, _, err = self.run_sotto(
                "server", "--listen", sotto.HERE + ":0", "--data",
                self.folder / "none", "--cert", pair.cert, "--key", pair.key,
                *more)
            self.assertEqual(code, 2 if more else 1)
            for word in words:
                self.assertIn(word, err)

    def test_a_wrong_key(self):
        leaf, other = self.pki.server(self.root), self.pki.server(self.root)
        self.cannot_start(pki.Pair(leaf.cert, other.key), "is not the key of")
        upside_down = self.pki.chain(self.root, leaf)
        self.cannot_start(pki.Pair(upside_down.cert, leaf.key),
                          "is not the key of the first")

    def test_files_that_are_none(self):
        leaf = self.pki.server(self.root)
        garbage = self.pki.write(b"\0garbage\xff")
        torn = self.pki.write(leaf.text()[:-40])
        cases = ((garbage, leaf.key, "has no certificate"),
                 (torn, leaf.key, "is damaged"),
                 (leaf.key, leaf.key, "has no certificate"),
                 (self.folder / "nothing", leaf.key, "No such file"),
                 (leaf.cert, garbage, "has no private key"),
                 (leaf.cert, leaf.cert, "has no private key"),
                 (leaf.cert, self.folder / "nothing", "No such file"),
                 (leaf.cert, self.pki.key("-algorithm", "ED25519"),
                  "another kind"))
        for cert, key, word in cases:
            self.cannot_start(pki.Pair(cert, key), word)

    def test_an_encrypted_key(self):
        leaf = self.pki.server(self.root)
        new, old = self.pki.file("key"), self.pki.file("key")
        pki.openssl("pkcs8", "-topk8", "-in", leaf.key, "-out", new,
                    "-passout", "pass:secret")
        pki.openssl("ec", "-aes128", "-in", leaf.key, "-out", old, "-passout",
                    "pass:secret")
        self.assertIn("Proc-Type", old.read_text())
        for key in (new, old):
            self.cannot_start(pki.Pair(leaf.cert, key), "is encrypted",
                              "without a passphrase")

    def test_one_file_without_the_other(self):
        leaf = self.pki.server(self.root)
        for option, path in (("--cert", leaf.cert), ("--key", leaf.key)):
            code, _, err = self.run_sotto("server", option, path)
            self.assertEqual(code, 2)
            self.assertIn("together", err)

    def test_authorities_that_are_none(self):
        server = self.certified(self.pki.server(self.root))
        for ca, word in ((self.folder / "nothing", "No such file"),
                         (self.pki.write("nothing"), "has no certificate"),
                         (self.pki.write(self.root.text()[:-30]),
                          "is damaged")):
            client = self.trusting(server, "alice", ca=ca)
            self.assertEqual(client.end(), 2)
            self.assertIn(word, client.all("error")[0]["text"])

    def test_check_config_tells_the_end(self):
        for days, code, word in (((-1, 30), 0, "days"), ((-9, -1), 2, "expired"),
                                 ((1, 9), 2, "not valid before")):
            leaf = self.pki.server(self.root, days=days)
            got, _, err = self.run_sotto("server", "--cert", leaf.cert, "--key",
                                         leaf.key, "--check-config")
            self.assertEqual(got, code)
            self.assertIn(word, err)


class Order(Certificates):
    """A pin, then a key that a person took, then the certificate."""

    def test_a_pin_goes_first(self):
        server = self.server()  # has none
        client = self.trusting(server, "alice", register=True,
                               pin=server.fingerprint)
        client.expect("ready")
        good = self.certified(self.pki.server(self.root), data="good")
        client = self.trusting(good, "bob", pin=server.fingerprint)
        self.assertEqual(client.end(), IDENTITY)
        self.assertIn("ANOTHER KEY", client.all("error")[0]["text"])

    def test_a_key_that_a_person_took_goes_first(self):
        server = self.server()
        port = server.port
        self.assertEqual(self.member(server, "alice").leave(), 0)
        [line] = self.known()
        client = self.trusting(server, "alice")
        client.expect("ready")
        self.assertEqual(client.leave(), 0)
        self.assertEqual(self.known(), [line])
        # A certificate does not excuse another key.
        self.assertEqual(server.stop(), 0)
        other = self.certified(self.pki.server(self.root), data="other",
                               port=port)
        client = self.trusting(other, "alice")
        self.assertEqual(client.end(), IDENTITY)
        self.assertIn("ANOTHER KEY", client.all("error")[0]["text"])
        self.assertEqual(self.known(), [line])

    def test_a_new_key_with_a_certificate_takes_the_place_of_one(self):
        pair = self.pki.server(self.root)
        server = self.certified(pair)
        port = server.port
        self.believed(server)
        [line] = self.known()
        self.assertEqual(server.stop(), 0)
        (self.folder / "server" / "static_key").unlink()
        server = self.certified(pair, port=port)
        self.assertNotIn(server.fingerprint, line)
        # Without --ca it is another key, and a hard stop.
        client = self.client(server, "alice")
        self.assertEqual(client.end(), IDENTITY)
        text = client.all("error")[0]["text"]
        self.assertIn("ANOTHER KEY", text)
        self.assertIn("--ca", text)
        self.assertEqual(self.known(), [line])
        client = self.trusting(server, "alice")
        client.expect("ready")
        self.assertEqual(client.leave(), 0)
        [line] = self.known()
        self.assertIn(server.fingerprint, line)
        self.assertIn("certificate-until=", line)

    def test_a_key_is_known_until_the_certificate_ends(self):
        server = self.certified(self.pki.server(self.root))
        self.believed(server)
        words = ["client", server.address, "--user", "alice", "--password-file",
                 self.pki.write(sotto.PASSWORD), "--min-iterations", "1000",
                 "--json", "--data", self.folder / "of-alice"]
        code, out, _ = self.run_sotto(*words)
        self.assertEqual(code, 0, out)
        # As if that had been long ago.
        path = self.folder / "of-alice" / "known_servers"
        path.write_text(re.sub(r"certificate-until=\d+", "certificate-until="
                               "2021", path.read_text()))
        code, out, _ = self.run_sotto(*words)
        self.assertEqual(code, IDENTITY)
        self.assertIn("is not known here", out)
        # Somebody may still take it himself: then it is a person's pin.
        code, out, _ = self.run_sotto(*words, "--trust-first")
        self.assertEqual(code, 0, out)
        self.assertNotIn("certificate-until", path.read_text())

    def test_a_person_who_names_the_fingerprint_makes_it_a_pin(self):
        server = self.certified(self.pki.server(self.root))
        self.believed(server)
        client = self.client(server, "alice", pin=server.fingerprint)
        client.expect("ready")
        self.assertEqual(client.leave(), 0)
        self.assertNotIn("certificate-until", self.known()[0])

    def test_a_certificate_is_looked_at_only_where_one_is_asked_for(self):
        bad = self.pki.server(self.root, days=(-9, -1))
        server = self.certified(bad)
        self.assertEqual(self.member(server, "alice").leave(), 0)
        self.assertNotIn("certificate-until", self.known()[0])
        # Little room in the client: no certificate comes, or a short one.
        for limit, shown in ((256, False), (1024, True), (16384, True)):
            with wire.Channel.dial(server.port, limit=limit) as channel:
                self.assertEqual(len(channel.certificate) > 0, shown)

    def test_a_chain_is_left_out_where_it_does_not_fit(self):
        middle = self.pki.authority("middle", self.root)
        lower = self.pki.authority("lower", middle)
        leaf = self.pki.server(lower)
        server = self.certified(self.pki.chain(leaf, lower, middle))
        for limit, shown in ((1024, False), (2048, True)):
            with wire.Channel.dial(server.port, limit=limit) as channel:
                self.assertEqual(len(channel.certificate) > 0, shown)


class Renewal(Certificates):
    def reload(self, server, pattern):
        before = len(server.err)
        server.signal(signal.SIGHUP)
        return server.wait_for(
            lambda: re.search(pattern, server.err[before:].decode()), pattern)

    def test_sighup_takes_a_new_certificate_and_drops_nobody(self):
        old = self.pki.server(self.root, days=(-9, -1))
        server = self.certified(old)
        alice = self.member(server, "alice")
        self.refused(server, "it has expired")
        new = self.pki.server(self.root)
        old.cert.write_text(new.text())
        old.key.write_bytes(new.key.read_bytes())
        self.reload(server, r"info certificate shown .+ until=\S+")
        self.believed(server, user="bob")
        alice.said("still here")
        self.assertEqual(alice.all("disconnected"), [])

    def test_sighup_keeps_the_one_there_is_when_the_new_one_is_bad(self):
        pair = self.pki.server(self.root)
        server = self.certified(pair)
        good = pair.text()
        for text, word in (("garbage", "has no certificate"),
                           (self.pki.server(self.root).text(), "not the key")):
            pair.cert.write_text(text)
            self.reload(server, "error certificate unusable reason=.*" + word)
        self.believed(server)
        pair.cert.write_text(good)
        self.reload(server, "info certificate shown")
        self.believed(server, user="bob")

    def test_again_and_again_while_clients_come(self):
        pair = self.pki.server(self.root)
        server = self.certified(pair)
        self.believed(server)
        for _ in range(10):
            server.signal(signal.SIGHUP)
            client = self.trusting(server, "alice")
            server.signal(signal.SIGHUP)
            client.expect("ready")
            self.assertEqual(client.leave(), 0)

    def test_an_end_that_is_near_is_in_the_log(self):
        server = self.certified(self.pki.server(self.root, days=(-1, 5)))
        server.wait_err(r"warn certificate ends_soon until=\S+ days_left=[45]\b")


class Own(Certificates):
    """`sotto cert`, for those who have no authority."""

    def make(self, *args):
        code, out, err = self.run_sotto("cert", *args)
        self.assertEqual(code, 0, err)
        return out

    def fails(self, word, *args):
        code, _, err = self.run_sotto("cert", *args)
        self.assertEqual(code, 1)
        self.assertIn(word, err)

    def test_two_commands_and_a_server(self):
        self.make("ca", "--out", "authority")
        self.make("server", "127.0.0.1", "chat.example", "--ca", "authority",
                  "--out", "made")
        ca = self.folder / "authority" / "ca.pem"
        pair = pki.Pair(self.folder / "made" / "server.pem",
                        self.folder / "made" / "server.key")
        self.believed(self.certified(pair), ca=ca)
        # openssl believes it, too, with nothing to find fault with.
        pki.openssl("verify", "-x509_strict", "-purpose", "sslserver",
                    "-verify_ip", "127.0.0.1", "-CAfile", ca, pair.cert)
        pki.openssl("verify", "-x509_strict", "-purpose", "sslserver",
                    "-verify_hostname", "chat.example", "-CAfile", ca,
                    pair.cert)
        for key in (self.folder / "authority" / "ca.key", pair.key):
            pki.openssl("pkey", "-in", key, "-noout", "-check")
            self.assertEqual(key.stat().st_mode & 0o777, 0o600)

    def test_a_certificate_is_renewed_for_the_same_key(self):
        self.make("ca")
        self.make("server", "127.0.0.1", "--days", "5")
        pair = pki.Pair(self.folder / "server.pem", self.folder / "server.key")
        server = self.certified(pair)
        server.wait_err("ends_soon")
        key = pair.key.read_bytes()
        self.make("server", "127.0.0.1")
        self.assertEqual(pair.key.read_bytes(), key)
        before = len(server.err)
        server.signal(signal.SIGHUP)
        server.wait_for(lambda: b"certificate shown" in server.err[before:],
                        "the new certificate")
        self.assertNotIn(b"ends_soon", server.err[before:])
        self.believed(server, ca=self.folder / "ca.pem")

    def test_nothing_is_overwritten(self):
        self.make("ca")
        self.fails("already", "ca")
        (self.folder / "server.key").write_text("something else")
        self.fails("has no private key", "server", "a.example")
        self.assertFalse((self.folder / "server.pem").exists())

    def test_a_certificate_does_not_outlive_its_authority(self):
        self.make("ca", "--days", "10")
        out = self.make("server", "a.example")
        end = re.search(r"valid until (\S+)T", out).group(1)
        text = pki.openssl("x509", "-in", self.folder / "ca.pem", "-noout",
                           "-enddate", "-dateopt", "iso_8601").decode()
        self.assertIn(end, text)

    def test_what_cannot_be(self):
        self.fails("makes an authority", "server", "a.example")
        self.make("ca")
        for name in ("a..b", ".a", "a.", "a b", "ä.example", "a.*", "*", "",
                     "192.0.2.256", "*.0.2.1", "7"):
            self.fails("is no host name", "server", name)
        # A certificate that may not certify.
        leaf = self.pki.server(self.root)
        false = self.folder / "false"
        false.mkdir()
        (false / "ca.pem").write_text(leaf.text())
        (false / "ca.key").write_bytes(leaf.key.read_bytes())
        self.fails("clients would refuse", "server", "a.example", "--ca", false)


if __name__ == "__main__":
    sotto.main()
