// What goes wrong for a while and must not stay wrong. The counterpart of Tests/E2EKeysTests/RecoveryTests.swift.
import { commit } from "/client/keys/call/commit.js";
import { expect, expectEqual } from "../harness.js";
import { Insider } from "../insider.js";
import { Call, expectAllHearEachOther } from "../virtual-call.js";

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
};
