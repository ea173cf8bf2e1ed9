import SRTP
import TestKit
import Testing
import WireBytes

/// The house's own AES-GCM, by each library that may carry it out, against libsrtp2: the same bytes and the same
/// refusals.
struct AEADReferenceTests {
  struct Subject: Sendable, CustomTestStringConvertible {
    let profile: SRTPProfile
    let implementation: SRTPImplementation
    var testDescription: String { "\(profile.name), \(implementation)" }
  }

  static let profiles = SRTPProfile.allCases.filter(\.isAEAD)
  static let subjects = profiles.flatMap { profile in
    [SRTPImplementation.standard, .openSSL].map { Subject(profile: profile, implementation: $0) }
  }

  /// Both implementations under one key, in one role each.
  private struct Pair {
    let (sender, reference): (SRTPSender, SRTPSender)
    let (receiver, referenceReceiver): (SRTPReceiver, SRTPReceiver)

    init(_ subject: Subject, _ random: inout SeededRandom) throws {
      let (profile, ours) = (subject.profile, subject.implementation)
      let (key, salt) = (random.bytes(profile.keyLength), random.bytes(profile.saltLength))
      sender = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt, implementation: ours)
      reference = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt, implementation: .libsrtp)
      receiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt, implementation: ours)
      referenceReceiver = try SRTPReceiver(profile: profile, masterKey: key, masterSalt: salt, implementation: .libsrtp)
    }
  }

  /// What came of a packet: its bytes or the error.
  private enum Outcome: Equatable {
    case packet([UInt8])
    case refused(SRTPError)

    init(
      _ packet: [UInt8], room: Int = 0, _ body: (inout MutableSpan<UInt8>, Int) throws(SRTPError) -> Int
    ) {
      do throws(SRTPError) {
        self = .packet(try SRTPFixture.inPlace(packet, room: room, body))
      } catch {
        self = .refused(error)
      }
    }

    var bytes: [UInt8]? { if case .packet(let bytes) = self { bytes } else { nil } }
  }

  private static func seal(_ packet: [UInt8], _ sender: SRTPSender) -> Outcome {
    Outcome(packet, room: 32) { (span, length) throws(SRTPError) in try sender.protectRTP(&span, length: length) }
  }

  private static func open(_ packet: [UInt8], _ receiver: SRTPReceiver) -> Outcome {
    Outcome(packet) { (span, length) throws(SRTPError) in try receiver.unprotectRTP(&span, length: length) }
  }

  /// A packet with any number of CSRCs, any extension block, padding or none, and a payload of `payload` bytes.
  private static func packet(
    _ sequence: UInt16, ssrc: UInt32, payload: Int, _ random: inout SeededRandom
  ) -> [UInt8] {
    let csrcs = Int.random(in: 0...15, using: &random)
    let extensionWords = Bool.random(using: &random) ? Int.random(in: 0...8, using: &random) : nil
    let padding = payload > 0 && Bool.random(using: &random)
    var first = UInt8(0x80 | csrcs)
    if extensionWords != nil { first |= 0x10 }
    if padding { first |= 0x20 }
    var bytes: [UInt8] = [first, UInt8.random(in: 0...255, using: &random)]
    bytes.append(u16: sequence)
    bytes.append(u32: UInt32.random(in: 0 ... .max, using: &random))
    bytes.append(u32: ssrc)
    bytes += random.bytes(4 * csrcs)
    if let extensionWords {
      bytes.append(u16: Bool.random(using: &random) ? 0xBEDE : 0x1000)
      bytes.append(u16: UInt16(extensionWords))
      bytes += random.bytes(4 * extensionWords)
    }
    bytes += random.bytes(payload)
    if padding { bytes[bytes.count - 1] = UInt8.random(in: 1...UInt8(min(payload, 255)), using: &random) }
    return bytes
  }

  @Test(arguments: subjects)
  func `every payload length gives libsrtp's bytes, and each opens what the other seals`(_ subject: Subject) throws {
    var random = SeededRandom(seed: 11)
    let pair = try Pair(subject, &random)
    for length in 0...1400 {
      let plain = Self.packet(UInt16(length), ssrc: 7, payload: length, &random)
      let sealed = Self.seal(plain, pair.sender)
      #expect(sealed == Self.seal(plain, pair.reference), "payload of \(length) bytes")
      guard let bytes = sealed.bytes else { return }
      #expect(Self.open(bytes, pair.receiver) == .packet(plain))
      #expect(Self.open(bytes, pair.referenceReceiver) == .packet(plain))
    }
  }

  /// Random walks of the sequence numbers of many SSRCs: steps ahead of any size, over wraps, and steps back within and
  /// beyond the window, repeated numbers included.
  @Test(arguments: subjects, [UInt64(1), 2, 3])
  func `over wraps, disorder and many streams both give the same bytes and the same refusals`(
    _ subject: Subject, _ seed: UInt64
  ) throws {
    var random = SeededRandom(seed: seed)
    let pair = try Pair(subject, &random)
    let ssrcs = (0..<200).map { _ in UInt32.random(in: 0 ... .max, using: &random) }
    var newest = ssrcs.map { _ in Int.random(in: 0...65_535, using: &random) }
    var (accepted, refusals, wraps) = (0, Set<SRTPError>(), 0)
    for round in 0..<30_000 {
      // Some streams are busy and wrap many times; others send now and then.
      let stream = round % 3 == 0 ? Int.random(in: 0..<ssrcs.count, using: &random) : round % 5
      let step =
        switch Int.random(in: 0..<10, using: &random) {
        case 0: -Int.random(in: 0...1_200, using: &random)
        case 1: Int.random(in: 1...32_000, using: &random)
        case 2: -Int.random(in: 0...40_000, using: &random)
        case 3: Int.random(in: 1_000...1_100, using: &random)
        default: 1
        }
      let number = max(0, newest[stream] + step)
      if number > newest[stream] {
        wraps += (number >> 16) - (newest[stream] >> 16)
        newest[stream] = number
      }
      let plain = Self.packet(
        UInt16(truncatingIfNeeded: number), ssrc: ssrcs[stream], payload: Int.random(in: 0...40, using: &random),
        &random)
      let sealed = Self.seal(plain, pair.sender)
      #expect(sealed == Self.seal(plain, pair.reference), "round \(round)")
      switch sealed {
      case .packet: accepted += 1
      case .refused(let error): refusals.insert(error)
      }
    }
    // The walk must have met what it is for.
    #expect(accepted > 15_000 && wraps > 200)
    #expect(refusals == [.replayed, .replayTooOld])
  }

  /// The receiving side under loss, disorder, repetition and forgery: the same verdict on every datagram.
  @Test(arguments: subjects, [UInt64(4), 5])
  func `both receivers take and refuse the same datagrams`(_ subject: Subject, _ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let pair = try Pair(subject, &random)
    var sent: [[UInt8]] = []
    var numbers = (0..<40).map { _ in Int.random(in: 0...65_535, using: &random) }
    var verdicts: [String: Int] = [:]
    for _ in 0..<20_000 {
      let stream = Int.random(in: 0..<numbers.count, using: &random)
      numbers[stream] += Int.random(in: 0..<20, using: &random) == 0 ? Int.random(in: 1...20_000, using: &random) : 1
      let plain = Self.packet(
        UInt16(truncatingIfNeeded: numbers[stream]), ssrc: UInt32(stream), payload: 9, &random)
      guard let sealed = Self.seal(plain, pair.sender).bytes else { continue }
      sent.append(sealed)
      var datagram =
        Int.random(in: 0..<4, using: &random) == 0
        ? sent[Int.random(in: max(0, sent.count - 30_000)..<sent.count, using: &random)] : sealed
      if Int.random(in: 0..<6, using: &random) == 0 {
        datagram[Int.random(in: datagram.indices, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      }
      if Int.random(in: 0..<10, using: &random) == 0 { continue }
      let verdict = Self.open(datagram, pair.receiver)
      #expect(verdict == Self.open(datagram, pair.referenceReceiver))
      if case .refused(let error) = verdict {
        verdicts[error.label, default: 0] += 1
      } else {
        verdicts["", default: 0] += 1
      }
    }
    for label in ["", "authentication_failed", "replayed", "replay_too_old"] {
      #expect((verdicts[label] ?? 0) > 10, "the walk met no \(label)")
    }
  }

  @Test(arguments: subjects)
  func `RTCP of many streams gives libsrtp's bytes, and each opens what the other seals`(_ subject: Subject) throws {
    var random = SeededRandom(seed: 21)
    let pair = try Pair(subject, &random)
    func seal(_ packet: [UInt8], _ sender: SRTPSender) -> Outcome {
      Outcome(packet, room: 32) { (span, length) throws(SRTPError) in try sender.protectRTCP(&span, length: length) }
    }
    func open(_ packet: [UInt8], _ receiver: SRTPReceiver) -> Outcome {
      Outcome(packet) { (span, length) throws(SRTPError) in try receiver.unprotectRTCP(&span, length: length) }
    }
    var kept: [[UInt8]] = []
    for round in 0..<4_000 {
      let words = Int.random(in: 0...40, using: &random)
      var plain: [UInt8] = [0x80, 201, 0, UInt8(words + 1)]
      plain.append(u32: UInt32.random(in: 0..<30, using: &random))
      plain += random.bytes(4 * words)
      let sealed = seal(plain, pair.sender)
      #expect(sealed == seal(plain, pair.reference), "round \(round)")
      guard let bytes = sealed.bytes else { return }
      kept.append(bytes)
      // Late, repeated and damaged ones as well.
      var datagram = round % 3 == 0 ? kept[Int.random(in: kept.indices, using: &random)] : bytes
      if round % 7 == 0 { datagram[Int.random(in: datagram.indices, using: &random)] ^= 0x41 }
      if round % 11 == 0 { datagram.removeLast(Int.random(in: 1...datagram.count, using: &random)) }
      #expect(open(datagram, pair.receiver) == open(datagram, pair.referenceReceiver), "round \(round)")
    }
  }

  @Test(arguments: SRTPProfile.allCases, SRTPImplementation.allCases)
  func `a payload that lies elsewhere gives the same packet as one in its place`(
    _ profile: SRTPProfile, _ implementation: SRTPImplementation
  ) throws {
    var random = SeededRandom(seed: 31)
    let (key, salt) = (random.bytes(profile.keyLength), random.bytes(profile.saltLength))
    let inPlace = try SRTPSender(
      profile: profile, masterKey: key, masterSalt: salt, implementation: implementation)
    let apart = try SRTPSender(profile: profile, masterKey: key, masterSalt: salt, implementation: implementation)
    for length in 0...1_400 {
      let payload = random.bytes(length)
      let plain = SRTPFixture.rtp(UInt16(length), payload: payload)
      let headerLength = plain.count - length
      // Bytes of an older packet are where the payload will be.
      let header = plain.prefix(headerLength) + random.bytes(length)
      let sealed = Outcome(Array(header), room: 32) { (span, _) throws(SRTPError) in
        try apart.protectRTP(&span, headerLength: headerLength, payload: payload.span)
      }
      #expect(sealed.bytes != nil && sealed == Self.seal(plain, inPlace), "payload of \(length) bytes")
    }
    let tooLong = Outcome(SRTPFixture.rtp(1_500, payload: []), room: 30) { (span, length) throws(SRTPError) in
      try apart.protectRTP(&span, headerLength: length, payload: random.bytes(31).span)
    }
    #expect(tooLong == .refused(.tooLong))
  }

  /// CI runs on machines that have it: a build that silently went without would be slow and look well.
  @Test(.enabled(if: isX86))
  func `AES-GCM is the Multi-Buffer library's on x86-64`() {
    #expect(SRTPImplementation.hasMultiBuffer)
  }

  private static var isX86: Bool {
    #if arch(x86_64)
      true
    #else
      false
    #endif
  }

  @Test(arguments: profiles)
  func `a key that has protected its share of packets protects no more`(_ profile: SRTPProfile) throws {
    let sender = try SRTPSender(
      profile: profile, masterKey: [UInt8](repeating: 1, count: profile.keyLength),
      masterSalt: [UInt8](repeating: 2, count: profile.saltLength), packetLimit: 3)
    let sequence: [UInt16] = [1, 2, 2, 3, 4]
    let outcomes = sequence.map { Self.seal(SRTPFixture.rtp($0, payload: [1]), sender) }
    #expect(outcomes.map { $0.bytes != nil } == [true, true, false, true, false])
    #expect(outcomes[2] == .refused(.replayed))
    #expect(outcomes[4] == .refused(.keyExhausted))
  }
}
