import DTLS
import ICE
import RTP
import RelayEngine
import SDP
import SRTP
import Signaling
import TestKit
import WireBytes

/// A client reduced to its hop: it joins, negotiates, and completes ICE and DTLS; then the test says which packets it
/// sends, and reads which ones it gets. Nothing is sealed end to end.
final class HopPeer {
  /// An RTP packet from the relay, without the hop's encryption.
  struct Media {
    let at: MonotonicInstant
    let header: RTPHeader
    let extensions: HeaderExtensions
    let bytes: [UInt8]

    var payload: [UInt8] { Array(bytes[header.headerLength..<header.payloadEnd]) }
    var mid: String { String(decoding: bytes[extensions.mid], as: UTF8.self) }
    var descriptor: DependencyDescriptor? {
      try? DependencyDescriptor(parsing: Array(bytes[extensions.dependencyDescriptor]).span)
    }
    var audioLevel: UInt8? { extensions.audioLevel.isEmpty ? nil : bytes[extensions.audioLevel.lowerBound] }
  }

  let number: Int
  let dialect: Dialect
  let endpoint: Endpoint
  let setup: Setup
  let identity: DTLSIdentity
  var bundle: Blob
  var connection: ConnectionID
  /// What its offers say of its certificate; another one than its own makes the handshake fail.
  var fingerprint: [UInt8]
  var credentials: ICECredentials
  var answersReady = true
  /// Nothing of its handshake leaves it.
  var holdsHandshake = false
  private let random: RandomSource
  private var ice: ICEClientAgent
  private var remote: ICECredentials?
  private(set) var dtls: DTLSSession?
  private var sender: SRTPSender?
  private var receiver: SRTPReceiver?
  private var outgoing: [[UInt8]] = []
  private var signals: [ClientMessage] = []

  private(set) var answer: AnsweredSession?
  private(set) var profile: SRTPProfile?
  private(set) var messages: [RelayMessage] = []
  private(set) var goodbyes: [Goodbye.Reason] = []
  var media: [Media] = []
  /// RTCP packets, and the compounds that held them.
  var control: [(at: MonotonicInstant, packet: RTCPPacket)] = []
  /// Datagrams that did not open or parse.
  private(set) var unreadable = 0

  init(number: Int, dialect: Dialect, endpoint: Endpoint, setup: Setup, seed: UInt64) throws {
    self.number = number
    self.dialect = dialect
    self.endpoint = endpoint
    self.setup = setup
    random = SeededRandom(seed: seed &* 1_000 &+ UInt64(number)).source
    identity = try DTLSIdentity()
    fingerprint = identity.fingerprint
    credentials = ICECredentials.random(random)
    ice = ICEClientAgent(local: credentials, tieBreaker: UInt64(number), random: random)
    connection = ConnectionID(rawValue: UInt64(number) + 1)
    bundle = Blob(Array("bundle \(number)".utf8))
  }

  var isConnected: Bool { sender != nil }
  var nextDeadline: MonotonicInstant { ice.nextDeadline }
  var joined: Joined? { messages.lazy.compactMap { if case .joined(let joined) = $0 { joined } else { nil } }.last }
  var member: MemberID? { joined?.member }
  var errors: [SignalingError] { messages.compactMap { if case .error(let error) = $0 { error } else { nil } } }
  var layers: [Layers] { messages.compactMap { if case .layers(let layers) = $0 { layers } else { nil } } }
  var notices: [Notice] { messages.compactMap { if case .notice(let notice) = $0 { notice } else { nil } } }
  var packets: [RTCPPacket] { control.map(\.packet) }
  var keyFrameRequests: [SSRC] { packets.compactMap { if case .pli(_, let media) = $0 { media } else { nil } } }

  /// What each slot carries, by the messages so far.
  var slots: [String: SlotAssignments.Slot] {
    var slots: [String: SlotAssignments.Slot] = [:]
    for case .slots(let assignments) in messages {
      for slot in assignments.slots { slots[slot.mid] = slot }
    }
    return slots
  }

  func section(_ mid: String) -> AnsweredSection? { answer?.sections.first { $0.mid == mid } }

  func offer(_ sections: [ClientOffer.Section]) -> String {
    dialect.offer(
      sections, iceUfrag: credentials.ufrag, icePwd: credentials.pwd, fingerprint: fingerprint, setup: setup)
  }

  // From the relay

  func take(_ message: RelayMessage) {
    messages.append(message)
    if case .rekey(let rekey) = message, rekey.phase == .prepare, answersReady {
      signals.append(.ready(Ready(epoch: rekey.epoch)))
    }
  }

  func take(_ reason: Goodbye.Reason) { goodbyes.append(reason) }

  /// Goes through text, as on the wire.
  func take(_ answer: SessionAnswer, at now: MonotonicInstant) throws {
    let parsed = try AnsweredSession(parsing: answer.render())
    self.answer = parsed
    let remote = ICECredentials(ufrag: parsed.iceUfrag, pwd: parsed.icePwd)
    guard remote != self.remote else { return }
    self.remote = remote
    ice.setRemote(remote, candidates: parsed.candidates, at: now)
    if dtls == nil {
      dtls = try DTLSSession(
        role: parsed.setup == .passive ? .client : .server, identity: identity, peerFingerprint: parsed.fingerprint)
    }
  }

  func receive(_ datagram: [UInt8], from relay: Endpoint, at now: MonotonicInstant) throws {
    switch DatagramKind(datagram.span) {
    case .stun:
      let wasSelected = ice.selected != nil
      try? ice.receive(datagram.span, from: relay, at: now)
      if !wasSelected, ice.selected != nil, let dtls, dtls.role == .client { try dtls.start(at: now) }
    case .dtls:
      try? dtls?.receive(datagram.span, at: now)
      guard let dtls, dtls.isConnected, sender == nil else { return }
      let srtp = try dtls.makeSRTP()
      (sender, receiver, profile) = (srtp.sender, srtp.receiver, srtp.profile)
    case .rtp: receiveRTP(datagram, at: now)
    case .rtcp: receiveRTCP(datagram, at: now)
    case .unknown: unreadable += 1
    }
  }

  private func receiveRTP(_ datagram: [UInt8], at now: MonotonicInstant) {
    var buffer = datagram
    var span = buffer.mutableSpan
    guard let length = try? receiver?.unprotectRTP(&span, length: datagram.count) else { return unreadable += 1 }
    let bytes = Array(buffer[..<length])
    guard let header = try? RTPHeader(parsing: bytes.span),
      let extensions = try? HeaderExtensions(scanning: bytes.span, header: header, ids: dialect.ids)
    else { return unreadable += 1 }
    media.append(Media(at: now, header: header, extensions: extensions, bytes: bytes))
  }

  private func receiveRTCP(_ datagram: [UInt8], at now: MonotonicInstant) {
    var buffer = datagram
    var span = buffer.mutableSpan
    guard let length = try? receiver?.unprotectRTCP(&span, length: datagram.count) else { return unreadable += 1 }
    let compound = Array(buffer[..<length])
    var reader = RTCPReader(compound.span)
    do throws(RTPError) {
      while let packet = try reader.next() { control.append((now, packet)) }
    } catch {
      unreadable += 1
    }
  }

  // To the relay

  func expire(at now: MonotonicInstant) { ice.expire(at: now) }

  func nextSignal() -> ClientMessage? { signals.isEmpty ? nil : signals.removeFirst() }

  func nextDatagram() -> [UInt8]? {
    if let (datagram, _) = ice.nextTransmit() { return datagram }
    if !holdsHandshake, let datagram = dtls?.nextDatagram() { return datagram }
    return outgoing.isEmpty ? nil : outgoing.removeFirst()
  }

  /// The packet as it goes over the wire; empty before the handshake.
  func protectedRTP(_ bytes: [UInt8]) -> [UInt8] {
    var buffer = bytes + [UInt8](repeating: 0, count: 64)
    var span = buffer.mutableSpan
    guard let length = try? sender?.protectRTP(&span, length: bytes.count) else { return [] }
    return Array(buffer[..<length])
  }

  func protectedRTCP(_ bytes: [UInt8]) -> [UInt8] {
    var buffer = bytes + [UInt8](repeating: 0, count: 64)
    var span = buffer.mutableSpan
    guard let length = try? sender?.protectRTCP(&span, length: bytes.count) else { return [] }
    return Array(buffer[..<length])
  }
}
