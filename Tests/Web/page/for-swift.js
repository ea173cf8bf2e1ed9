// Made here, to be verified and opened by Swift: Sources/Client/ProtocolVectors/made-by-web.json.
import { fromBase64URL, randomBytes, toBase64URL, utf8 } from "/client/crypto/bytes.js";
import { PostQuantum } from "/client/crypto/pq.js";
import * as x25519 from "/client/crypto/x25519.js";
import { AgreementPrivateKeys } from "/client/keys/agreement.js";
import { makeBundle } from "/client/keys/bundle.js";
import { COMMIT_CONTEXT, encodeHeader } from "/client/keys/commit.js";
import { newInvite, openInvite } from "/client/keys/invite.js";
import { encodeMessage, KEY_UPDATE_CONTEXT, keyUpdateBytes } from "/client/keys/sealed-message.js";
import { SUITES } from "/client/keys/suites.js";
import { wrapCredential, WrappedKey } from "/client/keys/wrapped-key.js";

const OFFERED = Uint8Array.of(1, 2, 3, 5, 4);

/** The recipient of the agreement vectors, whose private keys Swift reads there. */
async function recipientKeys(pq) {
  const { recipient } = await (await fetch("/protocol-vectors/agreement.json")).json();
  const kems = Object.entries(recipient.kems).map(([kem, seed]) => [kem, fromBase64URL(seed)]);
  const seeds = { x25519: fromBase64URL(recipient.x25519), kems: Object.fromEntries(kems) };
  return AgreementPrivateKeys.make(recipient.generation, SUITES.slice(), pq, seeds);
}

export async function madeForSwift() {
  const pq = await PostQuantum.open();
  const text = newInvite();
  const { room, roomBytes, admissionKey } = await openInvite(text);
  const identity = await pq.generateKeys("ML-DSA-65");
  const agreement = await AgreementPrivateKeys.make(0, SUITES.slice(), pq);
  const channel = await x25519.generateKeys();
  const fields = {
    room: roomBytes, nonce: randomBytes(32), offered: OFFERED, sframeSuite: 5, channelKey: channel.publicKey,
    agreement: agreement.publicKeys,
  };
  const bundle = await makeBundle(fields, identity, admissionKey, pq);
  const sender = await pq.sha3_256(bundle);
  const recipient = randomBytes(32);
  const { publicKeys } = await recipientKeys(pq);
  const offers = { sender: OFFERED, recipient: OFFERED };
  const keys = [];
  const credentials = [];
  const entries = [];
  for (const suite of SUITES) {
    const binding = {
      room: roomBytes, epoch: 0xfedc_ba98, rosterHash: randomBytes(32), headN: 0x89_abcd, headHash: randomBytes(32),
      sender, recipient,
    };
    const key = randomBytes(32);
    const { bytes } = await WrappedKey.make(key, suite, publicKeys, offers, binding, pq);
    entries.push({ joinIndex: 600 + suite.id, suite, generation: 5, hash: await pq.sha3_256(bytes) });
    keys.push({
      suite: suite.name, wrapped: toBase64URL(bytes), key: toBase64URL(key),
      binding: Object.fromEntries(Object.entries(binding).map(([name, value]) => (
        [name, value instanceof Uint8Array ? toBase64URL(value) : value]))),
    });
    const credential = utf8(`credential for ${suite.name}`);
    const bound = { room: roomBytes, sender, recipient, purpose: "turn" };
    const wrapped = await wrapCredential(credential, suite, publicKeys, offers, bound, pq);
    credentials.push({
      suite: suite.name, purpose: "turn", wrapped: toBase64URL(wrapped), credential: toBase64URL(credential),
    });
  }
  const header = encodeHeader({
    kind: "fresh", cause: "mixed", weakest: SUITES.at(-1), epoch: 0xfedc_ba98, advised: 7, origin: 3, sender: 3,
    headN: 0x89_abcd, headHash: randomBytes(32), rosterHash: randomBytes(32), keyRosterHash: randomBytes(32),
    baseEpoch: 0, baseID: new Uint8Array(16), confirmation: randomBytes(32), room: roomBytes, senderBundleHash: sender,
    excluded: [5, 70_000], entries,
  });
  const next = (await AgreementPrivateKeys.make(1, SUITES.slice(), pq)).publicKeys;
  const signature = await pq.sign(identity.privateKey, keyUpdateBytes(next, roomBytes, sender), KEY_UPDATE_CONTEXT);
  return {
    invite: text, room, bundle: toBase64URL(bundle), recipient: toBase64URL(recipient), keys, credentials,
    commit: {
      header: toBase64URL(header), hash: toBase64URL(await pq.sha3_256(header)),
      signature: toBase64URL(await pq.sign(identity.privateKey, header, COMMIT_CONTEXT)),
    },
    keyUpdate: toBase64URL(encodeMessage({ type: "keyUpdate", keys: next, signature })),
  };
}
