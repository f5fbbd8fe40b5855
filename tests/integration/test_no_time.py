"""Certificates where the time is not known: the clock is behind the program's own
age, because the program says that it was built in the year 2100."""

import re

import sotto
from test_certificate import IDENTITY, Certificates

CENTURY = (-1, 36500)  # until some time after 2120


class NoTime(Certificates):
    def setUp(self):
        super().setUp()
        self.root = self.pki.authority("lasting", days=CENTURY)
        self.password = self.pki.write(sotto.PASSWORD)

    def words(self, server, *more):
        return ["client", server.address, "--user", "alice", "--password-file",
                self.password, "--iterations", "1000", "--min-iterations",
                "1000", "--data", self.folder / "of-alice", *more]

    def test_a_lasting_certificate_is_believed_and_the_doubt_is_told_once(self):
        pair = self.pki.server(self.root, days=CENTURY)
        server = self.certified(pair)
        child = sotto.Child(self, self.words(server, "--ca", self.root.cert,
                                             "--register"))
        child.wait_err("you are in #lobby as alice")
        port = server.port
        server.kill()
        child.wait_err("cannot reach|disconnected|tried again|cut")
        server = self.certified(pair, port=port)
        server.wait_err(r"login user=alice")
        child.process.stdin.close()
        self.assertEqual(child.end(), 0)
        text = child.err.decode()
        self.assertEqual(text.count("does not know the time"), 1, text)
        # It is remembered, and known without the authority, until its end.
        code, _, err = self.run_sotto(*self.words(server))
        self.assertEqual(code, 0, err)
        self.assertNotIn("does not know the time", err)

    def test_a_certificate_that_ended_before_the_build_is_refused(self):
        text = self.refused(self.certified(self.pki.server(self.root)),
                            "it has expired", "valid until")
        self.assertNotIn("clock says", text)

    def test_what_begins_later_may_have_begun(self):
        pair = self.pki.server(self.root, days=(5, 36500))
        self.believed(self.certified(pair))

    def test_what_was_remembered_until_a_time_before_the_build_is_forgotten(
            self):
        server = self.certified(self.pki.server(self.root, days=CENTURY))
        self.believed(server)
        path = self.folder / "of-alice" / "known_servers"
        path.write_text(re.sub("certificate-until=[0-9]{4}",
                               "certificate-until=2099", path.read_text()))
        code, _, err = self.run_sotto(*self.words(server))
        self.assertEqual(code, IDENTITY)
        self.assertIn("is not known here", err)

    def test_no_certificates_are_made(self):
        code, _, err = self.run_sotto("cert", "ca")
        self.assertEqual(code, 1)
        self.assertIn("set it first", err)
        self.assertFalse((self.folder / "ca.key").exists())

if __name__ == "__main__":
    sotto.main()
