import DTLS
import Forwarding
import ICE
import RTP
import SDP
import SRTP
import Signaling
import WireBytes

/// A place in the peer table, with a generation so that a late timer never reaches the next tenant.
struct PeerIndex: Hashable {
  let position: Int
  let generation: UInt32
}

/// What an SSRC of a peer stands for.
struct IngressRoute {
  let ssrc: SSRC
  let track: IngressTrack
  let encoding: Int
  let isRetransmission: Bool
}

/// One member as the relay knows it: its signalling connection, its hop, what it sends and what it receives.
final class Peer {
  let index: PeerIndex
  unowned let room: Room
  let member: MemberID
  /// Position of the member's join in the room's log.
  let joinOrder: Int
  let bundle: Blob
  let resumeToken: String
  let canPublish: Bool
  let canSubscribe: Bool

  var connection: ConnectionID?
  /// Messages kept while the connection is gone; sent when the member resumes.
  var backlog = MessageBacklog()
  var resumeDeadline = MonotonicInstant.never

  // The hop.
  var ice: ICELiteAgent?
  var localCredentials: ICECredentials?
  var remoteUfrag = ""
  var dtls: DTLSSession?
  var dtlsRole = DTLSRole.server
  var peerFingerprint: [UInt8] = []
  var dtlsStartedAt: MonotonicInstant?
  var handshakeDeadline = MonotonicInstant.never
  let egress = PeerEgress()
  var sender: SRTPSender? {
    get { egress.sender }
    set { egress.sender = newValue }
  }
  var receiver: SRTPReceiver?
  /// The nominated address; nil until ICE has one, and again when consent is lost.
  var endpoint: Endpoint? {
    get { egress.endpoint }
    set { egress.endpoint = newValue }
  }
  var knownEndpoints: [Endpoint] = []
  var consentLostAt: MonotonicInstant?
  /// When consent for `endpoint` ends by the checks of the session before the last ICE restart.
  var formerConsentDeadline = MonotonicInstant.never

  // What it sends.
  var sections: [OfferedSection] = []
  /// Extension ids of the peer's packets; one mapping for all m-lines of a bundle (RFC 8843 section 9.2).
  var ids = HeaderExtensionIDs()
  var announced: [Publish.Track] = []
  var tracks: [IngressTrack] = []
  var routes: [IngressRoute] = []
  /// What its m-lines carried when they were last published.
  var formerSources = FormerSources()
  /// When its simulcast encodings are looked at again; never while it publishes none.
  var nextLayerCheck = MonotonicInstant.never
  var remb: REMBController
  var feedbackSSRC: SSRC

  // What it receives.
  var slots: [ReceiveSlot] = []
  var audioAssigner = SlotAssigner()
  var videoAssigner = SlotAssigner()
  /// What it has said of publications, in a slot or not.
  var constraints: [TrackReference: Constraints] = [:]
  var pendingSlotChanges: [SlotAssignments.Slot] = []
  /// Whether the member takes part in the executed epoch: before that it could not open a key frame.
  var isInEpoch = false

  var reports = ReportSchedule()
  var lastReport = MonotonicInstant(nanoseconds: 0)
  /// The earliest timer entry that is armed for this peer.
  var armed = MonotonicInstant.never
  var quality = Quality.Level.good

  init(
    index: PeerIndex, room: Room, member: MemberID, joinOrder: Int, join: AdmittedJoin, connection: ConnectionID,
    resumeToken: String, maxVideoBitrate: UInt64, random: RandomSource
  ) {
    self.index = index
    self.room = room
    self.member = member
    self.joinOrder = joinOrder
    bundle = join.join.bundle
    self.resumeToken = resumeToken
    canPublish = join.canPublish
    canSubscribe = join.canSubscribe
    self.connection = connection
    remb = REMBController(maximum: maxVideoBitrate)
    feedbackSSRC = SSRC(random.u32() | 1)
  }

  var isMediaReady: Bool { sender != nil && endpoint != nil }

  /// The clients of many idle rooms are looked after in one wake-up. Consent may last so much longer.
  static var idleTick: TimeInterval { .milliseconds(250) }

  /// The earliest moment at which `expire` has something to do for this peer.
  var nextDeadline: MonotonicInstant {
    var next = min(resumeDeadline, reports.next, nextLayerCheck, handshakeDeadline)
    if let dtls, !dtls.isConnected { next = min(next, dtls.deadline) }
    if endpoint != nil { next = min(next, consentDeadline.roundedUp(to: Self.idleTick)) }
    if sender != nil {
      for track in tracks {
        for encoding in track.encodings {
          next = min(next, encoding.missing.nextDeadline, encoding.keyframes.nextDeadline)
        }
      }
    }
    return next
  }

  /// When sending to `endpoint` must end unless a check comes. After an ICE restart media goes on where the session
  /// before had sent it, until the new one has an address (RFC 8445 section 9), and no longer than its consent lasts.
  var consentDeadline: MonotonicInstant {
    guard let ice, ice.selected != nil else { return formerConsentDeadline }
    return ice.consentDeadline
  }

  /// Whether a packet of media came from the peer.
  func hasArrivals(since instant: MonotonicInstant) -> Bool {
    for track in tracks {
      for encoding in track.encodings where encoding.lastPacketAt > instant { return true }
    }
    return false
  }

  /// Whether a packet of media went to the peer.
  func hasDepartures(since instant: MonotonicInstant) -> Bool {
    for slot in slots where slot.hasSent && slot.lastSentAt > instant { return true }
    return false
  }

  func route(of ssrc: SSRC) -> IngressRoute? {
    // By position: to walk through the values would retain the track of each.
    for position in routes.indices where routes[position].ssrc == ssrc { return routes[position] }
    return nil
  }

  func slot(mid: String) -> ReceiveSlot? { slots.first { $0.mid == mid } }
  func slot(ssrc: SSRC) -> ReceiveSlot? { slots.first { $0.ssrc == ssrc || $0.rtxSSRC == ssrc } }
  func track(id: String) -> IngressTrack? { tracks.first { $0.id == id } }
}
