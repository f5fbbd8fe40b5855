"""MLS with an independent implementation, npm's ts-mls: members of both kinds
in the same groups.

    test_mls.py PEER FOLDER [--epochs N] [--members N] [--record FILE] [TEST...]

PEER is bin/mls_peer; FOLDER gets Node's packages. SOTTO_SEED chooses the random
history; --record lets it have silent members, too, and writes what they heard
in the format of passive-client-random.json, for bin/vectors_mls.
"""

import argparse
import json
import os
import pathlib
import random
import sys
import unittest

import peers
from peers import Group, Member, Tape

OPTIONS = argparse.Namespace()
SEED = int(os.environ.get("SOTTO_SEED") or random.SystemRandom().getrandbits(32))
PAST_EPOCHS = 4  # of these, both kinds still hear what comes late
APPLICATION_ID = "0001020161"  # the extension, which every member must accept


def vector(data):
    """A short vector of the encoding, in hex: its length in front."""
    length = len(data) // 2
    return "%0*x" % ((2, length) if length < 64 else (4, 0x4000 | length)) + data


class Case(unittest.TestCase):
    """Two of each kind: alice, bob by Sotto; tom, tina by ts-mls."""

    @classmethod
    def setUpClass(cls):
        cls.sotto = peers.start_sotto(OPTIONS.peer, SEED)
        cls.ts_mls = peers.start_ts_mls(OPTIONS.folder, SEED)

    @classmethod
    def tearDownClass(cls):
        if not all([cls.sotto.close(), cls.ts_mls.close()]):
            raise AssertionError("a peer ended badly")

    def setUp(self):
        name = self.id().rsplit(".", 1)[1]
        self.alice = Member(self.sotto, "alice-" + name[-20:])
        self.bob = Member(self.sotto, "bob-" + name[-20:])
        self.tom = Member(self.ts_mls, "tom-" + name[-20:])
        self.tina = Member(self.ts_mls, "tina-" + name[-20:])

    def both_ways(self):
        """The roles once this way, once the other."""
        yield self.alice, self.tom, self.bob, self.tina
        for member in (self.alice, self.bob, self.tom, self.tina):
            member.name += "-again"
        yield self.tom, self.alice, self.tina, self.bob

    def full_group(self, creator, *others, **how):
        group = Group(creator)
        group.commit(creator, *["add:" + m.package() for m in others],
                     added=others, **how)
        return group

    def talk(self, group):
        for member in group.members:
            group.say(member, "68656c6c6f", padding=7, authenticated="0a0b")()


class Steps(Case):
    def test_welcome_with_and_without_tree(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, with_tree=True)
            group.commit(b, "add:" + c.package(), "add:" + d.package(),
                         added=(c, d), with_tree=False)
            self.talk(group)

    def test_remove_and_come_again(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, d)
            group.commit(b, "remove:%d" % c.leaf, removed=(c,), public=True)
            group.commit(d, "remove:%d" % a.leaf, removed=(a,), padding=100)
            group.commit(b, "add:" + c.package(), added=(c,))
            self.talk(group)

    def test_path_commits(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, d)
            for member in (a, b, c, d, b, a):
                group.commit(member, public=member in (a, d))
                self.talk(group)

    def test_proposals_by_reference(self):
        for peer in (self.sotto, self.ts_mls):
            peer.call("psk", "52", "0011")
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c)
            group.propose(b, "update", public=True)
            group.propose(c, "add:" + d.package(), padding=31)
            group.commit(a, added=(d,))
            group.propose(a, "update")
            group.propose(d, "remove:%d" % c.leaf, public=True)
            group.propose(a, "psk:52")
            group.commit(b, removed=(c,))
            self.talk(group)

    def test_external_psk(self):
        for peer in (self.sotto, self.ts_mls):
            peer.call("psk", "5053", "00112233445566778899")
            peer.call("psk", "5054", "ff" * 32)
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b)
            group.commit(a, "psk:5053")
            group.propose(b, "psk:5054")
            group.commit(b, "psk:5053", "add:" + c.package(), added=(c,))
            group.commit(a, "psk:5053", "psk:5054", "add:" + d.package(),
                         added=(d,), with_tree=False)
            self.talk(group)

    def test_resumption_psk(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, d)
            group.commit(b)
            group.commit(c, "resumption:1")
            group.propose(b, "resumption:2")
            group.commit(a, "resumption:3")
            self.talk(group)

    def test_group_context_extensions(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c)
            group.commit(a, "extensions:" + APPLICATION_ID)
            group.propose(c, "extensions:0001020162")
            group.commit(b, "add:" + d.package(), added=(d,))
            # All may be asked for basic credentials.
            group.commit(d, "extensions:0003050000020001")
            self.talk(group)

    def test_external_join(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, c)
            group.join_external(b, a)
            group.join_external(d, b, with_tree=False)
            self.talk(group)
            group.commit(d)
            group.commit(c)

    def test_external_join_in_the_place_of_an_own_leaf(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, d)
            group.join_external(b, a, former=b.leaf)
            group.join_external(c, b, former=c.leaf)
            group.commit(a)
            self.talk(group)

    def test_external_join_with_psk(self):
        """Sotto's only."""
        for peer in (self.sotto, self.ts_mls):
            peer.call("psk", "e0", "0123")
        group = self.full_group(self.tom, self.bob, self.tina)
        group.join_external(self.alice, self.tom, "psk:e0")
        group.join_external(self.bob, self.tom, "psk:e0", former=self.bob.leaf)
        self.talk(group)

    def test_proposal_of_one_who_wants_to_join(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c)
            d.package()
            message = d.call("propose_join", a.call("info", 1)[0])[0]
            group.deliver(None, message, "proposal")
            group.commit(b, added=(d,))
            self.talk(group)

    def test_proposals_of_an_external_sender(self):
        """Two of them stand in the group; the second one proposes."""
        for a, b, c, d in self.both_ways():
            senders = "".join(
                vector(member.call("sender")[0]) + "0001" + vector("78")
                for member in (c, d))
            group = self.full_group(a, b)
            group.commit(a, "extensions:0005" + vector(vector(senders)))
            for change, gone in (("remove:%d" % b.leaf, (b,)),
                                 ("add:" + b.package(), ())):
                info = a.call("info", 1)[0]
                message = d.call("propose_as", info, 1, change)[0]
                group.deliver(None, message, "proposal")
                group.commit(a, removed=gone, added=() if gone else (b,))
            self.talk(group)

    def test_new_signature_key(self):
        """Sotto's only: by a commit, and by an Update of which others know."""
        group = self.full_group(self.tom, self.alice, self.tina, self.bob)
        group.commit(self.alice, "rekey")
        self.talk(group)
        group.propose(self.bob, "rekey")
        group.commit(self.tina)
        self.talk(group)

    def test_credentials_of_two_types(self):
        """A chain of two is nobody's certificate: both believe everybody."""
        chain = vector("30" * 100) + vector("31" * 20)
        for a, b, c, d in self.both_ways():
            group = Group(a)
            group.commit(a, "add:" + b.call("package", chain)[0], added=(b,))
            group.commit(b, "add:" + c.call("package", chain)[0],
                         "add:" + d.package(), added=(c, d))
            group.propose(c, "update")
            group.commit(d)
            self.talk(group)

    def test_large_group(self):
        """Most of it are people who are added and never come."""
        crowd = Member(self.sotto, "crowd")
        group = self.full_group(self.tom, self.alice)
        for sender in (self.alice, self.tom, self.alice):
            packages = []
            for _ in range(30):
                crowd.call("sender")
                packages.append("add:" + crowd.package())
            group.absent += len(packages)
            group.commit(sender, *packages)
        group.commit(self.alice, "path", "add:" + self.tina.package(),
                     added=(self.tina,))
        group.join_external(self.bob, self.tina, with_tree=False)
        # The crowd has the leaves 2 to 91.
        for first, sender in ((3, self.tina), (4, self.bob), (5, self.tom)):
            gone = range(first, 92, 9)
            group.absent -= len(gone)
            group.commit(sender, *["remove:%d" % leaf for leaf in gone])
        self.talk(group)

    def test_grease(self):
        self.sotto.call("grease", 1)
        self.addCleanup(self.sotto.call, "grease", 0)
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, with_tree=True)
            group.propose(b, "update")
            group.commit(c)
            group.join_external(d, b)
            self.talk(group)

    def test_late_and_lost_application_messages(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c, d)
            group.say(a, "-")()
            hears = [group.say(b, "%02x" % n) for n in range(6)]
            for n in (3, 0, 5, 1):
                hears[n]()
            with self.assertRaises(peers.Refused):
                hears[3]()  # a second time

    def test_branch(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c)
            self.tie(group, "branch", a, "6272616e6368")

    def test_reinit(self):
        for a, b, c, d in self.both_ways():
            group = self.full_group(a, b, c)
            message = a.call("commit", 0, 1, 0, "reinit:6e6577")[0]
            for member in group.others(a):
                self.assertEqual(member.call("receive", message), ["reinit"])
            a.call("accept")
            self.tie(group, "continue", b, "6e6577")

    def tie(self, group, how, founder, group_id):
        """A group of the same people once more, from `founder`'s."""
        old = {}
        for member in group.members:
            new = Member(member.peer, member.name + "+new")
            old[new] = member
        first = next(new for new in old if old[new] is founder)
        joiners = [new for new in old if new is not first]
        first.package()
        message, welcome = founder.call(
            how, first.name, group_id, *[m.package() for m in joiners])
        first.call("accept")
        new_group = Group(first, is_there=True)
        # ts-mls leaves the tree out of such a Welcome.
        new_group.join(first, welcome, first.peer is self.sotto, joiners,
                       former=old.get)
        new_group.check()
        self.talk(new_group)


class History:
    """A random history: every epoch is somebody's commit, or an external
    join, and then some talk."""

    def __init__(self, case, dice):
        self.dice = dice
        self.psks = {}
        size = OPTIONS.members
        self.out = [Member((case.sotto, case.ts_mls)[n % 2], "m%d" % n)
                    for n in range(size)]
        self.peers = (case.sotto, case.ts_mls)
        self.silent = []  # who is recorded
        self.late = []  # what has not been heard yet
        case.sotto.call("grease", dice.randrange(2))
        first = self.out.pop(dice.randrange(size))
        self.group = Group(first)

    def chance(self, percent):
        return self.dice.randrange(100) < percent

    def some_psk(self):
        id = "%04x" % len(self.psks)
        self.psks[id] = self.dice.randbytes(self.dice.randrange(1, 70)).hex()
        for peer in self.peers:
            peer.call("psk", id, self.psks[id])
        return "psk:" + id

    def resumption(self):
        """An epoch that everybody was in and still knows: this one counts as
        one of those that ts-mls keeps."""
        oldest = max([m.since for m in self.group.members]
                     + [self.group.epoch - PAST_EPOCHS + 1])
        return "resumption:%d" % self.dice.randint(oldest, self.group.epoch)

    def update_of(self, sender):
        is_sotto = sender.peer.kind == "sotto"
        return "rekey" if is_sotto and self.chance(30) else "update"

    def changes(self, committers, allowed):
        """Some changes, and who comes and goes by them."""
        result, added, removed = [], [], []
        while self.chance(55):
            kind = self.dice.choice(("add", "add", "add", "remove", "psk",
                                     "resumption", "extensions"))
            victims = [m for m in self.group.members
                       if m not in committers and m not in self.touched
                       and m not in self.silent]
            if kind == "add" and self.out:
                member = self.out.pop(self.dice.randrange(len(self.out)))
                added.append(member)
                result.append("add:" + member.package())
            elif kind == "remove" and len(victims) > 1 and self.chance(60):
                member = self.dice.choice(victims)
                removed.append(member)
                self.touched.append(member)
                result.append("remove:%d" % member.leaf)
            elif kind == "psk":
                result.append(self.some_psk())
            elif kind == "resumption" and "resumption" in allowed:
                result.append(self.resumption())
                allowed = allowed - {"resumption"}
            elif kind == "extensions" and "extensions" in allowed:
                allowed = allowed - {"extensions"}
                result.append("extensions:00010201%02x"
                              % self.dice.randrange(256))
        return result, added, removed

    def restart_some(self):
        for member in self.group.members:
            if member.peer.kind == "sotto" and self.chance(10):
                member.call("reload")

    def epoch(self):
        group, dice = self.group, self.dice
        self.touched = []
        self.restart_some()
        speakers = group.others(*self.silent)
        if OPTIONS.record and self.chance(10):
            self.add_silent(dice.choice(speakers))
            return
        if self.out and self.chance(10):
            member = self.out.pop(dice.randrange(len(self.out)))
            group.join_external(member, dice.choice(speakers),
                                with_tree=self.chance(50))
            return
        member = dice.choice(speakers)
        if len(speakers) > 2 and self.chance(5):
            helper = dice.choice(group.others(member, *self.silent))
            group.join_external(member, helper, former=member.leaf)
            return
        self.commit(member, speakers)

    def add_silent(self, committer):
        member = Member(self.peers[0], "silent%d" % len(self.silent))
        package = member.package()
        tape = Tape(member, package)
        tape.joined(*self.group.commit(
            committer, "add:" + package, added=(member,),
            with_tree=self.chance(50)), self.group.authenticator)
        self.group.tapes.append(tape)
        self.silent.append(member)

    def commit(self, committer, speakers):
        group, dice = self.group, self.dice
        loser = None
        others = [m for m in speakers if m is not committer]
        if others and self.chance(25):
            loser = dice.choice(others)
        committers = [committer, loser]
        added, removed, allowed = [], [], {"extensions", "resumption"}
        for sender in dice.sample(speakers, min(len(speakers), 3)):
            if sender in self.touched or not self.chance(40):
                continue
            if sender not in committers and self.chance(70):
                changes, came, went = [self.update_of(sender)], [], []
                self.touched.append(sender)
            else:
                changes, came, went = self.changes(committers, set())
            for change in changes:
                group.propose(sender, change, public=self.chance(50),
                              padding=dice.randrange(300))
            added += came
            removed += went
        self.restart_some()
        changes, came, went = self.changes(committers, allowed)
        # A resumption PSK, and a new member, who cannot know it.
        if any("resumption" in c for c in changes) and added + came:
            changes = [c for c in changes if "resumption" not in c]
        if committer.peer.kind == "sotto" and self.chance(40):
            changes.append(dice.choice(("path", "rekey")))
        group.commit(committer, *changes, public=self.chance(50),
                     padding=dice.randrange(300), with_tree=self.chance(50),
                     added=added + came, removed=removed + went, loser=loser)
        self.out += removed + went

    def talk(self):
        dice = self.dice
        hears = []
        for peer in self.peers:
            of_kind = [m for m in self.group.members
                       if m.peer is peer and m not in self.silent]
            for sender in dice.sample(of_kind, min(len(of_kind), 1)):
                for _ in range(dice.randint(1, 3)):
                    hears.append((self.group.epoch, self.group.say(
                        sender, dice.randbytes(dice.randrange(1, 400)).hex(),
                        padding=dice.randrange(400),
                        authenticated=dice.randbytes(
                            dice.randrange(1, 9)).hex())))
        hears += self.late
        dice.shuffle(hears)
        # Both sides can read what was said up to PAST_EPOCHS ago.
        self.late = [said for said in hears if self.chance(15)
                     and self.group.epoch - said[0] < PAST_EPOCHS]
        for said in hears:
            if said not in self.late:
                said[1]()

    def run(self, epochs):
        try:
            for _ in range(epochs):
                self.epoch()
                self.talk()
        except Exception:
            print("in: %s" % [(m, m.leaf) for m in self.group.members],
                  *self.group.story, sep="\n")
            raise


class Histories(Case):
    def test_random_history(self):
        print("seed %d: %d epochs, %d people" % (SEED, OPTIONS.epochs,
                                                 OPTIONS.members), flush=True)
        history = History(self, random.Random(SEED))
        history.run(OPTIONS.epochs)
        if OPTIONS.record:
            cases = [tape.finish(history.psks) for tape in history.group.tapes]
            pathlib.Path(OPTIONS.record).write_text(json.dumps(cases))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--record")
    parser.add_argument("tests", nargs="*")
    parser.parse_intermixed_args(namespace=OPTIONS)
    try:
        peers.node()
        peers.install(OPTIONS.folder)
    except peers.NoNode as why:
        print("skipped:", why)
        sys.exit(peers.SKIPPED)
    unittest.main(argv=[sys.argv[0], *OPTIONS.tests])


if __name__ == "__main__":
    main()
