// What goes wrong for a while and must not stay wrong. The counterpart of Tests/E2EKeysTests/RecoveryTests.swift.
import { concat } from "/client/crypto/bytes.js";
import { commit } from "/client/keys/call/commit.js";
import { COMMIT_CONTEXT, encodeHeader } from "/client/keys/commit.js";
import { RekeyBudget } from "/client/keys/rekey-budget.js";
import { expect, expectEqual } from "../harness.js";
import { Insider } from "../insider.js";
import { Call, expectAllHearEachOther, isHeardBy } from "../virtual-call.js";

const pass = (body) => [{ body }];

export const tests = {
  "a key that arrives after the leave of one who holds it is not used beyond the deadline": async () => {
    const call = await Call.of(2);
    await call.run(1700);
    const [a, b] = call.clients;
    // The relay keeps from A the commit that lets C in: it is made by B, since A's own is held back too.
    const held = [];
    call.onSealed = (from, to, body) => {
      if (body.length <= 1334 || (to !== a && from !== a)) return pass(body);
      if (to === a) held.push({ type: "sealed", from: from.member, body });
      return [];
    };
    a.isFrozen = true;
    const c = await call.join();
    await call.run(1200);
    a.isFrozen = false;
    expect(b.keys.highestEpoch === 2 && held.length > 0, "B let C in");
    // C leaves. Of it the relay tells A only, and then lets the commit through.
    call.relayPrepares = false;
    call.keptInTheDark.add(b);
    call.perform(a, await a.keys.joined(call.joined(a, true), call.now));
    expectEqual(a.keys.highestEpoch, 1);
    await call.leave(c);
    await call.run(50);
    const learned = call.now;
    for (const message of held) call.perform(a, await a.keys.receive(message, call.now));
    // Nothing that A does about it gets out.
    call.onSealed = (from, _, body) => (from === a && body.length > 1334 ? [] : pass(body));
    let overheard = 0;
    while (call.now < learned + 10_000) {
      await call.run(100);
      const frame = await a.seal();
      if (!frame || !(await c.opens(frame))) continue;
      overheard += 1;
      expect(call.now <= learned + 2100, "C listens on");
    }
    expect(overheard > 0, "until the deadline it does: else this shows nothing");
  },

  "after an outage of any length all are on one key again": async () => {
    for (const cutOff of [0, 1, 2]) {
      for (const milliseconds of [9_000, 13_500, 15_500, 18_000, 21_500]) {
        const call = await Call.of(3);
        await call.run(1700);
        const victim = call.clients[cutOff];
        // Nothing sealed gets through in either direction; the relay's own messages do.
        call.onSealed = (from, to, body) => (from === victim || to === victim ? [] : pass(body));
        await call.run(milliseconds);
        call.onSealed = null;
        await call.run(16_000);
        await expectAllHearEachOther(call.clients);
      }
    }
  },

  "a joiner for whom the relay prepares nothing is let in by the members": async () => {
    const call = await Call.of(3);
    await call.run(1700);
    call.relayPrepares = false;
    const joiner = await call.join();
    await call.run(9000);
    await expectAllHearEachOther(call.clients);
    expectEqual(joiner.keys.keyHolders.length, 4);
  },

  "members for whom the relay never prepares anything agree by themselves": async () => {
    const call = await Call.open();
    call.relayPrepares = false;
    for (let count = 0; count < 3; count += 1) await call.join();
    await call.run(25_000);
    await expectAllHearEachOther(call.clients);
  },

  "an epoch of an earlier position with a higher number does not part the members": async () => {
    for (const doesLeave of [false, true]) {
      const call = await Call.of(2);
      const [a, b] = call.clients;
      const c = await Insider.join(call);
      await call.run(2000);
      // C makes an epoch far above for the present position, which reaches nobody; then the others go on without it.
      call.onSealed = (from, _, body) => (from === c && body.length > 1334 ? [] : pass(body));
      await commit(c.state, { cause: "periodic", advised: 7, headN: call.n }, call.now);
      call.perform(c, await c.keys.expire(call.now));
      await call.run(3000);
      expectEqual(c.epoch, 7);
      const fourth = await call.join();
      await call.run(2000);
      // With it gone both epochs are for the same members, and only their numbers and positions part them.
      if (doesLeave) await call.leave(fourth);
      await call.run(2000);
      call.onSealed = null;
      expect(a.epoch !== 7 && b.epoch !== 7, "they are parted");
      await call.run(20_000);
      await expectAllHearEachOther(call.clients.filter(({ isConnected }) => isConnected));
    }
  },

  "a committer that dies with its commit half delivered holds nobody up": async () => {
    const call = await Call.of(5);
    const [committer, , second] = call.clients;
    await call.leave(call.clients[4]);
    call.onSealed = (from, to, body) => (from === committer && to !== second ? [] : pass(body));
    await call.run(65);
    committer.isFrozen = true;
    call.onSealed = null;
    const rest = call.clients.slice(1, 4);
    for (let turn = 0; turn < 42; turn += 1) {
      await call.run(50);
      for (const speaker of rest) {
        const frame = await speaker.seal();
        for (const listener of rest) if (frame && listener !== speaker) await listener.open(frame);
      }
    }
    await expectAllHearEachOther(rest);
    expect(rest.some((client) => client.told("committerFailover")), "committerFailover");
  },

  "under churn nobody who left hears on, and those who stay agree": async () => {
    const call = await Call.of(4);
    const departed = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const live = call.clients.filter(({ isConnected }) => isConnected);
      if (turn % 3 !== 0) await call.join();
      if (turn % 3 !== 1) {
        const leaver = live[(turn * 5) % live.length];
        departed.push({ leaver, at: call.now });
        await call.leave(leaver);
      }
      await call.run(40 + ((turn * 97) % 400));
      for (const speaker of call.clients.filter(({ isConnected }) => isConnected)) {
        const frame = await speaker.seal();
        for (const { leaver, at } of departed) {
          if (frame && call.now > at + 2020) expect(!(await leaver.opens(frame)), `${leaver.name} hears on`);
        }
      }
    }
    await call.run(3000);
    const live = call.clients.filter(({ isConnected }) => isConnected);
    await expectAllHearEachOther(live);
    const isAccused = ({ type }) => ["logMismatch", "relayInconsistent", "sendingBlocked"].includes(type);
    expectEqual(live.flatMap(({ events }) => events.filter(isAccused)), [], "an honest relay is not accused");
  },

  "a later epoch of an earlier position is not used for one who has left since": async () => {
    const call = await Call.open();
    const [a, b] = [await Insider.join(call), await Insider.join(call)];
    await call.run(2000);
    call.relayPrepares = false;
    const c = await call.join();
    await call.run(50);
    const position = call.n;
    // Nothing sealed is delivered by itself from here on; the test carries what it wants.
    const sent = [];
    call.onSealed = (from, to, body) => {
      if (from === a && to === b) sent.push({ type: "sealed", from: a.member, body });
      return to === c ? pass(body) : [];
    };
    // B makes an epoch for the position at which C is in, far above, and waits to switch.
    await commit(b.state, { cause: "join", advised: 9, headN: position }, call.now);
    call.perform(b, await b.keys.expire(call.now));
    await call.run(50);
    expect(b.state.epochs.some(({ epoch, senders }) => epoch === 9 && senders.size === 3), "B's epoch");
    // C leaves, and A makes an epoch without it that B takes and switches to first.
    await call.leave(c);
    await call.run(50);
    const learned = call.now;
    await commit(a.state, { cause: "leave", advised: 2, headN: call.n }, call.now);
    call.perform(a, await a.keys.expire(call.now));
    for (const message of sent) call.perform(b, await b.keys.receive(message, call.now));
    call.perform(b, await b.keys.rekey(await call.advice(2, "execute", "leave"), call.now));
    const epochs = [];
    let overheard = 0;
    while (call.now < learned + 8000) {
      await call.run(50);
      if (b.epoch !== null && epochs.at(-1) !== b.epoch) epochs.push(b.epoch);
      const frame = await b.seal();
      if (!frame || !(await c.opens(frame))) continue;
      overheard += 1;
      expect(call.now <= learned + 2100, "C listens on");
    }
    expectEqual(epochs.slice(0, 2), [2, 9], "the course of events");
    expect(overheard > 0, "until the deadline it does: else this shows nothing");
  },

  "many epochs at once leave no long debt": () => {
    const budget = new RekeyBudget();
    for (let count = 0; count < 1000; count += 1) budget.spend(false, 5000);
    expect(budget.nextAt <= 6000 && budget.nextAt > 5000, `${budget.nextAt}`);
  },

  "resumptions do not keep a member alive that nobody hears": async () => {
    const call = await Call.of(3);
    const [a, b, gone] = call.clients;
    await call.leave(gone, { hidden: true });
    for (let turn = 0; turn < 6; turn += 1) {
      await call.run(10_000);
      a.isConnected = false;
      await call.run(50);
      call.resume(a);
    }
    expect(a.told("memberSilent", { member: gone.member }), "memberSilent");
    expect(!a.told("memberSilent", { member: b.member }), "and nobody else");
    await call.run(1000);
    expect(!(await isHeardBy(a, gone)), "it hears on");
    await expectAllHearEachOther([a, b]);
  },

  "a roster of an earlier log position is refused on resumption": async () => {
    const call = await Call.of(2);
    const [a] = call.clients;
    const old = call.joined(a, true);
    const third = await call.join();
    await call.run(1000);
    call.perform(a, await a.keys.joined(old, call.now));
    expect(a.told("relayInconsistent", { inconsistency: "badRoster" }), "badRoster");
    expect(a.keys.keyHolders.includes(third.member), "nothing has changed");
  },

  "joins alone do not keep a key from being renewed": async () => {
    const policy = { maximumEpochAge: 30_000 };
    const call = await Call.open();
    const first = await Insider.join(call, policy);
    for (let count = 0; count < 4; count += 1) {
      await call.join({ policy });
      await call.run(8000);
    }
    const renewed = first.activations.filter(({ cause }) => cause === "periodic");
    expectEqual(renewed.length, 1, "renewals");
    expect(first.state.agreement.publicKeys.generation > 0, "agreement keys are renewed as well");
    await expectAllHearEachOther(call.clients);
  },

  "a wild epoch in a heartbeat parts nobody": async () => {
    const call = await Call.of(2);
    const insider = await Insider.join(call);
    await call.run(1000);
    const [a] = call.clients;
    const heartbeat = {
      headN: call.n, headHash: insider.state.log.headHash, epoch: 0xffff_0000, epochID: new Uint8Array(16).fill(7),
      generation: 0,
    };
    const beat = async (epoch) => {
      for (const member of insider.state.others) {
        await insider.state.send({ type: "heartbeat", heartbeat: { ...heartbeat, epoch } }, member);
      }
      call.perform(insider, await insider.keys.expire(call.now));
      await call.run(1000);
    };
    for (let turn = 0; turn < 20; turn += 1) await beat(0xffff_0000);
    expect(a.keys.metrics.epochsActivated < 12, "and drives nobody to work without end");
    await call.join();
    await call.run(3000);
    await expectAllHearEachOther(call.clients);
    expect(a.epoch < 100, `epoch ${a.epoch}`);
    // Within the window it may be an honest one: they come together above it. The insider's own heartbeats name the key
    // that it holds, and begin the two seconds anew: it takes up to two of their intervals.
    const near = a.epoch + 500;
    for (let turn = 0; turn < 10 && a.epoch < near; turn += 1) await beat(near);
    await call.run(2000);
    await expectAllHearEachOther(call.clients);
    expect(a.epoch > near && a.epoch < near + 100, `epoch ${a.epoch}`);
  },

  "nobody makes an epoch above the highest": async () => {
    const call = await Call.open();
    const [a, b] = [await Insider.join(call), await call.join()];
    await call.run(1000);
    a.state.highestHeard = 0xffff_0000;
    expect(!(await commit(a.state, { cause: "periodic", advised: 0, headN: call.n }, call.now)), "made");
    a.state.highestHeard -= 1;
    expect(await commit(a.state, { cause: "periodic", advised: 0, headN: call.n }, call.now), "not made");
    call.perform(a, await a.keys.expire(call.now));
    await call.run(1000);
    expectEqual(b.epoch, 0xffff_0000);
  },

  "a refused announcement costs no further signature check": async () => {
    const call = await Call.open();
    const insider = await Insider.join(call);
    const [victim] = [await call.join(), await call.join()];
    await call.run(2000);
    const { header: made } = insider.state.sending;
    expectEqual(made.origin, insider.state.ownJoinIndex);
    const header = { ...made, kind: "ratchet", epoch: made.epoch + 1, baseEpoch: 77, entries: [] };
    const headerBytes = encodeHeader(header);
    const signature = await insider.state.sign(headerBytes, COMMIT_CONTEXT);
    const before = victim.keys.metrics.signaturesVerified;
    for (let count = 0; count < 50; count += 1) {
      await insider.state.sendToAll(concat(headerBytes, signature));
      call.perform(insider, await insider.keys.expire(call.now));
      await call.run(20);
    }
    // One more for the catch-up that it asked for.
    expect(victim.keys.metrics.signaturesVerified - before <= 2, `${victim.keys.metrics.signaturesVerified - before}`);
    expect(victim.told("rekeyFailed", { epoch: header.epoch, reason: "badBase" }), "badBase");
    expectEqual(victim.events.filter(({ type }) => type === "rekeyFailed").length, 1);
  },
};
