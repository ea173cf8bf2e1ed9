import TestKit
import Testing
import WireBytes

struct Base64URLTests {
  /// RFC 4648 section 10 without padding, and the two characters of the URL-safe alphabet.
  @Test(arguments: [
    ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
    ("foobar", "Zm9vYmFy"), ("\u{3E}\u{3F}\u{3F}", "Pj8_"), ("\u{3E}\u{3E}\u{3E}", "Pj4-"),
  ])
  func `the published vectors hold`(plain: String, text: String) {
    #expect(Base64URL.encode(Array(plain.utf8)) == text)
    #expect(Base64URL.decode(text) == Array(plain.utf8))
  }

  @Test func `bytes of every length come back`() {
    var random = SeededRandom(seed: 1)
    for length in 0..<200 {
      let bytes = random.bytes(length)
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
  }

  @Test(arguments: ["A", "AAAAA", "Zg==", "Zm8=", "Pj+/", "Z g", "Zg\n", "Zm9ä", "\0\0"])
  func `another alphabet, padding and impossible lengths are refused`(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test(arguments: ["Zh", "Zv", "Zm9", "Zm-"])
  func `stray bits in the last character are refused`(text: String) {
    #expect(Base64URL.decode(text) == nil)
  }
}
