package import DTLS
package import E2EKeys
import ICE
import RTP
import SDP
import SRTP
import Signaling
package import WireBytes

/// A whole participant of a call, without sockets, clocks or threads: signalling, ICE, DTLS, SRTP, packets and frames,
/// end-to-end keys.
///
/// Its owner feeds it the relay's messages and datagrams, frames to send, and the time; after each call what must leave
/// is in the batch and in `takeEvents()`, and `nextDeadline` says when `expire` has work. Confined to one queue.
///
/// ```
///   connected --> join .. joined --> offer, publish .. answer --> ICE --> DTLS --> media
///                   \--> membership, rekey, sealed  <-->  CallKeys  --> epoch keys
/// ```
/// The files named `Participant+…` hold its parts.
package final class Participant {
  enum Phase {
    case idle, joining, joined
    /// Signalling is gone; media goes on while consent lasts.
    case interrupted
    case resuming, left, closed
  }

  /// The relay closes a connection that is silent for 45 s.
  static let pingInterval = TimeInterval.seconds(15)
  static let reportInterval = TimeInterval.seconds(1)

  let configuration: ParticipantConfiguration
  let identity: DTLSIdentity
  let slab: PacketSlab
  let clock: WallClock
  let random: RandomSource
  let keys: CallKeys

  var phase = Phase.idle
  var events: [ParticipantEvent] = []
  /// Messages for the relay while signalling is away.
  var outbox: [ClientMessage] = []
  var resumeToken: String?
  var nextPing = MonotonicInstant.never
  var pingID: UInt32 = 0
  var hasNegotiated = false

  var ice: ICEClientAgent?
  var iceCredentials: ICECredentials?
  /// Where the relay is; survives an ICE restart until that has found another address.
  var relayEndpoint: Endpoint?
  var isInterrupted = false
  /// The DTLS association with the relay; nil until the first answer.
  package internal(set) var dtls: DTLSSession?
  var dtlsRole = DTLSRole.client
  var hasStartedDTLS = false
  var relayFingerprint: [UInt8] = []
  var sender: SRTPSender?
  var receiver: SRTPReceiver?

  let feedbackSSRC: SSRC
  var sendTracks: [SendTrack] = []
  var receiveTracks: [ReceiveTrack] = []
  var routes: [SSRC: (track: ReceiveTrack, isRetransmission: Bool)] = [:]
  let extensionIDs = HeaderExtensionIDs(ClientOffer.extensions)
  /// No later than the next thing to do for any receive track.
  var receiveDeadline = MonotonicInstant.never
  var nextReport = MonotonicInstant.never
  var roundTrip = TimeInterval.zero
  var counters = ParticipantStatistics()
  /// The highest epoch whose key this participant has held; nil before the first.
  package internal(set) var lastKnownEpoch: UInt32?
  /// The first one: frames of earlier epochs are not for it.
  var firstEpoch: UInt32?

  /// Makes a fresh key bundle. Throws as `CallKeys.init`.
  package init(
    _ configuration: ParticipantConfiguration, identity: MemberIdentity, dtls: DTLSIdentity, slab: PacketSlab,
    clock: WallClock, random: RandomSource, at now: MonotonicInstant
  ) throws(E2EError) {
    self.configuration = configuration
    self.identity = dtls
    self.slab = slab
    self.clock = clock
    self.random = random
    keys = try CallKeys(
      invite: configuration.invite, identity: identity, policy: configuration.policy,
      displayName: configuration.displayName, pins: configuration.pins, stopwatch: configuration.stopwatch,
      random: random, at: now)
    feedbackSSRC = SSRC(random.u32() | 1)
    if configuration.publishAudio {
      sendTracks.append(
        SendTrack(mid: "0", stream: .microphone, clockRate: 48_000, hasRTX: false, random: random))
    }
    if configuration.publishVideo {
      sendTracks.append(
        SendTrack(
          mid: String(sendTracks.count), stream: .camera0, clockRate: 90_000, hasRTX: true, random: random))
    }
  }

  /// This participant's identifier in the call.
  package var member: MemberID { keys.member }

  /// Whether frames sent now go out sealed: the hop is up and there is an epoch.
  package var isMediaReady: Bool { sender != nil && relayEndpoint != nil && keys.sendingEpoch != nil && isInCall }

  /// The epoch that frames are sealed under.
  package var sendingEpoch: UInt32? { keys.sendingEpoch }

  /// Members in log order that hold the key in use.
  package var keyHolders: [MemberID] { keys.keyHolders }

  /// Counts and durations of this participant's keys.
  package var keyMetrics: KeyMetrics { keys.metrics }

  /// The identities by name as they stand now, for the device to keep.
  package var pins: IdentityPins { keys.pins }

  /// Sixty digits to compare with a member: see `CallKeys.safetyNumber(with:)`.
  package func safetyNumber(with member: MemberID) -> String? { keys.safetyNumber(with: member) }

  /// Takes a member's identity for the one that goes by its name from now on.
  package func trustIdentity(of member: MemberID) { keys.trustIdentity(of: member) }

  /// Sends a text to every other member. Throws `malformed` for an empty or too long one.
  package func say(_ text: String, at now: MonotonicInstant, into batch: EgressBatch) throws(E2EError) {
    try keys.say(text, at: now)
    handleKeyActions(at: now, into: batch)
  }

  /// Whether this participant's keys open a sealed frame. For tests of who can read what; a frame counts as opened.
  package func canOpen(_ sealed: [UInt8], at now: MonotonicInstant) -> Bool {
    (try? keys.open(sealed, at: now)) != nil
  }

  var isInCall: Bool { phase == .joined || phase == .interrupted || phase == .resuming }

  /// What happened since the last call, in order. Drain after every call.
  package func takeEvents() -> [ParticipantEvent] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  package var statistics: ParticipantStatistics {
    var statistics = counters
    for track in receiveTracks {
      statistics.packetsExpected += track.reception.expected
      statistics.packetsLost += max(0, track.reception.lost)
      statistics.jitter = max(statistics.jitter, track.reception.jitterSeconds)
      statistics.framesIncomplete += track.assembler.incompleteFrames
      statistics.framesUndecodable += track.assembler.undecodableFrames
    }
    statistics.roundTrip = roundTrip == .zero ? nil : roundTrip.seconds
    return statistics
  }

  /// When `expire` has something to do.
  package var nextDeadline: MonotonicInstant {
    guard isInCall || phase == .joining else { return .never }
    var next = min(keys.nextDeadline, nextPing)
    if let ice { next = min(next, ice.nextDeadline) }
    if let dtls, !dtls.isConnected, hasStartedDTLS { next = min(next, dtls.deadline) }
    if sender != nil { next = min(next, nextReport, receiveDeadline) }
    return next
  }

  /// Does everything whose time has come.
  package func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    guard isInCall || phase == .joining else { return }
    if keys.nextDeadline <= now {
      keys.expire(at: now)
      handleKeyActions(at: now, into: batch)
    }
    if nextPing <= now { ping(at: now) }
    expireHop(at: now, into: batch)
    guard sender != nil else { return }
    if receiveDeadline <= now { expireReceiveTracks(at: now, into: batch) }
    if nextReport <= now { sendReports(at: now, into: batch) }
  }

  /// Takes one datagram in. The participant owns `slot` from here on.
  package func receive(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    defer { slab.release(slot) }
    guard isInCall else { return }
    counters.bytesReceived &+= UInt64(slab.length(of: slot))
    switch slab.read(slot, { DatagramKind($0) }) {
    case .rtp: receiveRTP(slot, at: now, into: batch)
    case .rtcp: receiveRTCP(slot, at: now, into: batch)
    case .stun: receiveSTUN(slot, from: endpoint, at: now, into: batch)
    case .dtls: receiveDTLS(slot, at: now, into: batch)
    case .unknown: counters.datagramsDropped &+= 1
    }
  }

  /// Ends everything and wipes every key. Nothing works afterwards.
  package func close() {
    phase = .closed
    keys.close()
    dtls = nil
    sender = nil
    receiver = nil
    ice = nil
    outbox.removeAll()
    for track in receiveTracks { _ = track.takeParked() }
  }

  func end(_ reason: EndReason) {
    guard phase != .closed, phase != .left else { return }
    phase = .left
    events.append(.ended(reason))
  }
}

extension HeaderExtensionIDs {
  init(_ negotiated: NegotiatedExtensions) {
    self.init()
    mid = negotiated.mid
    rid = negotiated.rid
    repairedRid = negotiated.repairedRid
    audioLevel = negotiated.audioLevel
    dependencyDescriptor = negotiated.dependencyDescriptor
  }
}
