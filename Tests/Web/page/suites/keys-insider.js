// What a member with the invite may send: commits that fail one check, and bytes of any shape.
import { concat, fromBase64URL, randomBytes, toBase64URL } from "/client/crypto/bytes.js";
import { AgreementPrivateKeys, AgreementPublicKeys } from "/client/keys/agreement.js";
import { SIGNATURE_LENGTH } from "/client/keys/bundle.js";
import { COMMIT_CONTEXT, encodeHeader, parseCommit } from "/client/keys/commit.js";
import { CommitInbox } from "/client/keys/commit-inbox.js";
import { ratchet } from "/client/keys/epoch-keys.js";
import { groupKey, openFromGroup, sealForGroup } from "/client/keys/group-channel.js";
import { newInvite } from "/client/keys/invite.js";
import { parseEntry } from "/client/keys/room-log.js";
import { KEY_UPDATE_CONTEXT, keyUpdateBytes, parseMessage } from "/client/keys/sealed-message.js";
import { suiteByName } from "/client/keys/suites.js";
import { expect, expectEqual, seededNumbers } from "../harness.js";
import { Insider } from "../insider.js";
import { cuts, mutations } from "../malformed.js";
import { Call, pq } from "../virtual-call.js";

const versionOf = (body) => fromBase64URL(body.slice(0, 4))[0];

export const tests = {
  "parsers take any bytes without failing": async () => {
    const vectors = await (await fetch("/protocol-vectors/commits.json")).json();
    const { header, signature, wrapped } = vectors.commits[2];
    const whole = concat(...[header, signature, wrapped].map(fromBase64URL));
    expect(parseCommit(whole), "the genuine one");
    const withoutKey = fromBase64URL(header).length + SIGNATURE_LENGTH;
    for (const cut of cuts(whole, 7)) expect(cut.length === withoutKey || parseCommit(cut) === null, "a cut one");
    for (const variant of mutations(whole, 400, 3)) parseCommit(variant);
    const { heartbeats, updates, chats } = await (await fetch("/protocol-vectors/messages.json")).json();
    for (const text of [heartbeats[1].bytes, updates[0].bytes, chats[0].bytes]) {
      const bytes = fromBase64URL(text);
      for (const variant of mutations(bytes, 300, 9)) parseMessage(variant);
      if (text !== chats[0].bytes) for (const cut of cuts(bytes, 3)) expectEqual(parseMessage(cut), null);
    }
    const random = seededNumbers(4);
    for (let count = 0; count < 2000; count += 1) {
      const bytes = Uint8Array.from({ length: random(200) }, () => random(256));
      parseCommit(bytes);
      parseMessage(bytes);
    }
    for (const value of [null, 7, "x", [], {}, { n: 1 }]) expectEqual(parseEntry(value), null);
  },

  "a commit by somebody with the invite is held to every check": async () => {
    const call = await Call.of(4);
    const [insider, victim] = call.clients;
    call.relayPrepares = false;
    let announcement = null;
    call.onSealed = (_, to, body) => {
      if (to === victim && versionOf(body) === 2) announcement = body;
      return [{ body }];
    };
    await call.prepare("periodic");
    await call.run(50);
    const key = await groupKey(await pq.sha3_256(fromBase64URL(insider.keys.bundle)), call.secrets.pairwiseSecret);
    const bytes = await openFromGroup(fromBase64URL(announcement), key);
    const commit = parseCommit(bytes);
    await call.run(3000);
    // Signed by another one: the signature is checked after all that these change.
    const mallory = await pq.generateKeys("ML-DSA-65");
    let sequence = 1000n;
    const send = async (change, { resigned = true } = {}) => {
      const header = { ...commit.header, epoch: 9, ...change, entries: change.entries ?? [] };
      const headerBytes = encodeHeader(header);
      const signature = resigned
        ? await pq.sign(mallory.privateKey, headerBytes, COMMIT_CONTEXT) : commit.signature;
      const body = toBase64URL(await sealForGroup(concat(headerBytes, signature), sequence++, key));
      victim.events = [];
      call.perform(victim, await victim.keys.receive({ from: insider.member, body }, call.now));
      return victim.events.find(({ type }) => type === "rekeyFailed")?.reason ?? null;
    };
    const zeros = new Uint8Array(32);
    const ratchet = { kind: "ratchet" };
    expectEqual(await send({ ...ratchet, sender: 2 }), "malformed");
    expectEqual(await send({ ...ratchet, origin: 2 }), "malformed");
    expectEqual(await send({ ...ratchet, senderBundleHash: zeros }), "malformed");
    expectEqual(await send({ ...ratchet, room: new Uint8Array(16) }), "malformed");
    expectEqual(await send({ ...ratchet, epoch: 0xffff_0001 }), "malformed");
    expectEqual(await send({ ...ratchet, headHash: zeros }), "rosterMismatch");
    expectEqual(await send({ ...ratchet, rosterHash: zeros }), "rosterMismatch");
    expectEqual(await send({ ...ratchet, excluded: [2] }), "excluded");
    expectEqual(await send({ ...ratchet, excluded: [3] }), "rosterMismatch");
    expectEqual(await send({ ...ratchet, keyRosterHash: zeros }), "rosterMismatch");
    expectEqual(await send({ ...ratchet, weakest: suiteByName("mlkem768") }), "weakSuite");
    const lying = { joinIndex: 3, suite: suiteByName("mlkem1024"), generation: 0, hash: zeros };
    expectEqual(await send({ ...ratchet, entries: [lying] }), "weakSuite");
    expectEqual(await send({ kind: "fresh" }), "rosterMismatch");
    expectEqual(await send(ratchet), "badSignature");
    expectEqual(await send({ ...ratchet, epoch: 10 }, { resigned: false }), "badSignature");
    expectEqual(await send(ratchet), null, "judged already");
    // Of the past: dropped without a word.
    expectEqual(await send({ ...ratchet, epoch: 1 }), null);
    expectEqual(victim.epoch, 2);
  },

  "a signed commit that lies about its key is refused, and the true one is taken": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call);
    const victim = await call.join();
    const third = await call.join();
    await call.run(300);
    call.relayPrepares = false;
    const member = insider.state.log.member(victim.member);
    const key = randomBytes(32);
    const send = (header, wrapped = null) => insider.send(header, victim, wrapped, call);
    const good = await insider.header(key);
    const wrapped = await insider.wrap(key, good, member);
    const others = [await insider.entry(await insider.wrap(key, good, insider.state.log.member(third.member)), {
      joinIndex: 3 })];
    const whole = { ...good, entries: [await insider.entry(wrapped, member), ...others] };
    expectEqual(await send({ ...whole, confirmation: new Uint8Array(32) }, wrapped), "badConfirmation");
    expectEqual(await send(whole), "badWrappedKey", "without the key");
    const other = await insider.wrap(randomBytes(32), good, member);
    expectEqual(await send(whole, other), "badWrappedKey", "a key that was not signed");
    const lying = { ...whole, entries: [await insider.entry(other, member), ...others] };
    expectEqual(await send(lying, other), "badConfirmation", "another key than is confirmed to all");
    expectEqual(await send({ ...lying, epoch: 51 }, other), "badWrappedKey", "under another binding");
    const weak = await insider.wrap(key, good, member, { suite: suiteByName("mlkem1024") });
    const weaker = { ...whole, weakest: weak.suite, entries: [await insider.entry(weak, member), ...others] };
    expectEqual(await send(weaker, weak), "weakSuite", "a weaker suite than both offer");
    const generation = { ...whole, entries: [{ ...whole.entries[0], generation: 7 }, ...others] };
    expectEqual(await send(generation, wrapped), "badWrappedKey", "another generation");
    expectEqual(await send({ ...whole, entries: others }, null), "rosterMismatch", "without an entry");
    expectEqual(await send({ ...good, kind: "catchUp" }), "malformed", "a catch-up for nobody");
    expectEqual(await send({ ...good, kind: "ratchet", baseEpoch: 1 }), "badBase", "a base that nobody has");
    expectEqual(victim.keys.highestEpoch, 1);
    expectEqual(await send(whole, wrapped), null);
    expectEqual(victim.keys.highestEpoch, 50);
  },

  "a ratchet from an epoch whose member has left, or that calls it stronger than it is": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call, { minimumSuite: "mlkem768" });
    const victim = await call.join({ policy: { minimumSuite: "mlkem768" } });
    await call.join({ policy: { offered: ["mlkem768"], minimumSuite: "mlkem768" } });
    await call.run(300);
    call.relayPrepares = false;
    const base = insider.state.sending;
    const ratcheted = async (excluded, weakest) => {
      const draft = await insider.header(randomBytes(32), { excluded });
      const key = await ratchet(base.key, draft.keyRosterHash);
      const header = await insider.header(key, { kind: "ratchet", excluded, weakest });
      return { ...header, baseEpoch: base.epoch, baseID: base.id };
    };
    const send = (header) => insider.send(header, victim, null, call);
    expectEqual(base.header.weakest.name, "mlkem768");
    expectEqual(await send(await ratcheted([], suiteByName("x-wing"))), "weakSuite");
    expectEqual(await send(await ratcheted([3], base.header.weakest)), "badBase");
    expectEqual(await send(await ratcheted([], base.header.weakest)), null);
    expectEqual(victim.keys.highestEpoch, 50);
  },

  "a key for a member without an authentic bundle, and keys for a room of before the own join": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call);
    const victim = await call.join();
    await call.run(300);
    call.relayPrepares = false;
    const old = await insider.header(randomBytes(32), { kind: "ratchet" });
    const joiner = await call.join();
    await call.enter(await call.makeClient({ invite: newInvite() }));
    await call.run(20);
    const header = await insider.header(randomBytes(32), { kind: "ratchet" });
    expectEqual(await insider.send(header, victim, null, call), "unauthenticatedMember");
    // What goes to all also reaches those who came after it.
    expectEqual(await insider.send(old, joiner, null, call), null);
    expectEqual(await insider.send(old, victim, null, call), "badBase", "it does concern the other");
  },

  "key updates are taken if they are newer, signed and of use": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call);
    const victim = await Insider.join(call);
    await call.run(300);
    const known = () => victim.state.log.member(insider.member).agreement.generation;
    const send = async (keys, { identity = insider.state.identity } = {}) => {
      const signed = keyUpdateBytes(keys, call.secrets.roomBytes, insider.state.bundleHash);
      const signature = await pq.sign(identity.privateKey, signed, KEY_UPDATE_CONTEXT);
      await insider.state.send({ type: "keyUpdate", keys, signature }, insider.state.log.member(victim.member));
      const { message } = insider.state.actions.pop();
      await victim.keys.receive({ type: "sealed", from: insider.member, body: message.body }, call.now);
    };
    const make = async (generation) =>
      (await AgreementPrivateKeys.make(generation, insider.state.offered, pq)).publicKeys;
    const good = await make(3);
    await send(good, { identity: await pq.generateKeys("ML-DSA-65") });
    await send(new AgreementPublicKeys(3, new Uint8Array(32), good.kems));
    await send(new AgreementPublicKeys(3, good.x25519, new Map([[1, new Uint8Array(1568).fill(0xff)]])));
    expectEqual(known(), 0);
    await send(good);
    expectEqual(known(), 3);
    await send(await make(2));
    expectEqual(known(), 3, "an older one");
  },

  "a key that was erased does not come back": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call);
    const victim = await call.join();
    await call.run(300);
    const { header, key } = insider.state.sending;
    const [old, oldHeader] = [key.slice(), { ...header, epoch: header.epoch }];
    const frame = await insider.seal();
    expect(await victim.opens(frame), "once");
    // An epoch with the same number and of lower rank is retired at once, and erased after the overlap.
    const member = insider.state.log.member(victim.member);
    const rival = { ...(await insider.header(old, { kind: "catchUp", epoch: oldHeader.epoch })), origin: 9 };
    const wrapped = await insider.wrap(old, rival, member);
    const whole = { ...rival, entries: [await insider.entry(wrapped, member)] };
    expectEqual(await insider.send(whole, victim, wrapped, call), null, "the same key is not taken twice");
    expectEqual(victim.handedOver.length, 1);
    const other = randomBytes(32);
    const second = { ...(await insider.header(other, { kind: "catchUp", epoch: oldHeader.epoch })), origin: 9 };
    const secondKey = await insider.wrap(other, second, member);
    const loser = { ...second, entries: [await insider.entry(secondKey, member)] };
    await insider.send(loser, victim, secondKey, call);
    expectEqual(victim.handedOver.length, 2);
    await call.run(6000);
    await insider.send(loser, victim, secondKey, call);
    expectEqual(victim.handedOver.length, 2, "not after its erasure either");
  },

  "parts of commits without their other half are few": () => {
    const inbox = new CommitInbox();
    const hash = (n) => new Uint8Array(32).fill(n);
    for (let n = 0; n < 20; n += 1) expectEqual(inbox.announcement(Uint8Array.of(n), hash(n), "a"), null);
    const key = (n) => ({ commitHash: hash(n), wrapped: Uint8Array.of(99) });
    expectEqual(inbox.wrappedKey(key(19), "a"), Uint8Array.of(19, 99));
    expectEqual(inbox.wrappedKey(key(0), "a"), null, "the oldest went");
    expectEqual(inbox.wrappedKey(key(18), "b"), null, "another member's key completes nothing");
    expectEqual(inbox.wrappedKey(key(18), "a"), Uint8Array.of(18, 99));
    expectEqual(inbox.announcement(Uint8Array.of(5), hash(0), "a"), Uint8Array.of(5, 99), "the other way round");
  },
};
