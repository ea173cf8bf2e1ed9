import { EpochStore } from "/client/media/epoch-store.js";
import { packKID } from "/client/sframe/kid.js";
import { encodeHeader, parseHeader } from "/client/sframe/header.js";
import { concat, utf8 } from "/client/crypto/bytes.js";
import { expect, expectEqual } from "../harness.js";
import { epochKeys } from "../fake-call.js";

async function pair(options) {
  const [alice, bob] = [new EpochStore(), new EpochStore()];
  alice.add(epochKeys(1, 1, options));
  bob.add(epochKeys(1, 2, options));
  alice.activate(options?.id ?? "epoch 1");
  return [alice, bob];
}

const open = (store, sealed) => store.open(sealed, parseHeader(sealed));

export const tests = {
  "what one member seals the other opens once, in every suite": async () => {
    for (const suite of [1, 2, 3, 4, 5]) {
      const [alice, bob] = await pair({ suite });
      for (const stream of [0, 1, 8, 18]) {
        const sealed = await alice.sending.seal(utf8(`stream ${stream}`), stream);
        expectEqual(await open(bob, sealed), { plaintext: utf8(`stream ${stream}`) });
        expectEqual(await open(bob, sealed), { failure: "replayed" });
        expectEqual(await open(alice, sealed), { failure: "unknownKey" }, "an own frame");
      }
    }
  },

  "two copies that are opened at the same time come out once": async () => {
    const [alice, bob] = await pair();
    const sealed = await alice.sending.seal(utf8("frame"), 0);
    const results = await Promise.all([open(bob, sealed), open(bob, sealed), open(bob, sealed)]);
    expectEqual(results.filter((result) => "plaintext" in result).length, 1);
    expectEqual(results.filter((result) => result.failure === "replayed").length, 2);
  },

  "a forged frame does not use its counter up": async () => {
    const [alice, bob] = await pair();
    const sealed = await alice.sending.seal(utf8("frame"), 0);
    const forged = sealed.slice();
    forged[forged.length - 1] ^= 1;
    expectEqual(await open(bob, forged), { failure: "authenticationFailed" });
    expectEqual(await open(bob, sealed), { plaintext: utf8("frame") });
  },

  "base keys are wiped once they are imported": async () => {
    const keys = epochKeys(1, 1);
    const store = new EpochStore();
    store.add(keys);
    for (const { baseKey } of keys.senders) expectEqual(baseKey, new Uint8Array(32));
    const again = epochKeys(1, 1);
    expect(!store.add(again), "the same epoch is not taken again");
    for (const { baseKey } of again.senders) expectEqual(baseKey, new Uint8Array(32));
  },

  "a counter is never used twice, even if an epoch is added again": async () => {
    const [alice] = await pair();
    const counters = [];
    for (const restart of [() => {}, () => alice.add(epochKeys(1, 1)), () => alice.activate("epoch 1")]) {
      restart();
      for (let count = 0; count < 3; count += 1) {
        counters.push(parseHeader(await alice.sending.seal(utf8("frame"), 8)).ctr);
      }
    }
    expectEqual(counters, [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
    alice.retire("epoch 1");
    expect(!alice.add(epochKeys(1, 1)) && !alice.activate("epoch 1"), "a retired epoch stays so");
  },

  "rivals for one epoch are both opened": async () => {
    const [alice] = await pair({ id: "rival a", fill: 3 });
    const bob = new EpochStore();
    bob.add(epochKeys(1, 2, { id: "rival b", fill: 4 }));
    bob.add(epochKeys(1, 2, { id: "rival a", fill: 3 }));
    const sealed = await alice.sending.seal(utf8("frame"), 0);
    expectEqual(await open(bob, sealed), { plaintext: utf8("frame") });
    expectEqual(await open(bob, sealed), { failure: "replayed" });
  },

  "nothing is sent before an epoch is active, while it is blocked, and after it is retired": async () => {
    const store = new EpochStore();
    expectEqual(store.sending, null);
    store.add(epochKeys(1, 1));
    expectEqual(store.sending, null, "added only");
    expect(!store.activate("another"), "an epoch that is not held");
    expect(store.activate("epoch 1") && store.sending !== null, "active");
    store.block();
    expectEqual(store.sending, null, "blocked");
    store.activate("epoch 1");
    store.retire("epoch 1");
    expectEqual(store.sending, null, "retired");
    store.add(epochKeys(2, 9));
    expect(!store.activate("epoch 2"), "an epoch without the own member");
  },

  "frames that cannot be opened say why": async () => {
    const [alice, bob] = await pair();
    const frame = async (identifier) => {
      const header = encodeHeader(packKID({ epoch: 1, joinIndex: 1, stream: 0, ...identifier }), 0n);
      return (await open(bob, concat(header, new Uint8Array(40)))).failure;
    };
    expectEqual(await frame({ stream: 2 }), "malformed", "no stream");
    expectEqual(await frame({ joinIndex: 3 }), "unknownKey", "no sender");
    expectEqual(await frame({ epoch: 0 }), "beforeJoin");
    expectEqual(await frame({ epoch: 2 }), "unknownKey");
    expectEqual(await frame({}), "authenticationFailed");
    const short = encodeHeader(packKID({ epoch: 1, joinIndex: 1, stream: 0 }), 0n);
    expectEqual((await open(bob, concat(short, new Uint8Array(15)))).failure, "malformed");
    const sealed = await alice.sending.seal(utf8("frame"), 0);
    bob.depart(1);
    expectEqual((await open(bob, sealed)).failure, "departed");
    bob.clear();
    expectEqual((await open(bob, sealed)).failure, "unknownKey");
  },
};
