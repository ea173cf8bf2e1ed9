// Hostile variants of valid bytes. A parser passes when it survives all of them.
import { seededNumbers } from "./harness.js";

/** Variants with one to four bytes changed, cut or doubled. */
export function mutations(bytes, count, seed) {
  const random = seededNumbers(seed);
  return Array.from({ length: count }, () => {
    const variant = [...bytes];
    for (let change = 1 + random(4); change > 0 && variant.length > 0; change -= 1) {
      const index = random(variant.length);
      const kind = random(4);
      if (kind === 0) variant[index] = random(256);
      else if (kind === 1) variant[index] ^= 1 << random(8);
      else if (kind === 2) variant.splice(index, 1);
      else variant.splice(index, 0, variant[index]);
    }
    return Uint8Array.from(variant);
  });
}

/** Beginnings, each longer than the one before by `step`. */
export const cuts = (bytes, step = 1) =>
  Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => bytes.slice(0, index * step));
