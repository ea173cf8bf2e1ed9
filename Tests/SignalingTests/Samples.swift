import Signaling
import WireBytes

/// One message of every type, with every optional field both set and left out somewhere.
enum Samples {
  static let room = RoomID(bytes: (0..<16).map { UInt8($0) })!
  static let alice = MemberID(bundleHash: [UInt8](repeating: 0xA1, count: 32))
  static let bob = MemberID(bundleHash: [UInt8](repeating: 0xB0, count: 32))
  static let hash = Blob((0..<32).map { UInt8(0xFF - $0) })
  static let head = LogHead(n: 2, hash: hash)
  static let entry = MembershipEntry(
    n: 2, kind: .join, member: bob, bundleHash: hash, cause: .joined, previous: MembershipEntry.genesis)
  static let track = TrackReference(member: alice, track: "cam")
  static let published = PublishedTrack(
    member: alice, track: "cam", source: .camera, rids: ["q", "h", "f"], muted: false)

  static let client: [ClientMessage] = [
    .join(Join(room: room, token: nil, bundle: Blob([1, 2, 3]))),
    .join(Join(room: room, token: "a.b.c", bundle: Blob([]), capabilities: ["x"], resume: "again")),
    .offer(Offer(sdp: "v=0\r\ns=\"quoted\" / \\ \u{1F3A5}\r\n")),
    .publish(
      Publish(tracks: [
        .init(id: "mic", source: .microphone, mid: "0"),
        .init(id: "cam", source: .camera, mid: "1", rids: ["q", "h", "f"], muted: true),
        .init(id: "scr", source: .screen, mid: "2", rids: [], muted: false),
        .init(id: "sys", source: .screenAudio, mid: "3"),
      ])),
    .unpublish(Unpublish(tracks: ["mic", "cam"])),
    .subscribe(TrackSelection(tracks: [track])),
    .unsubscribe(TrackSelection(tracks: [])),
    .constraints(Constraints(member: alice, track: "cam")),
    .constraints(
      Constraints(member: alice, track: "cam", maxHeight: 360, maxFrameRate: 12.5, paused: true, priority: -3)),
    .mute(Mute(track: "mic", muted: true)),
    .sealed(SealedToMember(to: bob, body: hash)),
    .ready(Ready(epoch: .max)),
    .leave,
    .ping(Ping(id: 7)),
  ]

  static let relay: [RelayMessage] = [
    .joined(
      Joined(
        member: bob, room: room, epoch: 3,
        roster: [
          RosterMember(joinIndex: 1, member: alice, bundle: Blob([9])),
          RosterMember(joinIndex: 2, member: bob, bundle: Blob([8, 7])),
        ], head: head, published: [published], resumeToken: "resume", resumed: false,
        limits: .init(maxMembers: 500, maxSealedBytes: 49152, maxVideoBitrate: 2_500_000, resumeWindowMs: 30_000))),
    .answer(Answer(sdp: "v=0\r\n")),
    .published(Published(tracks: [published])),
    .unpublished(TrackSelection(tracks: [track])),
    .muted(Muted(member: alice, track: "cam", muted: true)),
    .slots(
      SlotAssignments(slots: [
        .init(mid: "a0", member: alice, track: "mic", why: .published),
        .init(mid: "a1", member: alice, track: "mic", why: .speaker),
        .init(mid: "v0", member: alice, track: "cam", why: .wish),
        .init(mid: "v1", member: nil, track: nil, why: .ended),
        .init(mid: "v2", member: nil, track: nil, why: .replaced),
      ])),
    .sealed(SealedFromMember(from: alice, body: Blob([0xFB, 0xFF]))),
    .membership(MembershipChange(entry: entry, bundle: Blob([1]))),
    .membership(
      MembershipChange(
        entry: MembershipEntry(
          n: 3, kind: .leave, member: bob, bundleHash: hash, cause: .consentLost, previous: hash), bundle: nil)),
    .rekey(
      Rekey(
        epoch: 4, phase: .prepare, cause: .mixed, changes: [3, 4], head: head, rosterHash: hash, deadlineMs: 2000)),
    .rekey(
      Rekey(epoch: 4, phase: .execute, cause: .periodic, changes: [], head: head, rosterHash: hash, deadlineMs: 0)),
    .speakers(Speakers(members: [bob, alice])),
    .quality(Quality(member: alice, level: .poor)),
    .layers(Layers(mid: "v0", rid: "h", why: .constraints)),
    .layers(Layers(mid: "v0", rid: nil, why: .paused)),
    .notice(Notice(code: .e2eeRequired, member: alice, track: "cam")),
    .notice(Notice(code: .stale, member: nil)),
    .goodbye(Goodbye(reason: .protocolError)),
    .pong(Ping(id: 7)),
    .error(SignalingError(code: .badOffer, message: "line 3: the m-line is malformed", about: "offer")),
    .error(SignalingError(code: .shuttingDown, message: "the relay is shutting down")),
  ]
}

extension String {
  var bytes: [UInt8] { Array(utf8) }
}

extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }

  /// From hexadecimal digits; spaces are skipped.
  init(hex: String) {
    let digits = hex.compactMap(\.hexDigitValue)
    self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
