import * as aead from "/client/crypto/aead.js";
import { fromHex, toHex, utf8 } from "/client/crypto/bytes.js";
import { derive, hkdf, hmacSHA256, importSecret, isValidHMACSHA256, sha512 } from "/client/crypto/kdf.js";
import { expect, expectEqual, expectError } from "../harness.js";

const answers = await (await fetch("/known-answers.json")).json();

async function gcm() {
  const parts = Object.fromEntries(Object.entries(answers.gcm).map(([name, digits]) => [name, fromHex(digits)]));
  return { ...parts, key: await aead.importKey(parts.key) };
}

export const tests = {
  "HKDF-SHA256 gives the answers of RFC 5869": async () => {
    const secret = fromHex("0b".repeat(22));
    const [salt, info] = [fromHex("000102030405060708090a0b0c"), fromHex("f0f1f2f3f4f5f6f7f8f9")];
    const first = await hkdf("SHA-256", secret, salt, info, 42);
    expectEqual(
      toHex(first), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    const third = await hkdf("SHA-256", secret, new Uint8Array(0), new Uint8Array(0), 42);
    expectEqual(
      toHex(third), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  },

  "HKDF gives Python's answers": async () => {
    for (const { hash, secret, salt, info, output } of answers.hkdf) {
      const length = output.length / 2;
      const key = await importSecret(fromHex(secret));
      expectEqual(toHex(await hkdf(hash, key, fromHex(salt), fromHex(info), length)), output, hash);
    }
    const { secret, context, output } = answers.derive;
    expectEqual(toHex(await derive(fromHex(secret), "a label", fromHex(context), 16)), output, "derive");
  },

  "HMAC-SHA256 gives the answers of RFC 4231 and of Python": async () => {
    const code = await hmacSHA256(utf8("Jefe"), utf8("what do ya want "), utf8("for nothing?"));
    expectEqual(toHex(code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const { key, message } = answers.hmac;
    expect(await isValidHMACSHA256(fromHex(answers.hmac.code), fromHex(key), fromHex(message)), "a valid code");
    const changed = fromHex(answers.hmac.code);
    changed[31] ^= 1;
    expect(!(await isValidHMACSHA256(changed, fromHex(key), fromHex(message))), "a changed code");
    expect(!(await isValidHMACSHA256(changed.slice(0, 31), fromHex(key), fromHex(message))), "a short code");
  },

  "SHA-512 gives the answer of FIPS 180": async () => {
    expectEqual(toHex(await sha512(utf8("abc"))).slice(0, 32), "ddaf35a193617abacc417349ae204131");
  },

  "AES-256-GCM gives Python's answers": async () => {
    const { key, nonce, aad, plaintext, sealed } = await gcm();
    expectEqual(await aead.seal(key, nonce, plaintext, aad), sealed);
    expectEqual(await aead.open(key, nonce, sealed, aad), plaintext);
  },

  "every changed byte of an AES-256-GCM ciphertext is noticed": async () => {
    const { key, nonce, aad, sealed } = await gcm();
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = sealed.slice();
      changed[index] ^= 0x10;
      await expectError("authenticationFailed", () => aead.open(key, nonce, changed, aad), `byte ${index}`);
    }
    await expectError("authenticationFailed", () => aead.open(key, nonce, sealed), "other additional data");
    for (let length = 0; length < sealed.length; length += 1) {
      const code = length < 16 ? "malformed" : "authenticationFailed";
      await expectError(code, () => aead.open(key, nonce, sealed.slice(0, length), aad), `length ${length}`);
    }
    await expectError("malformed", () => aead.importKey(new Uint8Array(16)), "a short key");
  },
};
