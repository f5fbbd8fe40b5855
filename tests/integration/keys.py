"""keys.py - what tests of devices have in common: clients without a password,
and owners, who have one."""

import json

import sotto

REFUSED = 3
IDENTITY = 4


class Client(sotto.Client):
    """A client without a password, and without a name where `user` is None."""

    def __init__(self, case, address, data, *args, user=None):
        words = ["client", address, "--json", "--data", data,
                 "--min-iterations", sotto.ITERATIONS]
        words += ["--user", user] if user else []
        self.at = 0
        self.events = []
        self.partial = b""
        self.user = user
        sotto.Child.__init__(self, case, words + list(args))


class Keys(sotto.Case):
    def keys(self, server, data, *args, **more):
        address = server if isinstance(server, str) else server.address
        return Client(self, address, self.folder / data, *args, **more)

    def owner(self, server, user="alice", register=True, **more):
        """Logged in with the password, in the room."""
        client = self.client(server, user, register=register, **more)
        client.expect("ready", user=user)
        return client

    def with_laptop(self, stays=True, server=None, **more):
        """A server, and its alice on a machine that became her device."""
        server = server or self.server()
        alice = self.owner(server, **more)
        self.ask(alice, "/device add laptop", what="device_add",
                 device="laptop")
        if not stays:
            self.assertEqual(alice.leave(), 0)
        return server, alice

    def device(self, server, data="of-alice", *args, **more):
        """A device in the room."""
        device = self.keys(server, data, *args, **more)
        device.expect("ready")
        return device

    def enroll(self, owner, device="phone"):
        """The address with a code."""
        return self.ask(owner, "/enroll " + device, "enroll")["address"]

    def ask(self, client, command, event="done", **fields):
        client.say(command)
        return client.expect(event, **fields)

    def refused(self, client, code, exit_code=REFUSED):
        self.assertEqual(client.end(), exit_code)
        self.assertEqual([e["code"] for e in client.all("error")], [code])
        self.assertEqual(client.all("ready"), [])
        return client.all("error")[0]["text"]

    def lines(self, data):
        text = (self.folder / data / "device_keys").read_text()
        return [json.loads(line) for line in text.splitlines()
                if not line.startswith("#")]
