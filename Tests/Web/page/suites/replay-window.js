import { ReplayWindow } from "/client/sframe/replay-window.js";
import { expect, expectEqual, seededNumbers } from "../harness.js";

const LAST = (1n << 64n) - 1n;

export const tests = {
  "each counter is fresh once": () => {
    const window = new ReplayWindow();
    for (const ctr of [5n, 3n, 4n, 0n, 1000n, 999n, 1023n, 1024n]) {
      expect(window.isFresh(ctr), `${ctr} is fresh`);
      expect(window.record(ctr), `${ctr} is recorded`);
      expect(!window.isFresh(ctr), `${ctr} was seen`);
      expect(!window.record(ctr), `${ctr} is not recorded twice`);
    }
    expect(!window.isFresh(0n), "0 is 1024 behind the newest");
    expect(window.isFresh(1n) && window.isFresh(2n), "1 and 2 were never seen");
  },

  "a jump beyond the window forgets and refuses what is older": () => {
    const window = new ReplayWindow();
    window.record(10n);
    window.record(1_000_000n);
    expect(!window.isFresh(10n), "10");
    expect(!window.isFresh(1_000_000n - 1024n), "just outside");
    expect(window.isFresh(1_000_000n - 1023n), "just inside");
    expect(window.isFresh(LAST), "the last counter");
    window.record(LAST);
    expect(!window.isFresh(LAST), "the last counter again");
    expect(window.isFresh(LAST - 1n), "the last but one");
  },

  "the window agrees with a set of all counters": () => {
    const random = seededNumbers(11);
    const window = new ReplayWindow();
    const seen = new Set();
    let newest = 0;
    for (let step = 0; step < 20_000; step += 1) {
      const ctr = newest + random(1100) - Math.min(newest, 1050);
      const expected = !seen.has(ctr) && (seen.size === 0 || ctr > newest || newest - ctr < ReplayWindow.size);
      expectEqual(window.isFresh(BigInt(ctr)), expected, `step ${step}, counter ${ctr}, newest ${newest}: fresh`);
      if (expected) {
        window.record(BigInt(ctr));
        seen.add(ctr);
        newest = Math.max(newest, ctr);
      }
    }
  },
};
