import { fromHex, toHex } from "/client/crypto/bytes.js";
import { agree, generateKeys } from "/client/crypto/x25519.js";
import { expectEqual, expectError } from "../harness.js";

// RFC 7748 section 5.2: scalar and point of the first iteration.
const NINE = Uint8Array.of(9, ...new Uint8Array(31));
const AFTER_ONE = "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079";
const AFTER_THOUSAND = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";
// Public keys whose shared secret is zero with every private key: orders 1, 2, 4 and 8, and non-canonical forms.
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

export const tests = {
  "the answers of RFC 7748 come out after 1 and 1000 iterations": async () => {
    let [scalar, point] = [NINE, NINE];
    for (let iteration = 1; iteration <= 1000; iteration += 1) {
      const { privateKey } = await generateKeys(scalar);
      [scalar, point] = [await agree(privateKey, point), scalar];
      if (iteration === 1) expectEqual(toHex(scalar), AFTER_ONE);
    }
    expectEqual(toHex(scalar), AFTER_THOUSAND);
  },

  "both sides agree": async () => {
    const [a, b] = [await generateKeys(), await generateKeys()];
    expectEqual(await agree(a.privateKey, b.publicKey), await agree(b.privateKey, a.publicKey));
  },

  "public keys of low order and of other lengths are refused": async () => {
    const { privateKey } = await generateKeys();
    for (const digits of LOW_ORDER) await expectError("malformed", () => agree(privateKey, fromHex(digits)), digits);
    for (const length of [0, 31, 33]) await expectError("malformed", () => agree(privateKey, new Uint8Array(length)));
    await expectError("malformed", () => generateKeys(new Uint8Array(31)), "a short private key");
  },
};
