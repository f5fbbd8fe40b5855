"""peers.py - the two programs that are members of groups, and groups of them.

A member is a person of one peer; README.md lists what a peer is told. A Group
knows who is in and hands every message to everybody it is for, and check()
asks them all whether they agree.
"""

import hashlib
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77  # exit code that CTest knows
NODE_OLDEST = (20, 19)  # what the packages ask for


class Refused(Exception):
    """A peer answered with an error."""


class NoNode(Exception):
    """Node or its packages cannot be had."""


def node():
    """The path of a Node that is new enough."""
    path = shutil.which("node")
    if path is None or shutil.which("npm") is None:
        raise NoNode("no Node with npm here")
    text = subprocess.run([path, "--version"], capture_output=True, text=True,
                          check=True).stdout.strip()
    if tuple(int(n) for n in text[1:].split(".")[:2]) < NODE_OLDEST:
        raise NoNode("Node %s is older than v%d.%d" % (text, *NODE_OLDEST))
    return path


def install(folder):
    """The Node program and the locked packages, in a folder of the build."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((HERE / name).read_bytes())
        shutil.copy(HERE / name, folder)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return folder
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
         "--prefer-offline", "--fetch-retries=0"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoNode("npm cannot install: "
                     + " ".join(done.stderr.strip().splitlines()[:2]))
    stamp.write_text(digest.hexdigest())
    return folder


class Peer:
    """A program that is told things and answers."""

    def __init__(self, kind, args, **options):
        self.kind = kind
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True,
                                        **options)

    def call(self, *words):
        line = " ".join(str(word) for word in words)
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] != "ok":
            raise Refused("%s, %s: %s" % (
                self.kind, line if len(line) < 120 else line[:120] + "...",
                " ".join(answer) or "no answer"))
        return answer[1:]

    def close(self):
        """Ends it; True when it ended in good order."""
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait() == 0


def start_sotto(program, seed):
    return Peer("sotto", [program, str(seed)])


def start_ts_mls(folder, seed):
    return Peer("ts-mls", [node(), "ts_mls.mjs", str(seed)],
                cwd=install(folder))


class Member:
    def __init__(self, peer, name):
        self.peer = peer
        self.name = name
        self.leaf = None  # while it is in
        self.since = 0  # the epoch it came in

    def __repr__(self):
        return "%s (%s)" % (self.name, self.peer.kind)

    def call(self, command, *words):
        return self.peer.call(command, self.name, *words)

    def package(self):
        return self.call("package")[0]


class Group:
    """Members of one group, and what they agree on."""

    count = 0  # so that each has an identifier of its own

    def __init__(self, creator, is_there=False):
        if not is_there:
            Group.count += 1
            creator.package()
            creator.call("create", "%08x" % Group.count, "-")
        creator.since = 0
        self.members = [creator]
        self.absent = 0  # members who never come
        self.tapes = []  # of those who are recorded
        self.story = []  # what happened, in words
        if not is_there:
            self.check()

    def check(self):
        """Everybody is in the same epoch and has the same secrets."""
        states = [member.call("state") for member in self.members]
        for member, state in zip(self.members, states):
            member.leaf = int(state[4])
            if state[:4] != states[0][:4] or state[5] != states[0][5]:
                raise AssertionError("%s: %s\n%s: %s" % (
                    self.members[0], states[0], member, state))
        leaves = {member.leaf for member in self.members}
        there = [int(leaf) for leaf in states[0][5].split(",")]
        if (not leaves.issubset(there)
                or len(there) != len(self.members) + self.absent):
            raise AssertionError("in: %s, but leaves %s"
                                 % (self.members, states[0][5]))
        self.epoch = int(states[0][0])
        self.authenticator = states[0][1]

    def tell(self, member, *words):
        self.story.append("%d: %s, leaf %s: %s" % (
            self.epoch, member, member.leaf,
            " ".join(str(word)[:40] for word in words)))

    def others(self, *members):
        return [member for member in self.members if member not in members]

    def deliver(self, sender, message, kind):
        for member in self.others(sender):
            answer = member.call("receive", message)
            if answer[0] != kind:
                raise AssertionError("%s: %s, not %s"
                                     % (member, answer[0], kind))

    def propose(self, sender, change, public=False, padding=0):
        self.tell(sender, "proposes", change)
        message = sender.call("propose", int(public), padding, change)[0]
        self.deliver(sender, message, "proposal")
        for tape in self.tapes:
            tape.proposals.append(message)

    def commit(self, sender, *changes, public=False, padding=0,
               with_tree=True, added=(), removed=(), loser=None):
        """A commit that everybody takes; `added` join by its Welcome. `loser`
        makes one too, which comes too late."""
        self.tell(sender, "commits", *changes, "to", *added, "without",
                  *removed)
        message, welcome = sender.call("commit", int(public), int(with_tree),
                                       padding, *changes)
        if loser is not None:
            loser.call("commit", int(not public), 1, 0)
        for member in self.others(sender):
            answer = member.call("receive", message)[0]
            if answer != ("removed" if member in removed else "commit"):
                raise AssertionError("%s: %s" % (member, answer))
        sender.call("accept")
        self.members = [m for m in self.members if m not in removed]
        tree = self.join(sender, welcome, with_tree, added)
        self.check()
        for tape in self.tapes:
            tape.commit(message, self.authenticator)
        return welcome, tree

    def join(self, sender, welcome, with_tree, added, former=None):
        tree = "-" if with_tree else sender.call("tree")[0]
        epoch = int(sender.call("state")[0])
        for member in added:
            old = former(member).name if former else "-"
            member.call("join", welcome, tree, old)
            member.since = epoch
            self.members.append(member)
        return tree

    def join_external(self, member, helper, *changes, with_tree=True,
                      former=None):
        """By an external commit; `former` is its leaf, if it was in."""
        self.tell(member, "joins from outside, was", former)
        info = helper.call("info", int(with_tree))[0]
        tree = "-" if with_tree else helper.call("tree")[0]
        member.package()
        message = member.call("join_external", info, tree,
                              "-" if former is None else former,
                              *changes)[0]
        self.members = self.others(member)
        self.deliver(member, message, "commit")
        self.members.append(member)
        member.since = self.epoch + 1
        self.check()
        for tape in self.tapes:
            tape.commit(message, self.authenticator)

    def say(self, sender, data, padding=0, authenticated="-"):
        """Says something; what comes back lets it be heard, perhaps later, by
        all who were in then and still are."""
        message = sender.call("say", padding, authenticated, data)[0]
        listeners = self.others(sender)
        epoch, leaf = self.epoch, str(sender.leaf)
        return lambda: self.hear(
            [member for member in listeners
             if member in self.members and member.since <= epoch],
            message, [data, authenticated, leaf])

    def hear(self, listeners, message, what):
        for member in listeners:
            answer = member.call("receive", message)
            # Of authenticated data and the sender, ts-mls does not tell.
            expected = ["application",
                        *(what if member.peer.kind == "sotto" else what[:1])]
            if answer != expected:
                raise AssertionError("%s: %s, not %s"
                                     % (member, answer, expected))


class Tape:
    """What one hears who joins by a Welcome and only listens: a case of the
    files passive-client-*.json."""

    def __init__(self, member, package):
        init, encryption, signature = member.call("keys")
        self.proposals = []
        self.case = {"cipher_suite": 2, "key_package": package,
                     "signature_priv": signature,
                     "encryption_priv": encryption, "init_priv": init,
                     "epochs": []}

    def joined(self, welcome, tree, authenticator):
        self.case.update(welcome=welcome,
                         ratchet_tree=None if tree == "-" else tree,
                         initial_epoch_authenticator=authenticator)

    def commit(self, message, authenticator):
        self.case["epochs"].append({"proposals": self.proposals,
                                    "commit": message,
                                    "epoch_authenticator": authenticator})
        self.proposals = []

    def finish(self, psks):
        self.case["external_psks"] = [{"psk_id": id, "psk": psk}
                                      for id, psk in psks.items()]
        return self.case
