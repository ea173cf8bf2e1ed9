import {
  concat, equal, fromBase64URL, fromHex, toBase64URL, toHex, u16, u32, u64, utf8, wipe,
} from "/client/crypto/bytes.js";
import { expect, expectEqual, pattern } from "../harness.js";

export const tests = {
  "numbers are written most significant byte first": () => {
    expectEqual(u16(0x1234), Uint8Array.of(0x12, 0x34));
    expectEqual(u32(0xfedcba98), Uint8Array.of(0xfe, 0xdc, 0xba, 0x98));
    expectEqual(toHex(u64(0xffff_ffff_ffff_fffen)), "fffffffffffffffe");
    expectEqual(toHex(u64(258)), "0000000000000102");
  },

  "base64url and hexadecimal digits come back for every length": () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = pattern(length);
      expectEqual(fromBase64URL(toBase64URL(bytes)), bytes);
      expectEqual(fromHex(toHex(bytes)), bytes);
    }
    const large = pattern(100_000);
    expectEqual(fromBase64URL(toBase64URL(large)), large);
  },

  "malformed base64url and hexadecimal digits are refused": () => {
    const malformed = ["A", "AAAAA", "AB", "AA==", "A+", "A/", "A A", "AA\n", "ä"];
    for (const text of malformed) expectEqual(fromBase64URL(text), null, text);
    for (const text of ["a", "0g", "0x", " 00"]) expectEqual(fromHex(text), null, text);
  },

  "arrays are joined, compared and wiped": () => {
    const joined = concat(utf8("ä"), new Uint8Array(0), Uint8Array.of(7));
    expectEqual(toHex(joined), "c3a407");
    expect(equal(joined, Uint8Array.of(0xc3, 0xa4, 7)), "the same bytes");
    expect(!equal(joined, Uint8Array.of(0xc3, 0xa4, 8)), "another byte");
    expect(!equal(joined, joined.subarray(0, 2)), "another length");
    wipe(joined);
    expectEqual(joined, new Uint8Array(3));
  },
};
