import Crypto
import SFrame
import TestKit
import Testing
import WireBytes

@Suite struct FrameTests {
  private func key(_ suite: SFrameCipherSuite, kid: UInt64 = 0x0000_0001_0000_0200, fill: UInt8 = 7) -> SFrameKey {
    SFrameKey(suite: suite, kid: kid, baseKey: SymmetricKey(data: [UInt8](repeating: fill, count: 32)))
  }

  @Test(arguments: SFrameCipherSuite.allCases)
  func `frames of every size come back`(suite: SFrameCipherSuite) throws {
    let key = key(suite)
    for (ctr, size) in [0, 1, 15, 16, 17, 120, 1200, 65_536].enumerated() {
      let frame = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      let sealed = try key.seal(plaintext: frame, ctr: UInt64(ctr))
      #expect(sealed.count == SFrameHeader(kid: key.kid, ctr: UInt64(ctr)).length + size + suite.tagLength)
      #expect(try key.open(sealed) == frame)
    }
  }

  @Test(arguments: SFrameCipherSuite.allCases)
  func `every changed byte is noticed`(suite: SFrameCipherSuite) throws {
    let key = key(suite)
    let sealed = try key.seal(plaintext: Array("a frame".utf8), ctr: 300, metadata: [1, 2, 3])
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 0x10
      #expect(throws: SFrameError.self) { try key.open(changed, metadata: [1, 2, 3]) }
    }
    #expect(throws: SFrameError.authenticationFailed) { try key.open(sealed, metadata: [1, 2]) }
    #expect(throws: SFrameError.authenticationFailed) { try key.open(sealed) }
    let other = self.key(suite, fill: 8)
    #expect(throws: SFrameError.authenticationFailed) { try other.open(sealed, metadata: [1, 2, 3]) }
  }

  @Test(arguments: SFrameCipherSuite.allCases)
  func `malformed frames throw and never trap`(suite: SFrameCipherSuite) throws {
    let key = key(suite)
    let sealed = try key.seal(plaintext: Array("a frame".utf8), ctr: 70_000)
    for variant in MalformedSweep.truncations(of: sealed) {
      #expect(throws: SFrameError.self) { try key.open(variant) }
    }
    for variant in MalformedSweep.mutations(of: sealed, count: 2_000, seed: 9605) where variant != sealed {
      #expect(throws: SFrameError.self) { try key.open(variant) }
    }
  }

  @Test func `keys of two streams of a sender are unrelated`() throws {
    let sealed = try key(.aes256GCMSHA512_128, kid: 1).seal(plaintext: [1, 2, 3], ctr: 0)
    var moved = sealed
    moved[0] = 0x20
    #expect(throws: SFrameError.authenticationFailed) { try key(.aes256GCMSHA512_128, kid: 2).open(moved) }
  }

  @Test func `a header longer than needed is read`() throws {
    let header = try parse([0x90, 0x00, 0x05])
    #expect(header.kid == 5)
    #expect(header.ctr == 0)
    #expect(header.length == 3)
    #expect(throws: SFrameError.truncated) { try parse([0xFF, 1, 2]) }
    #expect(throws: SFrameError.truncated) { try parse([]) }
  }

  private func parse(_ bytes: [UInt8]) throws -> SFrameHeader { try SFrameHeader(parsing: bytes.span) }
}

@Suite struct ReplayWindowTests {
  @Test func `each counter is fresh once`() {
    var window = ReplayWindow()
    for ctr: UInt64 in [5, 3, 4, 0, 1_000, 999, 1_023, 1_024] {
      #expect(window.isFresh(ctr))
      window.record(ctr)
      #expect(!window.isFresh(ctr))
    }
    #expect(!window.isFresh(0), "0 is 1024 behind the newest")
    #expect(window.isFresh(1))
    #expect(window.isFresh(2))
  }

  @Test func `a jump beyond the window forgets and refuses what is older`() {
    var window = ReplayWindow()
    window.record(10)
    window.record(1_000_000)
    #expect(!window.isFresh(10))
    #expect(!window.isFresh(1_000_000 - 1_024))
    #expect(window.isFresh(1_000_000 - 1_023))
    #expect(window.isFresh(.max))
    window.record(.max)
    #expect(!window.isFresh(.max))
    #expect(window.isFresh(.max - 1))
  }

  @Test func `the window agrees with a set of all counters`() {
    var random = SeededRandom(seed: 11)
    var window = ReplayWindow()
    var seen = Set<UInt64>()
    var newest: UInt64 = 0
    for _ in 0..<20_000 {
      let ctr = newest &+ UInt64.random(in: 0..<1_100, using: &random) &- min(newest, 1_050)
      let expected = !seen.contains(ctr) && (seen.isEmpty || ctr > newest || newest - ctr < ReplayWindow.size)
      #expect(window.isFresh(ctr) == expected)
      if expected {
        window.record(ctr)
        seen.insert(ctr)
        newest = max(newest, ctr)
      }
    }
  }
}
