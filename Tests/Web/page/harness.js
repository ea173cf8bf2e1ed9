// Collects tests and runs them. A suite is a module whose `tests` maps sentences to functions.

export class Failure extends Error {}

/** Fails unless the condition holds. */
export function expect(condition, what) {
  if (!condition) throw new Failure(what);
}

/** Fails unless both are the same: numbers, texts, arrays of bytes, or plain objects of these. */
export function expectEqual(actual, expected, what = "") {
  const [a, b] = [describe(actual), describe(expected)];
  if (a !== b) throw new Failure(`${what} is ${shorten(a)}, expected ${shorten(b)}`);
}

/** Fails unless the work throws an error with this code. */
export async function expectError(code, work, what = "") {
  try {
    await work();
  } catch (error) {
    if (error.code === code) return;
    throw new Failure(`${what} threw ${error.name} ${error.code}: ${error.message}, expected ${code}`);
  }
  throw new Failure(`${what} did not throw ${code}`);
}

/** Waits until a condition holds; fails after ten seconds. */
export async function eventually(condition, what) {
  const end = performance.now() + 10_000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Failure(`never: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a suite's tests in order. A test may return a note, which is printed. */
export async function runSuite(tests) {
  const results = [];
  for (const [name, work] of Object.entries(tests)) {
    try {
      const note = await work();
      results.push({ name, error: null, note: note ?? "" });
    } catch (error) {
      results.push({ name, error: error instanceof Failure ? error.message : `${error.stack ?? error}`, note: "" });
    }
  }
  return results;
}

/** Numbers that depend on nothing but a seed (SplitMix32). */
export function seededNumbers(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) % limit;
  };
}

/** The bytes that Python made known answers of. */
export function pattern(length) {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
}

function describe(value) {
  return JSON.stringify(value, (_, part) => {
    if (part instanceof Uint8Array) return `bytes ${Array.from(part, (b) => b.toString(16).padStart(2, "0")).join("")}`;
    return typeof part === "bigint" ? `${part}n` : part;
  });
}

function shorten(text) {
  return text?.length > 200 ? `${text.slice(0, 200)}...` : text;
}
