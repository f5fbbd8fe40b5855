// ts_mls.mjs - members of groups by ts-mls, one command a line on stdin, one
// answer a line on stdout; README.md lists the commands.

import { register } from "node:module";
import { createInterface } from "node:readline";
import { p256 } from "@noble/curves/nist.js";

register("./ts_mls_mend.mjs", import.meta.url);
const mls = await import("ts-mls");
const { signLeafNodeCommit } = await import("ts-mls/leafNode.js");
const { decodeRatchetTree, encodeRatchetTree } =
    await import("ts-mls/ratchetTree.js");
const { decodeVarLenData } = await import("ts-mls/codec/variableLength.js");
const { decodeExtension } = await import("ts-mls/extension.js");

const SUITE = "MLS_128_DHKEMP256_AES128GCM_SHA256_P256";
const cs = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(SUITE));

const bytes = (hex) =>
    hex === "-" ? new Uint8Array() : Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (array) => Buffer.from(array).toString("hex") || "-";
const message = (content) =>
    hex(mls.encodeMlsMessage({ version: "mls10", ...content }));

function decode(decoder, input) {
  const [value, length] = decoder(input, 0) ?? [];
  if (length !== input.length)
    throw new Error("not decoded to its end");
  return value;
}

function parse(input, format, field) {
  const decoded = decode(mls.decodeMlsMessage, bytes(input));
  if (decoded.wireformat !== format)
    throw new Error(`not ${format}`);
  return decoded[field];
}

function extensions(input) {
  const list = [];
  for (let rest = bytes(input); rest.length > 0;) {
    const [extension, length] = decodeExtension(rest, 0);
    list.push(extension);
    rest = rest.subarray(length);
  }
  return list;
}

// What ts-mls leaves to chance (GREASE) is the seed's; keys are not.
let chance = Number(process.argv[2] ?? 1) >>> 0;
Math.random = () => {
  chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
  return chance / 2 ** 32;
};

const grease = (types) => types.map((extensionType) => (
    { extensionType, extensionData: cs.rng.randomBytes(extensionType % 50) }));

const psks = {}; // external ones, by the base64 of their identifiers
const people = new Map();

class Person {
  constructor(name) {
    this.identity = Buffer.from(name.split("+")[0]);
    this.updates = new Map(); // private keys of our Update proposals
  }

  async signatureKeys() {
    this.signature ??= await cs.signature.keygen();
    // RFC 9420 5.1.1 wants the uncompressed point; ts-mls makes the other.
    const publicKey =
        p256.Point.fromBytes(this.signature.publicKey).toBytes(false);
    return { signKey: this.signature.signKey, publicKey };
  }

  // A list of certificates: each a vector.
  certificates(list) {
    const certificates = [];
    for (let rest = bytes(list); rest.length > 0;) {
      const [certificate, length] = decodeVarLenData(rest, 0);
      certificates.push(certificate);
      rest = rest.subarray(length);
    }
    return { credentialType: "x509", certificates };
  }

  async makePackage(chain) {
    const credential = chain === undefined
        ? { credentialType: "basic", identity: this.identity }
        : this.certificates(chain);
    // Whatever GREASE the capabilities have, leaf node and package have, too.
    const capabilities = mls.defaultCapabilities();
    const greased = grease(capabilities.extensions);
    const { publicPackage, privatePackage } =
        await mls.generateKeyPackageWithKey(
            credential, capabilities, mls.defaultLifetime, greased,
            await this.signatureKeys(), cs, greased);
    this.package = publicPackage;
    this.keys = privatePackage;
  }

  pskIndex() {
    return mls.makePskIndex(this.state, psks);
  }

  // ts-mls forgets the new private key of its own Update, so it is put into
  // the state when somebody's commit takes the proposal up.
  takeUpdate(proposals) {
    for (const { proposal, senderLeafIndex } of proposals) {
      const me = this.state.privatePath.leafIndex;
      if (proposal.proposalType === "update" && senderLeafIndex === me)
        this.state.privatePath.privateKeys[2 * me] =
            this.updates.get(hex(proposal.update.leafNode.hpkePublicKey));
    }
  }

  async updateProposal() {
    const me = this.state.privatePath.leafIndex;
    const old = this.state.ratchetTree[2 * me].leaf;
    const pair = await cs.hpke.generateKeyPair();
    const hpkePublicKey = await cs.hpke.exportPublicKey(pair.publicKey);
    this.updates.set(hex(hpkePublicKey),
                     await cs.hpke.exportPrivateKey(pair.privateKey));
    const leafNode = await signLeafNodeCommit(
        { leafNodeSource: "update", hpkePublicKey,
          signaturePublicKey: old.signaturePublicKey,
          credential: old.credential, capabilities: old.capabilities,
          extensions: old.extensions,
          groupId: this.state.groupContext.groupId, leafIndex: me },
        this.state.signaturePrivateKey, cs.signature);
    return { proposalType: "update", update: { leafNode } };
  }

  pskProposal(id) {
    const preSharedKeyId = { ...id, pskNonce: cs.rng.randomBytes(32) };
    return { proposalType: "psk", psk: { preSharedKeyId } };
  }

  // A change as a word: KIND:VALUE.
  async change(word) {
    const [kind, value] = word.split(":");
    switch (kind) {
    case "add":
      return { proposalType: "add", add: {
        keyPackage: parse(value, "mls_key_package", "keyPackage") } };
    case "remove":
      return { proposalType: "remove", remove: { removed: Number(value) } };
    case "update":
      return this.updateProposal();
    case "psk":
      return this.pskProposal({ psktype: "external", pskId: bytes(value) });
    case "resumption":
      return this.pskProposal({
        psktype: "resumption", usage: "application",
        pskGroupId: this.state.groupContext.groupId,
        pskEpoch: BigInt(value) });
    case "extensions":
      return { proposalType: "group_context_extensions",
               groupContextExtensions: { extensions: extensions(value) } };
    case "reinit":
      return { proposalType: "reinit", reinit: {
        groupId: bytes(value), version: "mls10", cipherSuite: SUITE,
        extensions: this.state.groupContext.extensions } };
    default:
      throw new Error(`unknown change ${kind}`);
    }
  }

  async packages(words) {
    return words.map((word) => parse(word, "mls_key_package", "keyPackage"));
  }
}

const padding = (length) => ({ paddingConfig: {
  kind: "alwaysPad", paddingLength: Number(length) } });

// The answer to a commit that waits for `accept`.
function pending(person, result) {
  person.next = result.newState;
  return [message({ wireformat: result.commit.wireformat, ...result.commit }),
          result.welcome === undefined
              ? "-"
              : message({ wireformat: "mls_welcome",
                          welcome: result.welcome })];
}

const commands = {
  async package(person, chain) {
    await person.makePackage(chain);
    return [message({ wireformat: "mls_key_package",
                      keyPackage: person.package })];
  },

  async create(person, groupId, items) {
    person.state = await mls.createGroup(bytes(groupId), person.package,
                                         person.keys, extensions(items), cs);
    return [];
  },

  async join(person, welcome, tree, former) {
    const old = former === "-" ? undefined : people.get(former).state;
    person.state = await mls.joinGroup(
        parse(welcome, "mls_welcome", "welcome"), person.package, person.keys,
        mls.makePskIndex(old, psks), cs,
        tree === "-" ? undefined : decode(decodeRatchetTree, bytes(tree)), old);
    return [];
  },

  async info(person, withTree) {
    const make = withTree === "1"
        ? mls.createGroupInfoWithExternalPubAndRatchetTree
        : mls.createGroupInfoWithExternalPub;
    return [message({ wireformat: "mls_group_info",
                      groupInfo: await make(person.state, grease([0x5a5a]),
                                            cs) })];
  },

  async tree(person) {
    return [hex(encodeRatchetTree(person.state.ratchetTree))];
  },

  async join_external(person, groupInfo, tree, former) {
    const result = await mls.joinGroupExternal(
        parse(groupInfo, "mls_group_info", "groupInfo"), person.package,
        person.keys, former !== "-", cs,
        tree === "-" ? undefined : decode(decodeRatchetTree, bytes(tree)));
    person.state = result.newState;
    return [message({ wireformat: "mls_public_message",
                      publicMessage: result.publicMessage })];
  },

  async propose_join(person, groupInfo) {
    return [hex(mls.encodeMlsMessage(await mls.proposeAddExternal(
        parse(groupInfo, "mls_group_info", "groupInfo"), person.package,
        person.keys, cs)))];
  },

  // Somebody who is no member, but an external sender; ts-mls finds its number.
  async propose_as(person, groupInfo, index, word) {
    const { publicKey, signKey } = await person.signatureKeys();
    return [hex(mls.encodeMlsMessage(await mls.proposeExternal(
        parse(groupInfo, "mls_group_info", "groupInfo"),
        await person.change(word), publicKey, signKey, cs)))];
  },

  async sender(person) {
    return [hex((await person.signatureKeys()).publicKey)];
  },

  async propose(person, isPublic, pad, word) {
    const state = { ...person.state, clientConfig: {
      ...person.state.clientConfig, ...padding(pad) } };
    const result = await mls.createProposal(
        state, isPublic === "1", await person.change(word), cs);
    person.state = result.newState;
    return [hex(mls.encodeMlsMessage(result.message))];
  },

  async commit(person, isPublic, withTree, pad, ...words) {
    const me = person.state.privatePath.leafIndex;
    const kept = Object.entries(person.state.unappliedProposals).filter(
        ([, { proposal, senderLeafIndex }]) =>
            proposal.proposalType !== "update" || senderLeafIndex !== me);
    const state = { ...person.state,
                    unappliedProposals: Object.fromEntries(kept),
                    clientConfig: { ...person.state.clientConfig,
                                    ...padding(pad) } };
    const extraProposals = [];
    for (const word of words)
      extraProposals.push(await person.change(word));
    return pending(person, await mls.createCommit(
        { state, cipherSuite: cs, pskIndex: person.pskIndex() },
        { wireAsPublicMessage: isPublic === "1",
          ratchetTreeExtension: withTree === "1", extraProposals,
          groupInfoExtensions: grease([0x3a3a]) }));
  },

  // A group of its own, tied to this one: by branch, or after a ReInit.
  async branch(person, next, groupId, ...words) {
    const other = people.get(next);
    return pending(other, await mls.branchGroup(
        person.state, other.package, other.keys, await person.packages(words),
        bytes(groupId), cs));
  },

  async continue(person, next, groupId, ...words) {
    const other = people.get(next);
    return pending(other, await mls.reinitCreateNewGroup(
        person.state, other.package, other.keys, await person.packages(words),
        bytes(groupId), SUITE, person.state.groupContext.extensions));
  },

  async accept(person) {
    person.state = person.next;
    return [];
  },

  async forget(person) {
    person.state = { ...person.state, unappliedProposals: {} };
    return [];
  },

  async say(person, pad, authenticated, data) {
    const result = await mls.createApplicationMessage(
        { ...person.state,
          clientConfig: { ...person.state.clientConfig, ...padding(pad) } },
        bytes(data), cs, bytes(authenticated));
    person.state = result.newState;
    return [message({ wireformat: "mls_private_message",
                      privateMessage: result.privateMessage })];
  },

  async receive(person, input) {
    const decoded = decode(mls.decodeMlsMessage, bytes(input));
    const before = person.state.groupContext.epoch;
    const callback = (incoming) => {
      if (incoming.kind === "commit")
        person.takeUpdate(incoming.proposals);
      return "accept";
    };
    const result = decoded.wireformat === "mls_public_message"
        ? await mls.processPublicMessage(person.state, decoded.publicMessage,
                                         person.pskIndex(), cs, callback)
        : await mls.processPrivateMessage(person.state, decoded.privateMessage,
                                          person.pskIndex(), cs, callback);
    person.state = result.newState;
    if (result.kind === "applicationMessage")
      return ["application", hex(result.message)];
    if (person.state.groupActiveState.kind === "removedFromGroup")
      return ["removed"];
    if (person.state.groupActiveState.kind === "suspendedPendingReinit")
      return ["reinit"];
    return [person.state.groupContext.epoch === before ? "proposal" : "commit"];
  },

  async state(person) {
    const { state } = person;
    const leaves = [];
    state.ratchetTree.forEach((node, at) => {
      if (at % 2 === 0 && node !== undefined)
        leaves.push(at / 2);
    });
    return [String(state.groupContext.epoch),
            hex(state.keySchedule.epochAuthenticator),
            hex(await mls.mlsExporter(state.keySchedule.exporterSecret,
                                      "interop", Buffer.from("context"), 40,
                                      cs)),
            hex(state.groupContext.treeHash),
            String(state.privatePath.leafIndex), leaves.join(",")];
  },

  async keys(person) {
    return [hex(person.keys.initPrivateKey), hex(person.keys.hpkePrivateKey),
            hex(person.keys.signaturePrivateKey)];
  },
};

async function run(line) {
  const [command, name, ...words] = line.split(" ");
  if (command === "psk") {
    psks[mls.bytesToBase64(bytes(name))] = bytes(words[0]);
    return [];
  }
  if (!(command in commands))
    throw new Error(`unknown command ${command}`);
  if (!people.has(name))
    people.set(name, new Person(name));
  return commands[command](people.get(name), ...words);
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(["ok", ...await run(line)].join(" "));
  } catch (error) {
    console.log(`error ${error.constructor.name}: ${error.message}`);
    if (process.env.SOTTO_INTEROP_TRACE)
      console.error(error);
  }
}
