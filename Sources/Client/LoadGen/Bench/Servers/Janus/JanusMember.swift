import DTLS
import DatagramIO
import HopCrypto
import ICE
import RTP
import SDP
import Synchronization
import WireBytes

/// A member of a video room.
final class JanusMember: CallMember {
  let startedAt: MonotonicInstant
  private let session: JanusSession
  private let room: UInt64
  private let plan: MemberPlan
  private let driver: MediaDriver
  private let state = Mutex(State())

  private struct State {
    var sendingLeg: Int?
    var receivingLeg: Int?
    var own: UInt64?
  }

  init(
    startedAt: MonotonicInstant, session: JanusSession, room: UInt64, plan: MemberPlan, driver: MediaDriver
  ) {
    self.startedAt = startedAt
    self.session = session
    self.room = room
    self.plan = plan
    self.driver = driver
  }

  var sendingLeg: Int? { state.withLock { $0.sendingLeg } }
  var receivingLeg: Int? { state.withLock { $0.receivingLeg } }

  func publish() async throws {
    let handle = try await session.attach()
    let (leg, local) = try await driver.query { driver, _ in try driver.makeLeg() }
    var body = JanusRequest.Body(request: "join", room: room)
    body.ptype = "publisher"
    let joined = try await session.message(body, to: handle)
    state.withLock { ($0.sendingLeg, $0.own) = (leg, joined.plugindata?.data.id) }
    var sending = plan
    (sending.audioSlots, sending.videoSlots) = (0, 0)
    let offer = ClientOffer(
      iceUfrag: local.credentials.ufrag, icePwd: local.credentials.pwd, fingerprint: local.fingerprint,
      sections: ClientOffer.Section.sections(of: sending, local))
    let reply = try await session.message(
      JanusRequest.Body(request: "publish"), to: handle,
      jsep: JanusRequest.Description(type: "offer", sdp: JanusSubscription.withCandidate(offer.render(), local)))
    guard let sdp = reply.jsep?.sdp else { throw CommandError("Janus answered a publication without a description") }
    let answer = try AnsweredSession(parsing: sdp)
    try await driver.connect(leg, to: MediaLeg.Remote(answer), sending: answer.parts(of: plan))
  }

  func receiveOthers() async throws {
    guard plan.receives else { return }
    let handle = try await session.attach()
    let feeds = try await feeds(handle)
    var body = JanusRequest.Body(request: "join", room: room)
    body.ptype = "subscriber"
    body.streams = feeds.map { JanusRequest.Body.Feed(feed: $0.id) }
    let attached = try await session.message(body, to: handle)
    guard let sdp = attached.jsep?.sdp else { throw CommandError("Janus attached a subscriber without an offer") }
    let offer = try SessionDescription(parsing: sdp)
    let (leg, local) = try await driver.query { driver, _ in try driver.makeLeg() }
    state.withLock { $0.receivingLeg = leg }
    let answer = JanusSubscription(offer, local: local)
    async let connected: Void = driver.connect(leg, to: try answer.remote, sending: [])
    try await session.message(
      JanusRequest.Body(request: "start"), to: handle,
      jsep: JanusRequest.Description(type: "answer", sdp: answer.sdp))
    try await connected
  }

  /// Everyone else who publishes. Janus lists a publisher some time after its connection is up.
  private func feeds(_ handle: UInt64) async throws -> [JanusReply.Participant] {
    let own = state.withLock { $0.own }
    let wanted = max(plan.audioSlots, plan.videoSlots)
    var found = 0
    for _ in 0..<200 {
      let list = try await session.message(JanusRequest.Body(request: "listparticipants", room: room), to: handle)
      let feeds = (list.plugindata?.data.participants ?? []).filter { $0.publisher == true && $0.id != own }
      if feeds.count >= wanted { return feeds }
      found = feeds.count
      try await Task.sleep(for: .milliseconds(10))
    }
    throw CommandError("Janus' room \(room) lists \(found) of \(wanted) publishers")
  }

  func leave() async {
    let legs = state.withLock { [$0.sendingLeg, $0.receivingLeg].compactMap(\.self) }
    driver.perform { driver, _ in for leg in legs { driver.removeLeg(leg) } }
    await session.close()
  }
}

/// The answer to what Janus offers a subscriber: everything that it offers is received.
///
/// Janus is to open the DTLS association: it hears nothing before its own connectivity check is answered, and a handshake
/// that begins earlier waits for a retransmission.
struct JanusSubscription {
  private let offer: SessionDescription
  private let local: MediaLeg.Local

  init(_ offer: SessionDescription, local: MediaLeg.Local) {
    self.offer = offer
    self.local = local
  }

  var remote: MediaLeg.Remote {
    get throws {
      guard let first = offer.media.first, let ufrag = first.iceUfrag, let pwd = first.icePwd,
        let fingerprint = first.sha256
      else { throw CommandError("Janus' offer has no ICE credentials or no SHA-256 fingerprint") }
      let repair = offer.media.flatMap(\.codecs).filter { $0.name.lowercased() == "rtx" }
      return MediaLeg.Remote(
        credentials: ICECredentials(ufrag: ufrag, pwd: pwd),
        candidates: first.candidates.filter { $0.transport == "udp" && $0.type == "host" && $0.component == 1 }
          .map(\.endpoint), fingerprint: fingerprint, role: .server,
        repairTypes: Set(repair.map(\.payloadType.rawValue)))
    }
  }

  var sdp: String {
    let digits = local.fingerprint.map { byte in
      let text = String(byte, radix: 16, uppercase: true)
      return text.count == 1 ? "0" + text : text
    }
    var lines = [
      "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0",
      "a=group:BUNDLE " + offer.media.map(\.mid).joined(separator: " "), "a=msid-semantic: WMS *",
    ]
    for section in offer.media {
      lines += [
        "m=\(section.kind) 9 UDP/TLS/RTP/SAVPF \(section.formats.joined(separator: " "))", "c=IN IP4 0.0.0.0",
        "a=mid:\(section.mid)", "a=ice-ufrag:\(local.credentials.ufrag)", "a=ice-pwd:\(local.credentials.pwd)",
        "a=fingerprint:sha-256 \(digits.joined(separator: ":"))", "a=setup:passive", "a=recvonly", "a=rtcp-mux",
      ]
      for ext in section.extensions { lines.append("a=extmap:\(ext.id) \(ext.uri)") }
      for codec in section.codecs { lines += Self.lines(of: codec) }
    }
    return Self.withCandidate(lines.joined(separator: "\r\n") + "\r\n", local)
  }

  /// Janus pairs candidates that it was told of; those that it learns from a check come too late for the first one.
  static func withCandidate(_ sdp: String, _ local: MediaLeg.Local) -> String {
    let (address, port) = (local.endpoint.address, local.endpoint.port)
    let password = "a=ice-pwd:\(local.credentials.pwd)\r\n"
    return sdp.replacing(password, with: password + "a=candidate:1 1 udp 2130706431 \(address) \(port) typ host\r\n")
  }

  private static func lines(of codec: MediaSection.Codec) -> [String] {
    let type = codec.payloadType.rawValue
    let channels = codec.channels > 1 ? "/\(codec.channels)" : ""
    var lines = ["a=rtpmap:\(type) \(codec.name)/\(codec.clockRate)\(channels)"]
    if !codec.fmtp.isEmpty { lines.append("a=fmtp:\(type) \(codec.fmtp)") }
    for feedback in codec.feedback { lines.append("a=rtcp-fb:\(type) \(feedback)") }
    return lines
  }
}
