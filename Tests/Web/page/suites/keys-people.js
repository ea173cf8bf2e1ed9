// Names, texts, identities and credentials.
import { IdentityPins } from "/client/keys/identity-pins.js";
import { isName } from "/client/keys/texts.js";
import { expect, expectEqual, expectError, pattern } from "../harness.js";
import { Call, expectAllHearEachOther, pq } from "../virtual-call.js";

export const tests = {
  "everybody learns the names of those before and after, each once": async () => {
    const call = await Call.open();
    for (const name of ["Ada", "Grace", null, "Jürgen 🌍"]) await call.join({ name });
    await call.run(300);
    for (const client of call.clients) {
      const names = client.events.filter(({ type }) => type === "profile").map(({ name }) => name).sort();
      const others = call.clients.filter((other) => other !== client);
      const expected = others.map(({ keys }) => keys.members.find(({ isSelf }) => isSelf).name);
      expectEqual(names, expected.filter((name) => name !== null).sort());
    }
  },

  "a name that was lost with a connection is asked for": async () => {
    const call = await Call.open();
    const ada = await call.join({ name: "Ada" });
    const grace = await call.join({ name: "Grace" });
    call.onSealed = (from, _, body) => (from === grace ? [] : [{ body }]);
    await call.run(100);
    call.onSealed = null;
    expect(!ada.told("profile", { name: "Grace" }), "lost");
    ada.isConnected = false;
    await call.run(1000);
    call.resume(ada);
    await call.run(300);
    expect(ada.told("profile", { member: grace.member, name: "Grace" }), "asked for");
  },

  "names that could mislead are refused": async () => {
    const call = await Call.open();
    const misleading = ["two\nlines", "tab\t", "turn\u202Earound", "nul\0", "a\u2066b", "\ud800"];
    for (const name of ["", "x".repeat(129), "   ", "\u200b\u2060", ...misleading]) {
      expect(!isName(name), JSON.stringify(name));
      await expectError("malformed", () => call.makeClient({ name }));
    }
    await expectError("malformed", () => call.makeClient({ invite: "short" }), "an invite that is none");
  },

  "texts reach everybody": async () => {
    const call = await Call.of(3);
    const [a, b, c] = call.clients;
    call.perform(b, await b.keys.say("hello\nall", call.now));
    await call.run(50);
    for (const client of [a, c]) expect(client.told("chat", { member: b.member, text: "hello\nall" }), "chat");
    for (const text of ["", "x".repeat(4097), "bell\x07", "\udfff"]) {
      await expectError("malformed", () => b.keys.say(text, call.now), JSON.stringify(text).slice(0, 20));
    }
  },

  "a member that policy gives no keys gets neither names nor texts": async () => {
    const call = await Call.open();
    const [a, b] = [await call.join({ name: "Ada" }), await call.join({ name: "Grace" })];
    const weak = await call.join({ name: "Weak", policy: { offered: ["mlkem768"], minimumSuite: "mlkem768" } });
    await expectError("noKey", () => a.keys.say("early", call.now));
    await call.run(2500);
    call.perform(a, await a.keys.say("hello", call.now));
    await call.run(100);
    expect(b.told("chat", { member: a.member, text: "hello" }) && b.told("profile", { name: "Ada" }), "B hears");
    expect(!weak.told("chat") && !weak.told("profile"), "the weak one does not");
  },

  "a name that looks like a known one is that name": () => {
    const [one, two] = [pattern(32), pattern(33).slice(1)];
    for (const lookalike of ["Ada\u200b", "ada", " Ada ", "A\u00adda", "Ada\ufe0f", "\u2060ADA"]) {
      const pins = new IdentityPins();
      pins.trust("Ada", one);
      expectEqual(pins.check(lookalike, one), { verdict: "same" }, JSON.stringify(lookalike));
      expectEqual(pins.check(lookalike, two), { verdict: "changed", previous: one }, JSON.stringify(lookalike));
      expectEqual(IdentityPins.fromJSON(pins.json).entries, pins.entries);
      pins.forget(lookalike);
      expectEqual(pins.entries, []);
    }
    const pins = new IdentityPins();
    pins.trust("Ada Lovelace", one);
    expectEqual(pins.check("Ada", two), { verdict: "firstSeen" });
    expectEqual(pins.check("Ada  \u00a0Lovelace", two), { verdict: "changed", previous: one });
  },

  "a known name with the same identity is confirmed, with another one it is announced": async () => {
    const [ada, mallory] = [await pq.generateKeys("ML-DSA-65"), await pq.generateKeys("ML-DSA-65")];
    const first = await Call.open();
    const me = await first.join({ name: "Me" });
    const met = await first.join({ name: "Ada", identity: ada });
    await first.run(300);
    expect(me.told("identityFirstSeen", { member: met.member, contact: "Ada" }), "identityFirstSeen");
    const pins = IdentityPins.fromJSON(me.keys.pins.json);
    const second = await Call.open();
    const again = await second.join({ name: "Me", pins });
    const same = await second.join({ name: "Ada", identity: ada });
    const impostor = await second.join({ name: "Ada", identity: mallory });
    await second.run(300);
    expect(again.told("identityConfirmed", { member: same.member, contact: "Ada" }), "identityConfirmed");
    const changed = again.events.find(({ type }) => type === "identityChanged");
    expectEqual([changed.member, changed.previous], [impostor.member, await pq.sha3_256(ada.publicKey)]);
    const fingerprint = await pq.sha3_256(mallory.publicKey);
    expectEqual(again.keys.pins.check("Ada", fingerprint).verdict, "changed", "an announcement changes no pin");
    expect(await again.keys.trustIdentity(impostor.member), "a person decides");
    expectEqual(again.keys.pins.check("Ada", fingerprint).verdict, "same");
    // The same letters, composed otherwise.
    again.keys.pins.trust("J\u00fcrgen", fingerprint);
    expectEqual(again.keys.pins.check("Ju\u0308rgen", fingerprint).verdict, "same");
    expect(!(await again.keys.trustIdentity("nobody")), "nobody");
  },

  "safety numbers are the same on both sides and differ between pairs and calls": async () => {
    const [ada, grace] = [await pq.generateKeys("ML-DSA-65"), await pq.generateKeys("ML-DSA-65")];
    const numbers = new Set();
    for (let round = 0; round < 2; round += 1) {
      const call = await Call.open();
      const [a, b, c] = [await call.join({ identity: ada }), await call.join({ identity: grace }), await call.join()];
      await call.run(300);
      const number = await a.keys.safetyNumber(b.member);
      expectEqual(await b.keys.safetyNumber(a.member), number);
      expect(/^(\d{5} ){11}\d{5}$/.test(number), number);
      expect((await a.keys.safetyNumber(c.member)) !== number, "another pair");
      expectEqual(await a.keys.safetyNumber(a.member), null);
      numbers.add(number);
    }
    expectEqual(numbers.size, 2);
  },

  "a credential of any length comes back, for nobody else and for nothing else": async () => {
    const call = await Call.of(3);
    const [a, b, c] = call.clients;
    for (const length of [0, 1, 1000, 70_000]) {
      const secret = pattern(length);
      const wrapped = await a.keys.wrap(secret, b.member, "turn");
      expectEqual(await b.keys.unwrap(wrapped, a.member, "turn"), secret);
      for (const [reader, from, purpose] of [[c, a, "turn"], [b, c, "turn"], [b, a, "relay"]]) {
        await expectError("authenticationFailed", () => reader.keys.unwrap(wrapped, from.member, purpose));
      }
      if (length !== 1) continue;
      for (let index = 0; index < wrapped.length; index += 41) {
        const changed = wrapped.slice();
        changed[index] ^= 0x40;
        const result = await b.keys.unwrap(changed, a.member, "turn").catch(({ code }) => code);
        expect(["malformed", "authenticationFailed"].includes(result), `byte ${index}`);
        const cut = await b.keys.unwrap(wrapped.slice(0, index), a.member, "turn").catch(({ code }) => code);
        expect(["malformed", "authenticationFailed"].includes(cut), `length ${index}`);
      }
    }
    await expectError("noKey", () => a.keys.wrap(pattern(1), "nobody", "turn"));
    await expectError("noKey", () => a.keys.wrap(pattern(1), a.member, "turn"));
    await expectError("malformed", () => a.keys.wrap(pattern(1), b.member, "x".repeat(65)));
  },

  "a credential opens after the keys were renewed once": async () => {
    const call = await Call.of(2);
    const [a, b] = call.clients;
    const wrapped = await a.keys.wrap(pattern(9), b.member, "invite");
    await call.prepare("periodic");
    await call.run(4000);
    expectEqual(await b.keys.unwrap(wrapped, a.member, "invite"), pattern(9));
    await call.run(16_000);
    const late = await b.keys.unwrap(wrapped, a.member, "invite").catch(({ code }) => code);
    expectEqual(late, "authenticationFailed", "the previous keys are erased");
    await expectAllHearEachOther(call.clients);
  },

  "a member that rejoins with its identity is a new member": async () => {
    const call = await Call.of(2, { name: "Grace" });
    const identity = await pq.generateKeys("ML-DSA-65");
    const first = await call.join({ name: "Ada", identity });
    await call.run(300);
    await call.leave(first);
    await call.run(20);
    const second = await call.join({ name: "Ada", identity });
    await call.run(1000);
    expect(second.member !== first.member, "another member");
    await expectAllHearEachOther([call.clients[0], call.clients[1], second]);
    expect(call.clients[0].told("identityConfirmed", { member: second.member, contact: "Ada" }), "the same identity");
  },
};
