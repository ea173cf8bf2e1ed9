import RTP
import SRTP
import WireBytes

/// A capture of the hop together with the hop's keys: what the relay, and nobody else on the way, can see.
struct HopCapture {
  let datagrams: [HopPath.Datagram]
  let profile: SRTPProfile
  /// As the DTLS exporter gives it (RFC 5764 section 4.2): client key, server key, client salt, server salt.
  let keys: [UInt8]

  private func key(ofServer: Bool) -> (key: [UInt8], salt: [UInt8]) {
    let (key, salt) = (profile.keyLength, profile.saltLength)
    let (keyStart, saltStart) = (ofServer ? key : 0, 2 * key + (ofServer ? salt : 0))
    return (Array(keys[keyStart..<(keyStart + key)]), Array(keys[saltStart..<(saltStart + salt)]))
  }

  /// All media and reports without the hop's encryption, headers included. The client has the client's role in DTLS.
  func decrypted() throws -> [[UInt8]] {
    var receivers: [HopPath.Direction: SRTPReceiver] = [:]
    for direction in [HopPath.Direction.toRelay, .toClient] {
      let secret = key(ofServer: direction == .toClient)
      receivers[direction] = try SRTPReceiver(profile: profile, masterKey: secret.key, masterSalt: secret.salt)
    }
    return try datagrams.compactMap { datagram in
      let kind = DatagramKind(datagram.bytes.span)
      guard let receiver = receivers[datagram.direction], kind == .rtp || kind == .rtcp else { return nil }
      var buffer = datagram.bytes
      var span = buffer.mutableSpan
      let length =
        kind == .rtp
        ? try receiver.unprotectRTP(&span, length: datagram.bytes.count)
        : try receiver.unprotectRTCP(&span, length: datagram.bytes.count)
      return Array(buffer[..<length])
    }
  }

  /// The same capture with one more packet of the client, which carries `frame` as it is: what a client would send that
  /// forgot to seal.
  func adding(unsealed frame: [UInt8]) throws -> HopCapture {
    let header = EgressHeader(
      marker: false, payloadType: PayloadType(111), sequenceNumber: 7, timestamp: 960, ssrc: SSRC(0x0BAD_F00D))
    var packet = [UInt8](repeating: 0, count: 2_048)
    var span = packet.mutableSpan
    let noDescriptor: [UInt8] = []
    let start = header.write(into: &span, dependencyDescriptor: noDescriptor.span)
    for index in frame.indices { span[start + index] = frame[index] }
    let secret = key(ofServer: false)
    let sender = try SRTPSender(profile: profile, masterKey: secret.key, masterSalt: secret.salt)
    let length = try sender.protectRTP(&span, length: start + frame.count)
    let datagram = HopPath.Datagram(direction: .toRelay, bytes: Array(packet[..<length]))
    return HopCapture(datagrams: datagrams + [datagram], profile: profile, keys: keys)
  }
}

/// All runs of eight bytes of some secrets, to look for in what others see.
struct ByteRuns {
  static let length = 8
  private var runs: Set<UInt64> = []

  init(of secrets: some Sequence<[UInt8]>) {
    for secret in secrets { Self.forEach(in: secret) { runs.insert($0) } }
  }

  /// How many of the runs of `bytes` are a secret's.
  func count(in bytes: [UInt8]) -> Int {
    var count = 0
    Self.forEach(in: bytes) { if runs.contains($0) { count += 1 } }
    return count
  }

  func count(in all: [[UInt8]]) -> Int { all.reduce(0) { $0 + count(in: $1) } }

  private static func forEach(in bytes: [UInt8], _ body: (UInt64) -> Void) {
    guard bytes.count >= length else { return }
    var run: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      run = run << 8 | UInt64(byte)
      if index >= length - 1 { body(run) }
    }
  }
}
