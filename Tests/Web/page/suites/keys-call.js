// Calls with a relay that does its work: joins, leaves, changes of keys, failover and what was missed.
import { fromBase64URL } from "/client/crypto/bytes.js";
import { parseHeader } from "/client/sframe/header.js";
import { expect, expectEqual } from "../harness.js";
import { Call, expectAllHearEachOther, isHeardBy } from "../virtual-call.js";

const epochs = (clients) => clients.map(({ epoch }) => epoch);
const versionOf = (body) => fromBase64URL(body.slice(0, 4))[0];
const lose = () => [];
const pass = (body, delay = 0) => [{ body, delay }];

export const tests = {
  "a member alone has an epoch": async () => {
    const call = await Call.open();
    const alone = await call.join();
    expectEqual(await alone.seal(), null, "before the first epoch");
    await call.run(200);
    expectEqual(alone.epoch, 1);
    expect(await alone.seal(), "a sealed frame");
  },

  "members that join one after another agree, each join by a ratchet": async () => {
    const call = await Call.open();
    // No heartbeats, whose first comes at a random time, among the messages that are counted.
    const options = { policy: { heartbeat: 3_600_000, silence: 7_200_000 } };
    for (let count = 1; count <= 6; count += 1) {
      await call.join(options);
      await call.run(120);
      expectEqual(epochs(call.clients), call.clients.map(() => count));
    }
    await expectAllHearEachOther(call.clients);
    const [first] = call.clients;
    for (const { cause, suites, wasCommitter } of first.activations.slice(1)) {
      expectEqual([cause, suites, wasCommitter], ["join", { "x25519-mlkem1024": 1 }, true]);
    }
    expect(call.clients.every(({ keys }) => keys.keyHolders.length === 6), "all hold the key");
    expectEqual(first.ready, [1, 2, 3, 4, 5, 6]);
    // A join costs the committer two messages whatever the size of the call.
    const before = first.sent.length;
    await call.join(options);
    await call.run(150);
    expectEqual(first.sent.length - before, 2, "messages of a join");
    expect(!call.clients.some((client) => client.told("rekeyFailed")), "no key was refused");
  },

  "members that join at once agree on one epoch": async () => {
    const call = await Call.of(8);
    await expectAllHearEachOther(call.clients);
    for (const client of call.clients) {
      expectEqual([client.activations.map(({ epoch }) => epoch), client.ready], [[1], [1]]);
    }
  },

  "a joiner cannot open what was said before": async () => {
    const call = await Call.of(2);
    const [first, second] = call.clients;
    const before = await first.seal();
    const joiner = await call.join();
    await call.run(200);
    await expectAllHearEachOther(call.clients);
    expectEqual((await joiner.open(before)).failure, "beforeJoin");
    expect(await second.opens(before), "within the overlap the others still open it");
  },

  "a departed member opens nothing that is said later": async () => {
    const call = await Call.of(4);
    const gone = call.clients[3];
    const rest = call.clients.slice(0, 3);
    const said = await gone.seal();
    // The relay is its friend: it goes on to hand it everything that is sealed to the others.
    const leaks = [];
    call.onSealed = (from, to, body) => {
      leaks.push({ type: "sealed", from: from.member, body });
      return pass(body);
    };
    await call.leave(gone);
    await call.run(300);
    for (const leak of leaks) call.perform(gone, await gone.keys.receive(leak, call.now));
    await expectAllHearEachOther(rest);
    expectEqual([rest[0].activations.at(-1).cause, rest[0].activations.at(-1).suites], [
      "leave", { "x25519-mlkem1024": 2 }]);
    expect(!(await isHeardBy(rest[0], gone)), "the departed member hears nothing");
    expectEqual((await rest[0].open(said)).failure, "departed");
    expect(rest.every((client) => client.told("memberLeft", { member: gone.member })), "memberLeft");
  },

  "the old epoch opens for five seconds after the switch and not longer": async () => {
    const call = await Call.of(3);
    const [first, second, third] = call.clients;
    const before = [await first.seal(), await first.seal()];
    await call.leave(third);
    await call.run(300);
    expectEqual(second.epoch, 2);
    await call.run(4500);
    expect(await second.opens(before[0]), "within the overlap");
    await call.run(800);
    expectEqual((await second.open(before[1])).failure, "unknownKey");
  },

  "base keys are handed over and wiped": async () => {
    const call = await Call.of(2);
    for (const { handedOver } of call.clients) {
      expect(handedOver.length === 1 && handedOver[0].senders.length === 2, "one epoch of two senders");
      for (const { baseKey } of handedOver[0].senders) expectEqual(baseKey, new Uint8Array(32), "a base key");
    }
  },

  "join and leave in one window make a fresh key": async () => {
    const call = await Call.of(3);
    await call.leave(call.clients[1]);
    const joiner = await call.join();
    await call.run(300);
    const rest = [call.clients[0], call.clients[2], joiner];
    await expectAllHearEachOther(rest);
    expectEqual(rest[0].activations.at(-1).cause, "mixed");
    expect(!(await isHeardBy(rest[0], call.clients[1])), "who left hears nothing");
  },

  "the first member leaves and the second commits without delay": async () => {
    const call = await Call.of(4);
    await call.leave(call.clients[0]);
    await call.run(200);
    const rest = call.clients.slice(1);
    await expectAllHearEachOther(rest);
    expect(rest[0].activations.at(-1).wasCommitter && !rest[0].told("committerFailover"), "the second commits");
  },

  "the committer dies before it commits and the next one acts": async () => {
    const call = await Call.of(4);
    call.clients[0].isFrozen = true;
    await call.leave(call.clients[3]);
    await call.run(500);
    expectEqual(call.clients[1].epoch, 1);
    await call.run(100);
    expect(call.clients[1].told("committerFailover", { epoch: 2 }), "committerFailover");
    await call.run(1500);
    await expectAllHearEachOther([call.clients[1], call.clients[2]]);
  },

  "two committers race and the lower rank wins everywhere": async () => {
    const call = await Call.of(4);
    const [first, second] = call.clients;
    call.onSealed = (from, _, body) => pass(body, from === first ? 520 : 0);
    await call.leave(call.clients[3]);
    await call.run(1500);
    const rest = call.clients.slice(0, 3);
    expect(second.told("committerFailover", { epoch: 2 }), "committerFailover");
    await expectAllHearEachOther(rest);
    expect(first.activations.at(-1).wasCommitter, "the first one's key");
    expect(!second.activations.at(-1).wasCommitter, "the second follows the first");
    expectEqual(epochs(rest), [2, 2, 2]);
  },

  "a member that missed the commit is caught up, whichever part was lost": async () => {
    for (const isLost of [() => true, (version) => version === 1, (version) => version === 2]) {
      const call = await Call.of(4);
      const unlucky = call.clients[3];
      call.onSealed = (_, to, body) => (to === unlucky && isLost(versionOf(body)) ? [] : pass(body));
      await call.leave(call.clients[2]);
      await call.run(300);
      expectEqual(unlucky.epoch, 1);
      call.onSealed = null;
      await call.run(8000);
      await expectAllHearEachOther([call.clients[0], call.clients[1], unlucky]);
    }
  },

  "a joiner that missed its commit is caught up": async () => {
    const call = await Call.of(3);
    const joiner = await call.makeClient();
    call.onSealed = (_, to, body) => (to === joiner ? [] : pass(body));
    await call.enter(joiner);
    await call.run(2300);
    expect(!(await isHeardBy(call.clients[0], joiner)), "it hears nothing yet");
    call.onSealed = null;
    await call.run(8000);
    await expectAllHearEachOther(call.clients);
  },

  "the key of a frame that does not open is asked for": async () => {
    const call = await Call.of(3);
    await call.run(1500);
    const [first, second, third] = call.clients;
    call.onSealed = (from, to, body) => (from === third || to === third ? [] : pass(body));
    await call.prepare("periodic");
    await call.run(2300);
    call.onSealed = null;
    // Left alone, the third made a key of its own.
    expectEqual([first, second].map(({ epoch }) => epoch), [2, 2]);
    expect(!(await isHeardBy(second, third)), "it has another key");
    await call.run(260);
    await third.open(await first.seal());
    await call.run(50);
    await expectAllHearEachOther(call.clients);
    expect(third.activations.at(-1).epoch === 2 && !third.activations.at(-1).wasCommitter, "the first one's key");
  },

  "either part of a commit may come first, and late": async () => {
    for (const late of [1, 2]) {
      const call = await Call.of(3);
      call.onSealed = (_, to, body) => pass(body, versionOf(body) === late ? 400 : 0);
      await call.leave(call.clients[2]);
      await call.run(1000);
      await expectAllHearEachOther(call.clients.slice(0, 2));
      expectEqual(call.clients[1].epoch, 2);
    }
  },

  "the relay never says execute and senders switch by the deadline": async () => {
    const call = await Call.of(3);
    call.relayExecutes = false;
    await call.leave(call.clients[2]);
    await call.run(2020);
    await expectAllHearEachOther(call.clients.slice(0, 2));
    expectEqual(epochs(call.clients.slice(0, 2)), [2, 2]);
    expect(!(await isHeardBy(call.clients[0], call.clients[2])), "who left hears nothing");
  },

  "the relay never says prepare and the members rekey on their own": async () => {
    const call = await Call.of(3);
    call.relayPrepares = false;
    await call.leave(call.clients[1]);
    await call.run(1500);
    const rest = [call.clients[0], call.clients[2]];
    await expectAllHearEachOther(rest);
    expectEqual(epochs(rest), [2, 2]);
    expect(!rest.some((client) => client.told("sendingBlocked")), "nobody is blocked");
    call.relayPrepares = true;
    await call.join();
    await call.run(300);
    await expectAllHearEachOther([...rest, call.clients[3]]);
  },

  "a member that cannot commit in time is blocked until it has a key": async () => {
    const call = await Call.of(7);
    const last = call.clients[6];
    call.relayPrepares = false;
    call.onSealed = lose;
    await call.leave(call.clients[0]);
    await call.run(2100);
    expectEqual([last.epoch, await last.seal()], [null, null]);
    expect(last.told("sendingBlocked"), "sendingBlocked");
    await call.run(3000);
    expectEqual(last.epoch, 2);
    call.onSealed = null;
    await call.run(12_000);
    await expectAllHearEachOther(call.clients.slice(1));
  },

  "a quiet call goes on without events": async () => {
    const call = await Call.of(3);
    await call.run(40_000);
    await expectAllHearEachOther(call.clients);
    for (const client of call.clients) {
      expectEqual(client.activations.length, 1);
      expect(!client.told("memberSilent") && !client.told("logMismatch"), "nobody is accused");
    }
  },

  "a member silent for fifteen seconds is removed though the relay hides its leaving": async () => {
    for (const index of [0, 2]) {
      const call = await Call.of(3);
      await call.run(5000);
      const gone = call.clients[index];
      await call.leave(gone, { hidden: true });
      await call.run(9900);
      const rest = call.clients.filter((client) => client !== gone);
      expectEqual(epochs(rest), [1, 1]);
      await call.run(5600);
      expect(rest.every((client) => client.told("memberSilent", { member: gone.member })), "memberSilent");
      await expectAllHearEachOther(rest);
      expect(!(await isHeardBy(rest[0], gone)), "who left hears nothing");
      expect(rest.every(({ keys }) => !keys.keyHolders.includes(gone.member)), "it holds no key");
    }
  },

  "a member that was cut off for twenty seconds comes back": async () => {
    for (const index of [0, 2]) {
      const call = await Call.of(3);
      const member = call.clients[index];
      member.isConnected = false;
      await call.run(20_000);
      expect(call.clients[1].told("memberSilent", { member: member.member }), "memberSilent");
      call.resume(member);
      await call.run(12_000);
      await expectAllHearEachOther(call.clients);
      expect(call.clients[1].told("memberHeard", { member: member.member }), "memberHeard");
    }
  },

  "a short loss of connection with changes meanwhile is made good": async () => {
    const call = await Call.of(4);
    const member = call.clients[2];
    member.isConnected = false;
    await call.leave(call.clients[3]);
    await call.join();
    await call.run(6000);
    call.resume(member);
    await call.run(8000);
    await expectAllHearEachOther(call.clients.filter(({ name }) => name !== 3));
  },

  "a periodic epoch is fresh and replaces the agreement keys, and a lost update is asked for": async () => {
    const call = await Call.of(3);
    const deaf = call.clients[0];
    await call.prepare("periodic");
    await call.run(30);
    call.onSealed = (_, to, body) => (to === deaf && body.length > 6000 ? [] : pass(body));
    await call.run(3000);
    call.onSealed = null;
    expectEqual([deaf.activations.at(-1).cause, deaf.activations.at(-1).suites], [
      "periodic", { "x25519-mlkem1024": 2 }]);
    // By now the old private keys are erased: keys are wrapped to the new ones, also by and for a joiner.
    await call.run(20_000);
    await call.join();
    await call.run(300);
    for (const gone of [1, 0]) {
      await call.leave(call.clients[gone]);
      await call.run(400);
      await expectAllHearEachOther(call.clients.filter(({ isConnected }) => isConnected));
    }
  },

  "without the relay's advice the members renew the key themselves": async () => {
    const call = await Call.of(3, { policy: { maximumEpochAge: 60_000 } });
    await call.run(70_000);
    await expectAllHearEachOther(call.clients);
    expectEqual(call.clients[2].activations.map(({ cause }) => cause), ["join", "periodic"]);
  },

  "inputs that are not waited for are done in their order": async () => {
    const call = await Call.of(2);
    const [a, b] = call.clients;
    const messages = [];
    call.onSealed = (from, to, body) => {
      if (from === a) messages.push({ type: "sealed", from: a.member, body });
      return [];
    };
    for (let index = 0; index < 20; index += 1) call.perform(a, await a.keys.say(`text ${index}`, call.now));
    const results = await Promise.all(messages.map((message) => b.keys.receive(message, call.now)));
    const texts = results.flat().filter(({ event }) => event?.type === "chat").map(({ event }) => event.text);
    expectEqual(texts, Array.from({ length: 20 }, (_, index) => `text ${index}`));
  },

  "a closed call does nothing": async () => {
    const call = await Call.of(2);
    const [a, b] = call.clients;
    const frame = await a.seal();
    const pending = b.keys.expire(call.now + 60_000);
    const closing = b.keys.close();
    expectEqual(await pending, [], "actions of an input that was cut short");
    await closing;
    expect(b.keys.isClosed && b.keys.nextDeadline === Infinity && b.epoch === null, "closed");
    expectEqual((await b.store.open(frame, parseHeader(frame))).failure, "unknownKey");
    expectEqual(await b.seal(), null);
    expectEqual(await b.keys.rekey(await call.advice(2, "prepare", "periodic"), call.now), []);
    let code = null;
    await b.keys.say("x", call.now).catch((error) => (code = error.code));
    expectEqual(code, "closed");
  },

  "every suite carries keys, and every frame suite frames": async () => {
    for (const suite of ["x25519-mlkem1024", "mlkem1024", "x25519-mlkem768", "x-wing", "mlkem768"]) {
      const call = await Call.open();
      const first = await call.join({ policy: { minimumSuite: "mlkem768" } });
      const second = await call.join({ policy: { offered: [suite], minimumSuite: suite } });
      await call.run(200);
      await expectAllHearEachOther(call.clients);
      expect(first.told("suiteChosen", { member: second.member, suite }), suite);
      expect(first.told("epochActive", { weakest: suite }), "the weakest suite");
    }
    const all = [1, 2, 3, 4, 5];
    for (const sframeSuite of all) {
      const call = await Call.open();
      await call.join({ policy: { sframeSuite, acceptedFrameSuites: all } });
      await call.join({ policy: { acceptedFrameSuites: all } });
      await call.run(200);
      await expectAllHearEachOther(call.clients);
    }
  },
};
