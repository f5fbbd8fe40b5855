// ts_mls_mend.mjs - where ts-mls 1.6.4 is not what RFC 9420 says, and would
// keep two implementations from talking at all, its source is mended as it is
// loaded. Each mend names the section. A mend that no longer fits is an error:
// a newer ts-mls is to be looked at again.

const codec = "./codec/variableLength.js";

const mends = {
  "clientState.js": [
    // 12.4.3.1: an unmerged leaf must be listed by the nodes *between* it and
    // the parent that lists it; those need not list the same leaves.
    ["for (const parentIdx of dp) {",
     "for (const parentIdx of dp.slice(0, dp.indexOf(i))) {"],
    ["!arraysEqual(dpNode.parent.unmergedLeaves, n.parent.unmergedLeaves)",
     "!dpNode.parent.unmergedLeaves.includes(unmergedLeaf)"],
    // 12.4: GroupContextExtensions needs a path, too.
    ["Object.values(grouped.remove).length > 0;",
     "grouped.remove.length > 0 || grouped.group_context_extensions.length > 0;"],
    // 12.3: whoever is removed is out even if somebody else gets its leaf.
    ["mutatedTree[leafToNodeIndex(toLeafIndex(state.privatePath.leafIndex))] === undefined",
     "grouped.remove.some(({ proposal }) => proposal.remove.removed === state.privatePath.leafIndex)"],
    // 12.1.8.1: the extension is a vector of senders.
    ["const decoded = decodeExternalSender(externalSender.extensionData, 0);",
     "const decoded = senderList(externalSender.extensionData, 0)?.[0];"],
  ],
  "publicMessage.js": [ // 12.1.8.1 again: one extension, many senders
    ["const externalSenderExtension = externalSenderExtensions[senderIndex];",
     "const externalSenderExtension = externalSenderExtensions[0];"],
    ["const externalSender = decodeExternalSender(externalSenderExtension.extensionData, 0);",
     "const externalSender = senderList(externalSenderExtension.extensionData, 0)?.[0].slice(senderIndex, senderIndex + 1);"],
  ],
  "externalProposal.js": [ // and again
    ["groupInfo.groupContext.extensions.findIndex((ex) => {",
     "sendersOf(groupInfo).findIndex((ex) => {"],
    ["if (ex.extensionType !== \"external_senders\")", "if (false)"],
    ["decodeExternalSender(ex.extensionData, 0)", "[ex]"],
  ],
  "createCommit.js": [
    // 12.4.1: path secrets are encrypted with the *new* group extensions.
    ["toLeafIndex(state.privatePath.leafIndex), state.groupContext, state.signaturePrivateKey, cipherSuite, excludeNodes)",
     "toLeafIndex(state.privatePath.leafIndex), { ...state.groupContext, extensions: res.additionalResult.extensions?.length ? res.additionalResult.extensions : state.groupContext.extensions }, state.signaturePrivateKey, cipherSuite, excludeNodes)"],
    // 12.4.3.2: external_pub is a vector, with its length in front.
    ["[...extensions, { extensionType: \"external_pub\", extensionData: externalPub }]",
     "[...extensions, { extensionType: \"external_pub\", extensionData: encode(varLenDataEncoder)(externalPub) }]"],
    ["{ extensionType: \"external_pub\", extensionData: externalPub },",
     "{ extensionType: \"external_pub\", extensionData: encode(varLenDataEncoder)(externalPub) },"],
    ["exportSecret(externalPub.extensionData, cs)",
     "exportSecret(decodeVarLenData(externalPub.extensionData, 0)[0], cs)"],
  ],
};

const imports = {
  "clientState.js": `import { decodeVarLenType } from "${codec}";
const senderList = decodeVarLenType(decodeExternalSender);\n`,
  "publicMessage.js": `import { decodeVarLenType } from "${codec}";
const senderList = decodeVarLenType(decodeExternalSender);\n`,
  "externalProposal.js": `import { decodeVarLenType } from "${codec}";
const senderList = decodeVarLenType(decodeExternalSender);
const sendersOf = (info) => senderList(info.groupContext.extensions.find(
    (ex) => ex.extensionType === "external_senders").extensionData, 0)[0];\n`,
  "createCommit.js":
      `import { decodeVarLenData, varLenDataEncoder } from "${codec}";\n`,
};

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const name = url.match(/\/ts-mls\/dist\/src\/([^/]+)$/)?.[1];
  if (!(name in mends))
    return loaded;
  let source = String(loaded.source);
  for (const [wrong, right] of mends[name]) {
    if (source.split(wrong).length !== 2)
      throw new Error(`${name} is not that of ts-mls 1.6.4: ${wrong}`);
    source = source.replace(wrong, () => right);
  }
  return { ...loaded, source: imports[name] + source };
}
