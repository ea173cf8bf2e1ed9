import DTLS
import DatagramIO
import HopCrypto
import ICE
import RTP
import SRTP
import WireBytes

/// One media connection of a load test: a socket, ICE, DTLS-SRTP, paced streams out, counted packets in, reports both
/// ways. It knows no signalling, so that every server that is measured meets the same code. Confined to its driver.
///
/// Nothing is repaired: what a server loses stays lost and is counted.
final class MediaLeg {
  /// What signalling must know of the leg before it is connected.
  struct Local: Sendable {
    let endpoint: Endpoint
    let credentials: ICECredentials
    let fingerprint: [UInt8]
    /// Announced for the audio and the video stream that the leg may send.
    let audioSSRC: SSRC
    let videoSSRC: SSRC
    let repairSSRC: SSRC
  }

  /// What signalling has learned of the server.
  struct Remote: Sendable {
    var credentials: ICECredentials
    var candidates: [Endpoint]
    var fingerprint: [UInt8]
    var role: DTLSRole
    /// Payload types of retransmissions, which are counted apart.
    var repairTypes: Set<UInt8>
  }

  /// One packet in so many is opened and checked: a client that opens all costs as much as the server measured.
  static let sampling: UInt64 = 8
  /// Claimed in receiver reports.
  static let claimedRoundTrip = TimeInterval.milliseconds(20)
  static let reportInterval = TimeInterval.seconds(1)
  static let handshakePatience = TimeInterval.seconds(15)

  let local: Local
  let identity: DTLSIdentity
  let slab: PacketSlab
  let batch: EgressBatch
  let port: UDPPort
  let clock: WallClock
  let random: RandomSource

  var ice: ICEClientAgent
  let responder: CheckResponder
  var dtls: DTLSSession?
  var role = DTLSRole.client
  var hasStartedDTLS = false
  var endpoint: Endpoint?
  var sender: SRTPSender?
  var receiver: SRTPReceiver?
  var profile: SRTPProfile?
  var repairTypes: Set<UInt8> = []
  /// Told once, when media can flow or never will.
  var onConnected: ((Result<Void, LegError>) -> Void)?
  var connectDeadline = MonotonicInstant.never

  var streams: [PacedStream] = []
  var tally = LegTally()
  var tallies: [StreamTally] = []
  var places: [SSRC: Int] = [:]
  var firstOpenedAt: MonotonicInstant?
  var latency = Samples()
  /// Whether the leg takes part in what is measured now. Others are looked after less often.
  var isActive = true
  /// Whether packets count into `latency`.
  var measures = false
  var nextReport = MonotonicInstant.never

  init(
    binding address: Endpoint, identity: DTLSIdentity, slab: PacketSlab, batch: EgressBatch, clock: WallClock,
    random: RandomSource
  ) throws(UDPPortError) {
    self.identity = identity
    self.slab = slab
    self.batch = batch
    self.clock = clock
    self.random = random
    port = try UDPPort(
      binding: address, receiveBufferBytes: 4 << 20, sendBufferBytes: 4 << 20, notesArrival: true)
    // Senders are on different machines: no server may meet packets of theirs glued together.
    port.usesSegmentation = false
    local = Local(
      endpoint: port.local, credentials: .random(random), fingerprint: identity.fingerprint,
      audioSSRC: SSRC(random.u32() | 1),
      videoSSRC: SSRC(random.u32() | 1), repairSSRC: SSRC(random.u32() | 1))
    responder = CheckResponder(password: local.credentials.pwd)
    ice = ICEClientAgent(local: local.credentials, tieBreaker: random.u64(), random: random)
  }

  var isConnected: Bool { sender != nil && endpoint != nil }

  /// When `expire` has work.
  var nextDeadline: MonotonicInstant {
    var next = min(ice.nextDeadline, connectDeadline)
    if let dtls, hasStartedDTLS, !dtls.isConnected { next = min(next, dtls.deadline) }
    return sender == nil ? next : min(next, nextReport)
  }

  /// Goes on without a handshake: for a server that is given keys and addresses on its command line.
  func connect(to endpoint: Endpoint, sender: SRTPSender, receiver: SRTPReceiver) {
    self.endpoint = endpoint
    self.sender = sender
    self.receiver = receiver
    profile = sender.profile
  }

  func didConnect(at now: MonotonicInstant) {
    connectDeadline = .never
    nextReport = now + TimeInterval(nanoseconds: UInt64(random.u16()) * Self.reportInterval.nanoseconds / 65_536)
    onConnected?(.success(()))
    onConnected = nil
  }

  func startMeasuring() {
    latency = Samples()
    measures = true
  }
}

/// Why a leg could not be connected.
enum LegError: Error, CustomStringConvertible {
  case timeout(String)
  case handshake(String)

  var description: String {
    switch self {
    case .timeout(let phase): "no media connection within \(Int(MediaLeg.handshakePatience.seconds)) s (\(phase))"
    case .handshake(let label): "the DTLS handshake failed: \(label)"
    }
  }
}
