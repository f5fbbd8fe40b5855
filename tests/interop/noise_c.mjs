// noise_c.mjs - Noise handshakes by noise-c, one command a line on stdin, one
// answer a line on stdout; README.md lists the commands.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
delete globalThis.fetch; // it would try that on a file first
const noise = await new Promise((resolve) =>
    require("noise-c.wasm")((loaded) => resolve(loaded)));

const bytes = (hex) =>
    hex === "-" ? new Uint8Array() : Uint8Array.from(Buffer.from(hex, "hex"));
const key = (hex) => hex === "-" ? null : bytes(hex);
const hex = (array) => Buffer.from(array).toString("hex") || "-";

const commands = {
  begin(person, pattern, cipher, role, prologue, s, rs) {
    person.handshake = new noise.HandshakeState(
        `Noise_${pattern}_25519_${cipher}_SHA256`,
        noise.constants[`NOISE_ROLE_${role.toUpperCase()}`]);
    person.handshake.Initialize(bytes(prologue), key(s), key(rs));
    return [];
  },

  write(person, payload) {
    return [hex(person.handshake.WriteMessage(bytes(payload)))];
  },

  read(person, message) {
    return [hex(person.handshake.ReadMessage(bytes(message), true))];
  },

  split(person) {
    const hash = person.handshake.GetHandshakeHash();
    const rs = person.handshake.GetRemotePublicKey();
    [person.send, person.receive] = person.handshake.Split();
    return [hex(hash), hex(rs ?? new Uint8Array(32))];
  },

  seal(person, ad, text) {
    return [hex(person.send.EncryptWithAd(bytes(ad), bytes(text)))];
  },

  open(person, ad, text) {
    return [hex(person.receive.DecryptWithAd(bytes(ad), bytes(text)))];
  },
};

const people = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const [command, name, ...words] = line.split(" ");
  try {
    if (!people.has(name))
      people.set(name, {});
    console.log(["ok", ...commands[command](people.get(name), ...words)]
        .join(" "));
  } catch (error) {
    console.log(`error ${error.message}`);
  }
}
