// What a member demands of suites, and what becomes of those that have less.
import { expect, expectEqual, expectError } from "../harness.js";
import { Call, expectAllHearEachOther, isHeardBy } from "../virtual-call.js";

export const tests = {
  "by default a member without ML-KEM-1024 is refused and both offers are named": async () => {
    const call = await Call.open();
    const strict = await call.join();
    const weak = await call.join({ policy: { offered: ["x25519-mlkem768"], minimumSuite: "x25519-mlkem768" } });
    await call.run(2300);
    const { reason, offers } = strict.events.find(({ type }) => type === "memberRejected");
    expectEqual([reason, offers], ["noCommonSuite", { own: ["x25519-mlkem1024", "mlkem1024"], theirs: [3] }]);
    expect(!strict.keys.keyHolders.includes(weak.member), "it holds no key");
    expect(!(await isHeardBy(strict, weak)), "it hears nothing");
  },

  "an allowed fallback is told to everybody, for as long as it lasts": async () => {
    const lenient = { policy: { minimumSuite: "mlkem768" } };
    const call = await Call.of(2, lenient);
    const [first] = call.clients;
    expect(!call.clients.some((client) => client.told("fallback")), "not yet");
    const weak = await call.join({ policy: { offered: ["x25519-mlkem768"], minimumSuite: "x25519-mlkem768" } });
    await call.run(300);
    await expectAllHearEachOther(call.clients);
    const expected = { epoch: 2, suite: "x25519-mlkem768" };
    expect(call.clients.every((client) => client.told("fallback", expected)), "fallback");
    const fourth = await call.join(lenient);
    await call.run(300);
    expect(fourth.told("fallback", { epoch: 3 }), "a ratchet is no stronger");
    await call.leave(weak);
    await call.run(300);
    const rest = call.clients.filter((client) => client !== weak);
    await expectAllHearEachOther(rest);
    expectEqual(rest.map(({ keys }) => keys.weakestSuite), rest.map(() => "x25519-mlkem1024"));
    expectEqual(first.keys.metrics.fallbacks, 2);
  },

  "a strict member takes no key that went to somebody by 768": async () => {
    const call = await Call.open();
    const first = await call.join({ policy: { minimumSuite: "mlkem768" } });
    const strict = await call.join();
    await call.run(300);
    const weak = await call.join({ policy: { offered: ["x25519-mlkem768"], minimumSuite: "x25519-mlkem768" } });
    await call.run(2300);
    expect(strict.told("rekeyFailed", { epoch: 2, reason: "weakSuite" }), "weakSuite");
    expect(!strict.keys.keyHolders.includes(weak.member), "it sends to the others alone");
    expect(!(await isHeardBy(strict, weak)), "the weak one hears nothing of it");
    expect(await isHeardBy(strict, first), "the first one does");
  },

  "when the policy's date passes the weak member loses the keys, or sealing stops": async () => {
    const call = await Call.open();
    const limited = { policy: { minimumSuite: "mlkem768", refuse768After: call.now + 30_000 } };
    const only768 = { policy: { offered: ["x25519-mlkem768"], minimumSuite: "x25519-mlkem768" } };
    await call.join(limited);
    await call.join(limited);
    const weak = await call.join(only768);
    await call.run(29_000);
    await expectAllHearEachOther(call.clients);
    await call.run(4000);
    const rest = call.clients.slice(0, 2);
    await expectAllHearEachOther(rest);
    expect(!(await isHeardBy(rest[0], weak)), "the weak one hears nothing");

    const alone = await Call.open();
    await alone.join({ policy: { minimumSuite: "mlkem768" } });
    const strict = await alone.join({ policy: { minimumSuite: "mlkem768", refuse768After: alone.now + 10_000 } });
    await alone.join(only768);
    await alone.run(9000);
    expect(strict.epoch !== null, "before the date");
    await alone.run(4000);
    expect(strict.epoch === null && strict.told("sendingBlocked"), "after it");
    await expectError("rekeyOverdue", () => strict.keys.say("too late", alone.now), "texts are no exception");

    const late = await Call.open();
    const policy = { offered: ["mlkem768"], minimumSuite: "mlkem768", refuse768After: late.now };
    await expectError("noSuite", () => late.makeClient({ policy }));
    await expectError("noSuite", () => late.makeClient({ policy: { offered: ["mlkem768"] } }));
  },

  "a member whose frame suite is not accepted is refused": async () => {
    const call = await Call.open();
    const first = await call.join();
    const weak = await call.join({ policy: { sframeSuite: 3 } });
    await call.run(200);
    expect(first.told("memberRejected", { member: weak.member, reason: "frameSuite" }), "frameSuite");
    expectEqual(weak.epoch, null);
  },
};
