// A call of Swift clients, lived through once more by the JavaScript of one of them: ProtocolVectors/call.json.
import { fromBase64URL, toBase64URL } from "/client/crypto/bytes.js";
import * as x25519 from "/client/crypto/x25519.js";
import { AgreementPrivateKeys } from "/client/keys/agreement.js";
import { CallKeys } from "/client/keys/call-keys.js";
import { CallState } from "/client/keys/call/state.js";
import { IdentityPins } from "/client/keys/identity-pins.js";
import { openInvite } from "/client/keys/invite.js";
import { KeyPolicy } from "/client/keys/policy.js";
import { memberID } from "/client/keys/room-log.js";
import { expect, expectEqual } from "../harness.js";
import { Call, Client, pq } from "../virtual-call.js";

const bytes = fromBase64URL;

/** The member whose secrets were recorded. */
async function recorded(vector) {
  // Nothing that it sends gets anywhere.
  const call = new Call();
  const client = new Client(call, "recorded");
  const policy = new KeyPolicy();
  const { x25519: seed, kems } = vector.agreement;
  const seeds = Object.fromEntries(Object.entries(kems).map(([kem, text]) => [kem, bytes(text)]));
  const bundle = bytes(vector.bundle);
  const bundleHash = await pq.sha3_256(bundle);
  client.keys = new CallKeys(
    new CallState({
      pq, media: client, invite: await openInvite(vector.invite),
      identity: await pq.generateKeys("ML-DSA-65", bytes(vector.identitySeed)), policy, displayName: "Grace",
      pins: new IdentityPins(), offered: policy.offered, bundle, bundleHash, member: memberID(bundleHash),
      channelKey: (await x25519.generateKeys(bytes(vector.channelPrivateKey))).privateKey,
      agreement: await AgreementPrivateKeys.make(0, policy.offered, pq, { x25519: bytes(seed), kems: seeds }),
    }));
  call.now = vector.start;
  call.clients.push(client);
  return { call, client };
}

function feed(keys, message, now) {
  switch (message.type) {
    case "joined":
      return keys.joined(message, now);
    case "membership":
      return keys.membershipChanged(message, now);
    case "rekey":
      return keys.rekey(message, now);
    case "sealed":
      return keys.receive(message, now);
  }
}

function sentence(event) {
  const labels = { badMAC: "bad_mac" };
  switch (event.type) {
    case "profile":
      return [`profile ${event.name}`];
    case "chat":
      return [`chat ${event.text}`];
    case "memberLeft":
      return [`left ${event.member}`];
    case "memberRejected":
      return [`rejected ${labels[event.reason] ?? event.reason}`];
    default:
      return [];
  }
}

export const tests = {
  "a call of Swift clients comes to the same keys here": async () => {
    const vector = await (await fetch("/protocol-vectors/call.json")).json();
    const { call, client } = await recorded(vector);
    let checked = 0;
    for (const { at, message, expected } of vector.steps) {
      await call.run(at - call.now);
      if (message) call.perform(client, await feed(client.keys, message, call.now));
      if (!expected) continue;
      const { what, epoch, weakest, holders, frames, plaintext, ownStream, ownFrame } = expected;
      expectEqual([client.epoch, client.keys.weakestSuite], [epoch, weakest], what);
      expectEqual(client.keys.keyHolders, holders, what);
      for (const frame of frames) {
        const opened = await client.open(bytes(frame));
        expectEqual(opened.plaintext && toBase64URL(opened.plaintext), plaintext, `${what}: ${opened.failure}`);
      }
      expectEqual(toBase64URL(await client.seal(bytes(plaintext), ownStream)), ownFrame, `${what}: an own frame`);
      checked += 1;
    }
    expect(checked >= 5, "moments");
    expectEqual(client.events.flatMap(sentence), vector.told);
    const { from, purpose, wrapped, credential } = vector.credential;
    expectEqual(toBase64URL(await client.keys.unwrap(bytes(wrapped), from, purpose)), credential);
    for (const [member, digits] of Object.entries(vector.safetyNumbers)) {
      expectEqual(await client.keys.safetyNumber(member), digits);
    }
    expect(!client.told("relayInconsistent") && !client.told("logMismatch"), "nobody is accused");
    return `${vector.steps.length} steps, ${checked} moments`;
  },

  "inputs that are not waited for come to the same": async () => {
    const vector = await (await fetch("/protocol-vectors/call.json")).json();
    const { call, client } = await recorded(vector);
    const moments = vector.steps.flatMap(({ expected }, index) => (expected ? [index] : []));
    const steps = vector.steps.slice(0, moments[2] + 1);
    const inputs = steps.filter(({ message }) => message).map(({ at, message }) => feed(client.keys, message, at));
    const { at, expected } = steps.at(-1);
    for (const actions of await Promise.all([...inputs, client.keys.expire(at)])) call.perform(client, actions);
    expectEqual([client.epoch, client.keys.keyHolders], [expected.epoch, expected.holders], expected.what);
    for (const frame of expected.frames) {
      expectEqual(toBase64URL((await client.open(bytes(frame))).plaintext), expected.plaintext);
    }
    expectEqual(client.activations.map(({ epoch }) => epoch), [...Array(expected.epoch + 1).keys()].slice(-3));
  },
};
