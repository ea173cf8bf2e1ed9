// What a relay that lies may try, and a stranger.
import { concat, fromBase64URL, randomBytes, toBase64URL } from "/client/crypto/bytes.js";
import { hmacSHA256 } from "/client/crypto/kdf.js";
import { AgreementPrivateKeys, AgreementPublicKeys } from "/client/keys/agreement.js";
import { makeBundle, SIGNATURE_LENGTH, verifyBundle } from "/client/keys/bundle.js";
import { newInvite, openInvite } from "/client/keys/invite.js";
import { SUITES } from "/client/keys/suites.js";
import { expect, expectEqual, expectError, seededNumbers } from "../harness.js";
import { cuts, mutations } from "../malformed.js";
import { Call, expectAllHearEachOther, isHeardBy, pq } from "../virtual-call.js";

const versionOf = (body) => fromBase64URL(body.slice(0, 4))[0];

export const tests = {
  "who has a wrong invite gets in nowhere": async () => {
    const call = await Call.of(2);
    const stranger = await call.makeClient({ invite: newInvite() });
    await call.enter(stranger);
    await call.run(2300);
    const rest = call.clients.slice(0, 2);
    await expectAllHearEachOther(rest);
    expectEqual(rest[0].epoch, 2);
    for (const client of rest) {
      expect(client.told("memberRejected", { member: stranger.member, reason: "badMAC" }), "memberRejected");
      expect(!client.keys.keyHolders.includes(stranger.member), "it holds no key");
    }
    expect(!(await isHeardBy(rest[0], stranger)), "it hears nothing");
    expect(stranger.told("relayInconsistent", { inconsistency: "badRoster" }), "it is told");
    // The same with the room's pseudonym, which the relay knows.
    const [first] = call.clients;
    const fields = {
      room: call.secrets.roomBytes, nonce: randomBytes(32), offered: Uint8Array.of(1), sframeSuite: 5,
      channelKey: randomBytes(32), agreement: (await AgreementPrivateKeys.make(0, [SUITES[0]], pq)).publicKeys,
    };
    const ghost = await makeBundle(fields, await pq.generateKeys("ML-DSA-65"), randomBytes(32), pq);
    await expectError("badMAC", () => verifyBundle(ghost, call.secrets.roomBytes, call.secrets.admissionKey, pq));
    expectEqual(first.epoch, 2);
  },

  "bundles of any shape are read or refused": async () => {
    const { roomBytes, admissionKey } = await openInvite(newInvite());
    const call = await Call.open();
    const member = await call.makeClient();
    const bundle = fromBase64URL(member.keys.bundle);
    const { roomBytes: room, admissionKey: key } = call.secrets;
    await verifyBundle(bundle, room, key, pq);
    for (const cut of cuts(bundle, 307)) {
      const code = cut.length > 32 + SIGNATURE_LENGTH ? "badMAC" : "malformed";
      await expectError(code, () => verifyBundle(cut, room, key, pq));
    }
    const signed = bundle.slice(0, -32);
    let refused = 0;
    for (const variant of [...mutations(signed, 60, 5), ...cuts(signed, 911)]) {
      if (toBase64URL(variant) === toBase64URL(signed)) continue;
      const maced = concat(variant, await hmacSHA256(key, variant));
      const result = await verifyBundle(maced, room, key, pq).catch((error) => error.code);
      expect(typeof result === "string" && result !== "internalFailure", `accepted, or ${result}`);
      refused += 1;
    }
    expect(refused > 50, "variants");
    await expectError("badMAC", () => verifyBundle(bundle, roomBytes, admissionKey, pq), "another invite");
  },

  "a bundle with keys that cannot be used is refused and stops nobody": async () => {
    const call = await Call.of(2);
    const good = (await AgreementPrivateKeys.make(0, SUITES.slice(), pq)).publicKeys;
    const wrong = [
      new AgreementPublicKeys(0, good.x25519, new Map([[1, new Uint8Array(1568).fill(0xff)]])),
      new AgreementPublicKeys(0, new Uint8Array(32), new Map([[1, good.kems.get(1)]])),
    ];
    for (const agreement of wrong) {
      const fields = {
        room: call.secrets.roomBytes, nonce: randomBytes(32), offered: Uint8Array.of(1, 2), sframeSuite: 5,
        channelKey: good.x25519, agreement,
      };
      const bundle = await makeBundle(fields, await pq.generateKeys("ML-DSA-65"), call.secrets.admissionKey, pq);
      const client = await call.makeClient();
      await call.enter(client, toBase64URL(bundle));
      await call.run(2300);
      expect(call.clients[0].told("memberRejected", { reason: "malformed" }), "memberRejected");
      await expectAllHearEachOther(call.clients.slice(0, 2));
    }
  },

  "a broken chain, an impossible entry and a forged bundle are refused": async () => {
    const call = await Call.of(2);
    const [victim] = call.clients;
    const client = await call.makeClient();
    const hash = toBase64URL(await pq.sha3_256(fromBase64URL(client.keys.bundle)));
    const good = { n: 3, kind: "join", member: client.member, bundleHash: hash, cause: "joined", previous: call.head };
    const entries = [
      { ...good, previous: toBase64URL(new Uint8Array(32)) }, { ...good, n: 4 }, { ...good, n: "3" },
      { ...good, kind: "leave" }, { ...good, cause: "toString" }, { ...good, member: victim.member },
      { ...good, bundleHash: "AAAA" }, { ...good, previous: 7 }, null, {},
    ];
    for (const entry of entries) {
      victim.events = [];
      call.perform(victim, await victim.keys.membershipChanged({ entry, bundle: client.keys.bundle }, call.now));
      const isRefused = victim.told("relayInconsistent", { inconsistency: "brokenChain" });
      expect(isRefused && !victim.told("memberAdmitted"), JSON.stringify(entry));
    }
    const [other] = call.clients.slice(1);
    for (const bundle of [other.keys.bundle, undefined, 7, "!"]) {
      victim.events = [];
      call.perform(victim, await victim.keys.membershipChanged({ entry: good, bundle }, call.now));
      expect(victim.told("relayInconsistent") && !victim.told("memberAdmitted"), `bundle ${bundle}`.slice(0, 40));
    }
    call.perform(victim, await victim.keys.membershipChanged({ entry: good, bundle: client.keys.bundle }, call.now));
    expect(victim.told("memberAdmitted", { member: client.member }), "the genuine one");
    // Of the past: no word.
    victim.events = [];
    await victim.keys.membershipChanged({ entry: call.entries[0] }, call.now);
    expectEqual(victim.events, []);
  },

  "a bundle joins once: a channel never starts over": async () => {
    const call = await Call.of(3);
    const [alice, bob] = call.clients;
    await call.run(6000);
    const bodies = () => alice.sent.filter(({ to }) => to === bob.member).map(({ body }) => body);
    // The relay invents a leave and a second join.
    const bundleHash = toBase64URL(await pq.sha3_256(fromBase64URL(bob.keys.bundle)));
    const leave = { n: 4, kind: "leave", member: bob.member, bundleHash, cause: "left", previous: call.head };
    const join = {
      n: 5, kind: "join", member: bob.member, bundleHash, cause: "joined", previous: await call.headAfter(leave),
    };
    for (const change of [{ entry: leave }, { entry: join, bundle: bob.keys.bundle }]) {
      call.perform(alice, await alice.keys.membershipChanged(change, call.now));
    }
    expect(alice.told("relayInconsistent", { inconsistency: "brokenChain" }), "by an entry");
    // Or it names a roster on resumption, in which he is again; or a position of the past.
    alice.events = [];
    const again = { ...call.joined(alice, true), head: { n: 5, hash: await call.headAfter(join) } };
    again.roster = again.roster.map((item) => (item.member === bob.member ? { ...item, joinIndex: 5 } : item));
    again.roster.sort((a, b) => a.joinIndex - b.joinIndex);
    for (const message of [again, { ...again, roster: call.joined(alice, true).roster }, call.joined(alice, true)]) {
      alice.events = [];
      call.perform(alice, await alice.keys.joined(message, call.now));
      expect(alice.told("relayInconsistent", { inconsistency: "badRoster" }), "by a roster");
    }
    call.perform(alice, await alice.keys.say("anyone there?", call.now));
    await call.run(6000);
    const nonces = bodies().map((body) => body.slice(0, 12));
    expect(nonces.length >= 2, "messages");
    expectEqual(new Set(nonces).size, nonces.length, "different nonces");
    expect(alice.keys.members.every(({ member }) => member !== bob.member), "he is not taken back");
  },

  "joined of any shape is taken or refused": async () => {
    const call = await Call.of(2);
    const [victim] = call.clients;
    const good = call.joined(victim, true);
    const variants = [
      null, {}, { ...good, room: "x" }, { ...good, member: call.clients[1].member }, { ...good, roster: [] },
      { ...good, roster: null }, { ...good, roster: [null] }, { ...good, roster: [...good.roster].reverse() },
      { ...good, roster: good.roster.map((item) => ({ ...item, joinIndex: 1 })) }, { ...good, head: null },
      { ...good, head: { n: 1, hash: good.head.hash } }, { ...good, head: { n: 2, hash: "AA" } },
      { ...good, head: { n: -1, hash: good.head.hash } }, { ...good, head: { n: 2.5, hash: good.head.hash } },
      { ...good, roster: good.roster.map((item) => ({ ...item, bundle: "AAAA" })) },
      { ...good, roster: good.roster.slice(1) },
    ];
    for (const variant of variants) {
      victim.events = [];
      call.perform(victim, await victim.keys.joined(variant, call.now));
      expect(victim.told("relayInconsistent", { inconsistency: "badRoster" }), JSON.stringify(variant)?.slice(0, 80));
    }
    call.perform(victim, await victim.keys.joined(good, call.now));
    await expectAllHearEachOther(call.clients);
    // A true position, but of the past.
    await call.join();
    await call.run(300);
    victim.events = [];
    call.perform(victim, await victim.keys.joined(good, call.now));
    expect(victim.told("relayInconsistent", { inconsistency: "badRoster" }), "a position of the past");
    await expectAllHearEachOther(call.clients);
  },

  "two members who are shown different rooms notice by heartbeat": async () => {
    const call = await Call.of(3);
    const [a, b] = call.clients;
    const fake = await call.makeClient();
    const bundleHash = toBase64URL(await pq.sha3_256(fromBase64URL(fake.keys.bundle)));
    const entry = { n: 4, kind: "join", member: fake.member, bundleHash, cause: "joined", previous: call.head };
    call.keptInTheDark.add(a);
    call.relayPrepares = false;
    call.perform(a, await a.keys.membershipChanged({ entry, bundle: fake.keys.bundle }, call.now));
    await call.join();
    await call.run(6000);
    expect(a.told("logMismatch", { member: b.member }) && b.told("logMismatch", { member: a.member }), "logMismatch");
    // Told again and again it is said once.
    await call.run(11_000);
    expectEqual(a.events.filter(({ type, member }) => type === "logMismatch" && member === b.member).length, 1);
  },

  "a member that is told nothing any more learns from the others that it lags behind": async () => {
    const call = await Call.of(3);
    const slow = call.clients[2];
    call.keptInTheDark.add(slow);
    await call.join();
    await call.run(12_000);
    expect(slow.told("logMismatch", { member: call.clients[0].member }), "logMismatch");
    expectEqual(slow.keys.keyHolders.length, 3, "holders of the key of the room that it was shown");
    const change = { entry: call.entries[3], bundle: call.clients[3].keys.bundle };
    call.deliver(slow, (keys, now) => keys.membershipChanged(change, now));
    await call.run(12_000);
    await expectAllHearEachOther(call.clients);
  },

  "a rekey for a roster that the log does not give, or of any other shape, is refused": async () => {
    const call = await Call.of(2);
    const [victim] = call.clients;
    const good = await call.advice(9, "prepare", "join");
    const zeros = toBase64URL(new Uint8Array(32));
    const lies = [
      { ...good, rosterHash: zeros }, { ...good, head: { ...good.head, hash: zeros } },
      { ...good, head: { n: 7, hash: good.head.hash } }, { ...good, head: null }, { ...good, rosterHash: 7 },
    ];
    for (const lie of lies) {
      victim.events = [];
      call.perform(victim, await victim.keys.rekey(lie, call.now));
      expect(victim.told("relayInconsistent", { inconsistency: "rosterMismatch" }), "rosterMismatch");
    }
    const senseless = [
      null, {}, { ...good, epoch: "9" }, { ...good, epoch: 0x8000_0000 }, { ...good, epoch: 0 }, { ...good, epoch: -1 },
      { ...good, head: { ...good.head, n: 1 } }, { ...good, cause: "toString" }, { ...good, phase: "x" },
      { type: "rekey", phase: "execute", epoch: 4.5 },
      { type: "rekey", phase: "execute", epoch: 0x7fff_ffff },
    ];
    for (const lie of senseless) call.perform(victim, await victim.keys.rekey(lie, call.now));
    await call.run(200);
    expectEqual(victim.ready, [1]);
    await expectAllHearEachOther(call.clients);
    await call.join();
    await call.run(300);
    await expectAllHearEachOther(call.clients);
  },

  "a rekey storm makes a bounded number of keys": async () => {
    const call = await Call.of(2);
    for (let count = 0; count < 200; count += 1) {
      await call.prepare("periodic");
      await call.run(50);
    }
    await call.run(3000);
    // One each second, and one or two ahead.
    const { size } = new Set(call.clients[0].activations.map(({ epoch }) => epoch));
    expect(size > 5 && size <= 16, `${size} keys in thirteen seconds`);
    await expectAllHearEachOther(call.clients);
  },

  "sealed messages twice and out of order change nothing": async () => {
    const call = await Call.open();
    const random = seededNumbers(12);
    call.onSealed = (_, to, body) => Array.from({ length: 1 + random(3) }, () => ({ body, delay: random(40) }));
    for (let index = 0; index < 5; index += 1) {
      await call.join();
      await call.run(30);
    }
    await call.run(1000);
    await expectAllHearEachOther(call.clients);
    await call.leave(call.clients[2]);
    await call.run(1000);
    await expectAllHearEachOther(call.clients.filter(({ name }) => name !== 2));
    expect(!call.clients.some((client) => client.told("rekeyFailed")), "no key was refused");
  },

  "every changed byte of a commit's two parts is noticed": async () => {
    const call = await Call.of(2);
    const [from, target] = call.clients;
    const captured = [];
    call.onSealed = (_, to, body) => {
      if (to === target && body.length > 1300) captured.push(body);
      return [];
    };
    await call.prepare("periodic");
    await call.run(100);
    call.onSealed = null;
    expectEqual(captured.map(versionOf).sort(), [1, 2], "the part for this member and the part for all");
    for (const body of captured) {
      const bytes = fromBase64URL(body);
      for (let index = 0; index < bytes.length; index += 61) {
        const changed = bytes.slice();
        changed[index] ^= 1;
        const message = { type: "sealed", from: from.member, body: toBase64URL(changed) };
        call.perform(target, await target.keys.receive(message, call.now));
      }
      for (const cut of cuts(bytes, 401)) {
        const message = { type: "sealed", from: from.member, body: toBase64URL(cut) };
        call.perform(target, await target.keys.receive(message, call.now));
      }
    }
    expect(target.ready.length === 1 && !target.told("rekeyFailed"), "dropped without a word");
    for (const body of captured) {
      call.perform(target, await target.keys.receive({ type: "sealed", from: from.member, body }, call.now));
    }
    expectEqual(target.ready, [1, 2], "the untouched ones are taken");
    // Said again, not even a signature is checked; nor if it names no key for the target, as the announcement of a join.
    call.onSealed = (_, to, body) => {
      if (to === target && versionOf(body) === 2) captured.push(body);
      return [{ body }];
    };
    await call.run(2000);
    await call.join();
    await call.run(300);
    expectEqual([captured.length, target.epoch], [3, 3]);
    const { signaturesVerified } = target.keys.metrics;
    for (const body of captured) {
      for (let count = 0; count < 20; count += 1) await target.keys.receive({ from: from.member, body }, call.now);
    }
    expectEqual(target.keys.metrics.signaturesVerified, signaturesVerified);
  },

  "sealed messages of any shape, from anybody, are dropped": async () => {
    const call = await Call.of(2);
    const [a, b] = call.clients;
    for (const message of [null, {}, { from: b.member }, { from: b.member, body: 7 }, { from: b.member, body: "!" },
      { from: b.member, body: "" }, { from: a.member, body: "AQAAAAAAAAAA" }, { from: "x", body: "AQAA" }]) {
      expectEqual(await a.keys.receive(message, call.now), []);
    }
    for (const version of [0, 1, 2, 3]) {
      for (let length = 0; length < 60; length += 1) {
        const body = toBase64URL(concat(Uint8Array.of(version), randomBytes(length)));
        expectEqual(await a.keys.receive({ from: b.member, body }, call.now), []);
      }
    }
    await expectAllHearEachOther(call.clients);
  },
};
