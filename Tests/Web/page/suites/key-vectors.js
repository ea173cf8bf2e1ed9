// The vectors that the Swift clients made and are held against too: Sources/Client/ProtocolVectors.
import { equal, fromBase64URL, toBase64URL, toHex, u32 } from "/client/crypto/bytes.js";
import * as x25519 from "/client/crypto/x25519.js";
import { PostQuantum } from "/client/crypto/pq.js";
import { importSecret } from "/client/crypto/kdf.js";
import { AgreementPrivateKeys, AgreementPublicKeys } from "/client/keys/agreement.js";
import { bundleContents, makeBundle, verifyBundle } from "/client/keys/bundle.js";
import { ByteReader } from "/client/keys/byte-reader.js";
import { COMMIT_CONTEXT, encodeHeader, parseCommit } from "/client/keys/commit.js";
import { baseKey, confirmation, epochID, ratchet } from "/client/keys/epoch-keys.js";
import { groupKey, openFromGroup, sealForGroup } from "/client/keys/group-channel.js";
import { IdentityPins } from "/client/keys/identity-pins.js";
import { openInvite } from "/client/keys/invite.js";
import { PairwiseChannel } from "/client/keys/pairwise-channel.js";
import { headAfter, memberID, parseEntry, rosterHash } from "/client/keys/room-log.js";
import { safetyNumber } from "/client/keys/safety-number.js";
import {
  encodeMessage, KEY_UPDATE_CONTEXT, KeyRequest, keyUpdateBytes, parseMessage,
} from "/client/keys/sealed-message.js";
import { suiteByID, suiteByName } from "/client/keys/suites.js";
import { isName, isText, skeleton } from "/client/keys/texts.js";
import { bindingBytes, unwrapCredential, WrappedKey } from "/client/keys/wrapped-key.js";
import { cipherSuite } from "/client/sframe/cipher-suite.js";
import { SFrameKey } from "/client/sframe/frame-key.js";
import { packKID } from "/client/sframe/kid.js";
import { expect, expectEqual, expectError } from "../harness.js";

const pq = await PostQuantum.open();
const bytes = fromBase64URL;

async function vectors(name) {
  return (await fetch(`/protocol-vectors/${name}.json`)).json();
}

function agreementSeeds({ x25519: seed, kems }) {
  const pairs = Object.entries(kems).map(([kem, text]) => [kem, bytes(text)]);
  return { x25519: bytes(seed), kems: Object.fromEntries(pairs) };
}

async function agreementKeys(vector, generation = vector.generation) {
  const seeds = agreementSeeds(vector);
  const suites = { 1: "mlkem1024", 2: "mlkem768", 3: "x-wing" };
  return AgreementPrivateKeys.make(
    generation, Object.keys(seeds.kems).map((kem) => suiteByName(suites[kem])), pq, seeds);
}

const fieldsAsBytes = (fields, names) => {
  const decoded = names.map((name) => [name, bytes(fields[name])]);
  return { ...fields, ...Object.fromEntries(decoded) };
};

function commitHeader(fields) {
  return {
    ...fieldsAsBytes(
      fields, ["headHash", "rosterHash", "keyRosterHash", "baseID", "confirmation", "room", "senderBundleHash"]),
    kind: ["fresh", "ratchet", "catchUp"][fields.kind - 1],
    cause: ["join", "leave", "mixed", "periodic"][fields.cause - 1],
    weakest: suiteByID(fields.weakest),
    entries: fields.entries.map((entry) => ({ ...entry, suite: suiteByID(entry.suite), hash: bytes(entry.hash) })),
  };
}

export const tests = {
  "an invite gives the room and its keys": async () => {
    const { cases, refused } = await vectors("invites");
    for (const { text, room, admissionKey, pairwiseSecret } of cases) {
      const keys = await openInvite(text);
      expectEqual(keys.room, room);
      expectEqual(toBase64URL(keys.admissionKey), admissionKey);
      expectEqual(toBase64URL(keys.pairwiseSecret), pairwiseSecret);
    }
    for (const text of refused) expectEqual(await openInvite(text), null, text);
  },

  "bundles are read, made again from their secrets, or refused for the reason given": async () => {
    const { invite, members, refused } = await vectors("bundles");
    const { roomBytes, admissionKey } = await openInvite(invite);
    for (const vector of members) {
      const bundle = await verifyBundle(bytes(vector.bundle), roomBytes, admissionKey, pq);
      expectEqual([...bundle.offeredBytes], vector.offered);
      const agreement = await agreementKeys(vector.agreement);
      expectEqual(bundle.agreement.bytes, agreement.publicKeys.bytes, "agreement keys");
      const identity = await pq.generateKeys("ML-DSA-65", bytes(vector.identitySeed));
      expectEqual(bundle.identity, identity.publicKey, "identity");
      const channel = await x25519.generateKeys(bytes(vector.channelPrivateKey));
      const fields = {
        room: roomBytes, nonce: bytes(vector.nonce), offered: Uint8Array.from(vector.offered),
        sframeSuite: vector.sframeSuite, channelKey: channel.publicKey, agreement: agreement.publicKeys,
      };
      expectEqual(toBase64URL(bundleContents(fields, identity.publicKey)), vector.contents, "contents");
      const made = await makeBundle(fields, identity, admissionKey, pq);
      await verifyBundle(made, roomBytes, admissionKey, pq);
      const hash = await pq.sha3_256(bytes(vector.bundle));
      expectEqual([toBase64URL(hash), memberID(hash)], [vector.hash, vector.member]);
    }
    const codes = {
      malformed: "malformed", bad_mac: "badMAC", wrong_room: "wrongRoom", bad_signature: "badSignature",
      frame_suite: "frameSuite",
    };
    for (const { what, bundle, rejection } of refused) {
      await expectError(codes[rejection], () => verifyBundle(bytes(bundle), roomBytes, admissionKey, pq), what);
    }
    expect(refused.length >= 12, "refusals");
  },

  "the log's heads and rosters have the hashes given": async () => {
    const { room, entries, heads, roster, rosterHash: expected, emptyRosterHash } = await vectors("log");
    for (const [index, entry] of entries.entries()) {
      const parsed = parseEntry(entry);
      expect(parsed, `entry ${index}`);
      expectEqual(toBase64URL(await headAfter(parsed, bytes(room), pq)), heads[index], `head ${index + 1}`);
    }
    const members = roster.map(({ joinIndex, member, bundleHash }) => (
      { joinIndex, id: member, bundleHash: bytes(bundleHash) }));
    expectEqual(toBase64URL(await rosterHash(members, bytes(room), pq)), expected);
    expectEqual(toBase64URL(await rosterHash([], bytes(room), pq)), emptyRosterHash);
  },

  "channels seal the bytes given": async () => {
    const { pairwiseSecret, sides, messages, groupMessages, groupSequences } = await vectors("channels");
    const secret = bytes(pairwiseSecret);
    const keys = await Promise.all(sides.map(({ privateKey }) => x25519.generateKeys(bytes(privateKey))));
    const [first, second] = await Promise.all([0, 1].map((own) => {
      const peer = 1 - own;
      const [ownBundleHash, peerBundleHash] = [bytes(sides[own].bundleHash), bytes(sides[peer].bundleHash)];
      const pair = { own: keys[own].privateKey, ownBundleHash, peerKey: keys[peer].publicKey, peerBundleHash };
      return PairwiseChannel.make(pair, secret);
    }));
    for (const { fromFirst, message, sealed } of messages) {
      const [from, to] = fromFirst ? [first, second] : [second, first];
      expectEqual(toBase64URL(await from.seal(bytes(message))), sealed);
      expectEqual(toBase64URL(await to.open(bytes(sealed))), message);
      await expectError("replayed", () => to.open(bytes(sealed)));
    }
    const key = await groupKey(bytes(sides[0].bundleHash), secret);
    for (const [index, { message, sealed }] of groupMessages.entries()) {
      expectEqual(toBase64URL(await sealForGroup(bytes(message), BigInt(groupSequences[index]), key)), sealed);
      expectEqual(toBase64URL(await openFromGroup(bytes(sealed), key)), message);
    }
  },

  "wrapped keys and credentials open with the private keys given": async () => {
    const vector = await vectors("agreement");
    const keys = await agreementKeys(vector.recipient);
    const offers = {
      sender: Uint8Array.from(vector.senderOffers), recipient: Uint8Array.from(vector.recipientOffers),
    };
    for (const { suite, binding, additionalData, secret, wrapped, hash, key } of vector.keys) {
      const bound = fieldsAsBytes(binding, ["room", "rosterHash", "headHash", "sender", "recipient"]);
      const parsed = WrappedKey.read(new ByteReader(bytes(wrapped)));
      expectEqual([parsed.suite.name, toBase64URL(parsed.bytes)], [suite, wrapped]);
      expectEqual(toBase64URL(await pq.sha3_256(parsed.bytes)), hash);
      expectEqual(toBase64URL(bindingBytes(bound, parsed.suite.id, parsed.generation)), additionalData);
      expectEqual(toBase64URL(await parsed.encapsulation.secret(keys, offers, pq)), secret, `${suite}: secret`);
      expectEqual(toBase64URL(await parsed.open(keys, offers, bound, pq)), key, `${suite}: key`);
      const own = await WrappedKey.make(bytes(key), parsed.suite, keys.publicKeys, offers, bound, pq);
      expectEqual(toBase64URL(await own.open(keys, offers, bound, pq)), key, `${suite}: an own one`);
      const stripped = { ...offers, recipient: offers.recipient.slice(1) };
      await expectError("authenticationFailed", () => parsed.open(keys, stripped, bound, pq), "a stripped offer");
      const other = { ...bound, epoch: bound.epoch + 1 };
      await expectError("authenticationFailed", () => parsed.open(keys, offers, other, pq), "another epoch");
    }
    expectEqual(vector.keys.length, 5, "suites");
    const [room, sender, recipient] = [vector.room, vector.sender, vector.recipientBundleHash].map(bytes);
    const pair = { room, sender, recipient };
    for (const { suite: name, purpose, wrapped, credential } of vector.credentials) {
      const suite = suiteByName(name);
      const binding = { ...pair, purpose };
      expectEqual(
        toBase64URL(await unwrapCredential(bytes(wrapped), keys, suite, offers, binding, pq)), credential, name);
      const wrong = { ...pair, purpose: `${purpose}?` };
      await expectError("authenticationFailed", () => unwrapCredential(bytes(wrapped), keys, suite, offers, wrong, pq));
    }
  },

  "sealed messages have the bytes given, or are refused": async () => {
    const { heartbeats, profiles, chats, requests, updates, refused } = await vectors("messages");
    for (const { bytes: encoded, ...fields } of heartbeats) {
      const heartbeat = fieldsAsBytes(fields, ["headHash", "epochID"]);
      expectEqual(toBase64URL(encodeMessage({ type: "heartbeat", heartbeat })), encoded);
      const parsed = parseMessage(bytes(encoded));
      expectEqual(toBase64URL(encodeMessage(parsed)), encoded);
      expectEqual([parsed.heartbeat.headN, parsed.heartbeat.epoch], [heartbeat.headN, heartbeat.epoch]);
    }
    for (const { text, bytes: encoded } of profiles) {
      expect(isName(text), text);
      expectEqual(toBase64URL(encodeMessage({ type: "profile", name: text })), encoded);
      expectEqual(parseMessage(bytes(encoded)), { type: "profile", name: text });
    }
    for (const { text, bytes: encoded } of chats) {
      expect(isText(text), text);
      expectEqual(toBase64URL(encodeMessage({ type: "chat", text })), encoded);
      expectEqual(parseMessage(bytes(encoded)), { type: "chat", text });
    }
    for (const [name, encoded] of Object.entries(requests)) {
      expectEqual(toBase64URL(encodeMessage({ type: "keyRequest", request: KeyRequest[name] })), encoded);
      expectEqual(parseMessage(bytes(encoded)), { type: "keyRequest", request: KeyRequest[name] });
    }
    for (const vector of updates) {
      const parsed = parseMessage(bytes(vector.bytes));
      const { publicKeys } = await agreementKeys(vector.keys);
      expectEqual(parsed.keys.bytes, publicKeys.bytes);
      expectEqual(parsed.keys.generation, vector.keys.generation);
      const signed = keyUpdateBytes(parsed.keys, bytes(vector.room), bytes(vector.bundleHash));
      expectEqual(toBase64URL(signed), vector.signed);
      const { publicKey } = await pq.generateKeys("ML-DSA-65", bytes(vector.identitySeed));
      expect(await pq.verify(publicKey, parsed.signature, signed, KEY_UPDATE_CONTEXT), "the signature");
    }
    for (const text of refused) expectEqual(parseMessage(bytes(text)), null, toHex(bytes(text)).slice(0, 40));
  },

  "commits have the bytes, hashes and signatures given": async () => {
    const { identitySeed, commits, refused } = await vectors("commits");
    const { publicKey } = await pq.generateKeys("ML-DSA-65", bytes(identitySeed));
    for (const { fields, header, hash, signature, wrapped } of commits) {
      const encoded = encodeHeader(commitHeader(fields));
      expectEqual(toBase64URL(encoded), header);
      expectEqual(toBase64URL(await pq.sha3_256(encoded)), hash);
      expect(await pq.verify(publicKey, bytes(signature), encoded, COMMIT_CONTEXT), "the signature");
      const parts = [bytes(header), bytes(signature), bytes(wrapped)].flatMap((part) => [...part]);
      const parsed = parseCommit(Uint8Array.from(parts));
      expectEqual(encodeHeader(parsed.header), encoded);
      expectEqual(parsed.wrapped ? toBase64URL(parsed.wrapped.bytes) : "", wrapped);
    }
    for (const text of refused) expectEqual(parseCommit(bytes(text)), null, `${text.length} characters`);
  },

  "an epoch's key gives the identifiers, keys and frames given": async () => {
    const { epochs } = await vectors("epochs");
    for (const vector of epochs) {
      const [key, roster] = [bytes(vector.key), bytes(vector.keyRosterHash)];
      expectEqual(toBase64URL(await epochID(key, vector.epoch)), vector.id);
      const confirmed = await confirmation(key, vector.epoch, bytes(vector.headHash), roster);
      expectEqual(toBase64URL(confirmed), vector.confirmation);
      expectEqual(toBase64URL(await ratchet(key, roster)), vector.ratcheted);
      for (const { member, joinIndex, suite, baseKey: expected, frames } of vector.senders) {
        const base = await baseKey(key, member, vector.epoch);
        expectEqual(toBase64URL(base), expected);
        const imported = await importSecret(base);
        for (const { stream, counter, kid: digits, plaintext, sealed } of frames) {
          const kid = packKID({ epoch: vector.epoch, joinIndex, stream });
          expectEqual(kid.toString(16), digits);
          const frameKey = await SFrameKey.derive(cipherSuite(suite), kid, imported);
          expectEqual(toBase64URL(await frameKey.seal(bytes(plaintext), BigInt(counter))), sealed);
          expectEqual(toBase64URL(await frameKey.open(bytes(sealed))), plaintext);
        }
      }
    }
  },

  "identities give the fingerprints, pins and safety numbers given": async () => {
    const { safetyNumbers, skeletons, pinsFile, pins, refusedPins } = await vectors("people");
    for (const { name, skeleton: text } of skeletons) expectEqual(skeleton(name), text.normalize("NFC"), name);
    for (const { room, identitySeeds, fingerprints, digits } of safetyNumbers) {
      const keys = [];
      for (const seed of identitySeeds) keys.push((await pq.generateKeys("ML-DSA-65", bytes(seed))).publicKey);
      for (const [index, key] of keys.entries()) {
        expectEqual(toBase64URL(await pq.sha3_256(key)), fingerprints[index]);
      }
      expectEqual(await safetyNumber(keys[0], keys[1], bytes(room)), digits);
      expectEqual(await safetyNumber(keys[1], keys[0], bytes(room)), digits);
    }
    const read = IdentityPins.fromJSON(pinsFile);
    expectEqual(Object.fromEntries(read.entries.map(([name, value]) => [name, toBase64URL(value)])), pins);
    expectEqual(IdentityPins.fromJSON(read.json).entries, read.entries);
    for (const text of refusedPins) {
      let code = null;
      try {
        IdentityPins.fromJSON(text);
      } catch (error) {
        code = error.code;
      }
      expect(code, `accepted: ${text}`);
    }
  },

  "agreement keys of any shape are read or refused": async () => {
    const { agreement } = (await vectors("bundles")).members[0];
    const whole = (await agreementKeys(agreement)).publicKeys.bytes;
    for (let length = 0; length < whole.length; length += 53) {
      await expectError("malformed", () => AgreementPublicKeys.read(new ByteReader(whole.slice(0, length)), 0));
    }
    const later = Uint8Array.from([...whole, 200, 0, 3, 7, 8, 9]);
    later[32] += 1;
    const reader = new ByteReader(later);
    expect(equal(AgreementPublicKeys.read(reader, 0).bytes, later) && reader.isAtEnd, "a KEM of a later version");
    expectEqual(new ByteReader(u32(0xfedc_ba98)).u32(), 0xfedc_ba98);
  },
};
