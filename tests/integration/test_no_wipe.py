"""A program that forgets nothing: sotto_no_wipe, in which erasing a secret does
nothing. The searches of test_secrets.py find what it leaves in memory."""

import sotto
import wire

from test_secrets import PASSWORD, Search, forms, keys_of, memory


class NoWipe(Search):
    def test_what_a_server_leaves(self):
        server = self.server()
        self.readable(server)
        with wire.Member(server.port, "alice", PASSWORD) as alice:
            alice.enter()
            alice.channel.say_close()
            alice.channel.end()
        server.wait_counter("connections", 0)
        wanted = keys_of(alice.channel) + list(forms("ClientProof",
                                                     alice.proof))
        found = " ".join(self.found(wanted, memory(server.pid), "the server"))
        self.assertIn("key of what the client says", found)
        self.assertIn("ClientProof", found)

    def test_what_a_client_leaves(self):
        server = self.server()
        self.readable(server)
        _, client = self.conversation(server)
        wanted = self.wanted(server, "alice")
        found = " ".join(self.found(wanted, memory(client.pid), "the client"))
        self.assertIn("password in", found)
        self.assertIn("SaltedPassword in", found)
        self.assertEqual(client.leave(), 0)


if __name__ == "__main__":
    sotto.main()
