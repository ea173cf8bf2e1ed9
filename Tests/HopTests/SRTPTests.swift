import SRTP
import TestKit
import Testing
import WireBytes

struct SRTPTests {
  @Test(arguments: SRTPProfile.allCases)
  func `what one end seals the other opens`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    var random = SeededRandom(seed: 1)
    for (index, length) in [0, 1, 15, 16, 17, 160, 1200].enumerated() {
      for rich in [false, true] {
        let sequence = UInt16(index * 2 + (rich ? 1 : 0))
        let packet = SRTPFixture.rtp(sequence, payload: random.bytes(length), rich: rich)
        let sealed = try link.seal(packet)
        #expect(sealed.count == packet.count + profile.authTagLength)
        let headerLength = rich ? 28 : 12
        #expect(sealed.prefix(headerLength) == packet.prefix(headerLength))
        if length >= 16 { #expect(sealed[headerLength..<packet.count] != packet[headerLength...]) }
        #expect(try link.open(sealed) == packet)
      }
    }
  }

  @Test func `AES-CM with HMAC-SHA-1 gives libsrtp's reference packet`() throws {
    let sender = try SRTPSender(
      profile: .aes128CMHMACSHA1_80, masterKey: PrimitiveTests.hex("e1f97a0d3e018be0d64fa32c06de4139"),
      masterSalt: PrimitiveTests.hex("0ec675ad498afeebb6960b3aabe6"))
    let plain = PrimitiveTests.hex("800f1234decafbadcafebabe") + [UInt8](repeating: 0xAB, count: 16)
    let sealed = try SRTPFixture.inPlace(plain, room: 16) { (span, length) throws(SRTPError) in
      try sender.protectRTP(&span, length: length)
    }
    #expect(
      sealed
        == PrimitiveTests.hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"))
  }

  @Test func `AES-128-GCM gives libsrtp's reference packet`() throws {
    let sender = try SRTPSender(
      profile: .aeadAES128GCM, masterKey: PrimitiveTests.hex("000102030405060708090a0b0c0d0e0f"),
      masterSalt: PrimitiveTests.hex("a0a1a2a3a4a5a6a7a8a9aaab"))
    let plain = PrimitiveTests.hex("800f1234decafbadcafebabe") + [UInt8](repeating: 0xAB, count: 16)
    let sealed = try SRTPFixture.inPlace(plain, room: 16) { (span, length) throws(SRTPError) in
      try sender.protectRTP(&span, length: length)
    }
    #expect(
      sealed
        == PrimitiveTests.hex(
          "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392"))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `RTCP goes there and back, once`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    let packet = SRTPFixture.rtcp()
    let first = try link.sealRTCP(packet)
    let second = try link.sealRTCP(packet)
    #expect(first.count == packet.count + profile.authTagLength + 4)
    #expect(first != second, "each packet has an index of its own")
    #expect(try link.openRTCP(second) == packet)
    #expect(try link.openRTCP(first) == packet, "order does not matter within the window")
    #expect(throws: SRTPError.replayed) { try link.openRTCP(first) }
    var forged = try link.sealRTCP(packet)
    forged[9] ^= 1
    #expect(throws: SRTPError.authenticationFailed) { try link.openRTCP(forged) }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a packet is accepted once, and one from before the window never`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    let sealed = try (0..<1100).map { try link.seal(SRTPFixture.rtp(UInt16($0), payload: [1, 2, 3])) }
    _ = try link.open(sealed[100])
    #expect(throws: SRTPError.replayed) { try link.open(sealed[100]) }
    _ = try link.open(sealed[1099])
    // 1024 packets back is the end of the window.
    _ = try link.open(sealed[76])
    #expect(throws: SRTPError.replayed) { try link.open(sealed[76]) }
    #expect(throws: SRTPError.replayTooOld) { try link.open(sealed[75]) }
    #expect(throws: SRTPError.replayTooOld) { try link.open(sealed[0]) }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a change of any byte is found, and harms nothing`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    let packet = SRTPFixture.rtp(7, payload: Array(0..<40), rich: true)
    let sealed = try link.seal(packet)
    for index in sealed.indices {
      var forged = sealed
      forged[index] ^= 0x01
      let error = #expect(throws: SRTPError.self) { try link.open(forged) }
      #expect(error == .authenticationFailed || error == .malformed)
    }
    #expect(try link.open(sealed) == packet)
  }

  @Test func `other keys open nothing`() throws {
    let link = try SRTPFixture(.aeadAES256GCM)
    let other = try SRTPReceiver(
      profile: .aeadAES256GCM, masterKey: [UInt8](repeating: 9, count: 32), masterSalt: [UInt8](repeating: 9, count: 12)
    )
    let sealed = try link.seal(SRTPFixture.rtp(1, payload: [1, 2, 3]))
    #expect(throws: SRTPError.authenticationFailed) {
      try SRTPFixture.inPlace(sealed, room: 0) { (span, length) throws(SRTPError) in
        try other.unprotectRTP(&span, length: length)
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `the rollover counter follows sequence numbers over their wrap, with loss and disorder`(
    _ profile: SRTPProfile
  ) throws {
    let link = try SRTPFixture(profile)
    var random = SeededRandom(seed: 3)
    // Three wraps in steps of 300; every second pair is swapped, and one packet in four is lost, but for the first ones:
    // a receiver that first hears of a stream after its wrap cannot know of it (RFC 3711 section 3.3.1).
    var packets = try stride(from: 64_000, to: 64_000 + 3 * 65_536, by: 300).map { index in
      let plain = SRTPFixture.rtp(UInt16(truncatingIfNeeded: index), payload: random.bytes(20))
      return (plain: plain, sealed: try link.seal(plain))
    }
    for index in stride(from: 0, to: packets.count - 1, by: 4) { packets.swapAt(index, index + 1) }
    for (index, packet) in packets.enumerated() where index < 4 || Int.random(in: 0..<4, using: &random) > 0 {
      #expect(try link.open(packet.sealed) == packet.plain)
    }
  }

  @Test func `two streams have windows and counters of their own`() throws {
    let link = try SRTPFixture(.aeadAES128GCM)
    for sequence: UInt16 in [65_534, 65_535, 0, 1] {
      for ssrc: UInt32 in [1, 2] {
        let packet = SRTPFixture.rtp(ssrc == 1 ? sequence : sequence &+ 40_000, ssrc: ssrc, payload: [UInt8(ssrc)])
        let sealed = try link.seal(packet)
        #expect(try link.open(sealed) == packet)
        #expect(throws: SRTPError.replayed) { try link.open(sealed) }
      }
    }
  }

  @Test(arguments: SRTPProfile.allCases)
  func `a sequence number is protected once, whatever the packet holds`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    _ = try link.seal(SRTPFixture.rtp(5, payload: [1, 2, 3]))
    _ = try link.seal(SRTPFixture.rtp(6, payload: [4]))
    #expect(throws: SRTPError.replayed) { try link.seal(SRTPFixture.rtp(5, payload: [1, 2, 3])) }
    #expect(throws: SRTPError.replayed) { try link.seal(SRTPFixture.rtp(6, payload: [9])) }
    _ = try link.seal(SRTPFixture.rtp(8, payload: [5]))
    _ = try link.seal(SRTPFixture.rtp(7, payload: [6]))
  }

  @Test func `without room for the tag nothing is written`() throws {
    let link = try SRTPFixture(.aeadAES256GCM)
    let packet = SRTPFixture.rtp(5, payload: [1, 2, 3])
    #expect(throws: SRTPError.tooLong) {
      try SRTPFixture.inPlace(packet, room: 15) { (span, length) throws(SRTPError) in
        try link.sender.protectRTP(&span, length: length)
      }
    }
    #expect(throws: SRTPError.tooLong) {
      try SRTPFixture.inPlace(SRTPFixture.rtcp(), room: 19) { (span, length) throws(SRTPError) in
        try link.sender.protectRTCP(&span, length: length)
      }
    }
    #expect(try link.open(link.seal(packet)) == packet)
  }

  @Test func `keys of another length are refused`() {
    #expect(throws: SRTPError.internalFailure) {
      try SRTPSender(profile: .aeadAES256GCM, masterKey: [1], masterSalt: [UInt8](repeating: 0, count: 12))
    }
    #expect(throws: SRTPError.internalFailure) {
      try SRTPReceiver(profile: .aeadAES128GCM, masterKey: [UInt8](repeating: 0, count: 16), masterSalt: [])
    }
  }

  @Test func `a peer has a limited number of streams, and forged ones take none of them`() throws {
    let link = try SRTPFixture(.aeadAES128GCM)
    for ssrc in 0..<UInt32(1000) {
      #expect(throws: SRTPError.self) {
        try link.open(SRTPFixture.rtp(1, ssrc: 10_000 + ssrc, payload: [UInt8](repeating: 0, count: 20)))
      }
    }
    for ssrc in 0..<UInt32(SRTPReceiver.streamLimit) {
      _ = try link.open(link.seal(SRTPFixture.rtp(1, ssrc: ssrc, payload: [1])))
    }
    let oneMore = try link.seal(SRTPFixture.rtp(1, ssrc: 5_000, payload: [1]))
    #expect(throws: SRTPError.tooManyStreams) { try link.open(oneMore) }
    _ = try link.open(link.seal(SRTPFixture.rtp(2, ssrc: 0, payload: [1])))
  }

  @Test(arguments: SRTPProfile.allCases)
  func `malformed packets end in an error`(_ profile: SRTPProfile) throws {
    let link = try SRTPFixture(profile)
    let sealed = try link.seal(SRTPFixture.rtp(9, payload: Array(0..<30), rich: true))
    let sealedRTCP = try link.sealRTCP(SRTPFixture.rtcp())
    for variant in MalformedSweep.truncations(of: sealed) {
      #expect(throws: SRTPError.self) { try link.open(variant) }
    }
    for variant in MalformedSweep.truncations(of: sealedRTCP) {
      #expect(throws: SRTPError.self) { try link.openRTCP(variant) }
    }
    for variant in MalformedSweep.mutations(of: sealed, count: 2000, seed: 5) where variant != sealed {
      #expect(throws: SRTPError.self) { try link.open(variant) }
    }
    for variant in MalformedSweep.mutations(of: sealedRTCP, count: 2000, seed: 6) where variant != sealedRTCP {
      #expect(throws: SRTPError.self) { try link.openRTCP(variant) }
    }
    for variant in MalformedSweep.truncations(of: SRTPFixture.rtp(9, payload: [], rich: true)) {
      #expect(throws: SRTPError.malformed) { try link.seal(variant) }
    }
  }
}
