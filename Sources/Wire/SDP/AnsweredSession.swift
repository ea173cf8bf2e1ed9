package import WireBytes

/// What a client needs of the relay's answer.
package struct AnsweredSession: Sendable {
  package let iceUfrag: String
  package let icePwd: String
  /// SHA-256 of the relay's certificate, 32 bytes.
  package let fingerprint: [UInt8]
  /// Never `actpass` (RFC 5763 section 5). `passive`: this client opens the DTLS association.
  package let setup: Setup
  /// Host candidates over UDP for RTP, by falling priority.
  package let candidates: [Endpoint]
  package let iceLite: Bool
  /// One per section of the offer, in its order.
  package let sections: [AnsweredSection]

  package init(parsing text: String) throws(SDPError) {
    let description = try SessionDescription(parsing: text)
    iceLite = description.iceLite
    sections = description.media.map(AnsweredSection.init)
    let accepted = description.media.filter { !$0.isDisabled }
    let bundle = Set(description.bundle)
    for media in accepted where !bundle.contains(media.mid) { throw SDPError(.notBundled, line: media.line) }
    guard let tagged = accepted.first(where: { $0.mid == description.bundle.first }) else {
      throw SDPError(.noUsableMedia)
    }
    guard tagged.rtcpMux else { throw SDPError(.noRTCPMux, line: tagged.line) }
    guard let ufrag = tagged.iceUfrag, let pwd = tagged.icePwd else {
      throw SDPError(.noICECredentials, line: tagged.line)
    }
    guard let sha256 = tagged.sha256 else { throw SDPError(.noFingerprint, line: tagged.line) }
    guard let setup = tagged.setup, setup != .actpass else { throw SDPError(.badSetup, line: tagged.line) }
    iceUfrag = ufrag
    icePwd = pwd
    fingerprint = sha256
    self.setup = setup
    candidates = tagged.candidates
      .filter { $0.component == 1 && $0.transport == "udp" && $0.type == "host" && $0.endpoint.port != 0 }
      .sorted { $0.priority > $1.priority }
      .map(\.endpoint)
  }
}

/// One m-line of an answer.
package struct AnsweredSection: Sendable {
  package let mid: String
  package let accepted: Bool
  /// Nil when it is neither audio nor video.
  package let kind: MediaKind?
  /// As the relay sees it; `inactive` when refused.
  package let direction: Direction
  package let payloadType: PayloadType?
  package let rtxPayloadType: PayloadType?
  package let extensions: NegotiatedExtensions
  /// What the relay sends with, in a slot.
  package let ssrc: SSRC?
  package let rtxSSRC: SSRC?
  /// Simulcast encodings the relay takes.
  package let rids: [String]
  /// Bits per second that the relay takes at most.
  package let maxBitrate: UInt64?

  init(_ media: MediaSection) {
    mid = media.mid
    accepted = !media.isDisabled
    kind = MediaKind(rawValue: media.kind)
    direction = media.isDisabled ? .inactive : media.direction
    let codec = media.codecs.first { $0.name.lowercased() != "rtx" }
    payloadType = codec?.payloadType
    rtxPayloadType =
      media.codecs.first {
        $0.name.lowercased() == "rtx" && $0.parameter("apt")?.number() == codec?.payloadType.rawValue
      }?.payloadType
    extensions = NegotiatedExtensions(reading: media)
    let pair = media.ssrcGroups.first { $0.semantics == "FID" && $0.ssrcs.count == 2 }
    ssrc = pair?.ssrcs[0] ?? media.ssrcs.first?.ssrc
    rtxSSRC = pair?.ssrcs[1]
    rids = media.simulcastReceive
    maxBitrate = media.maxBitrate
  }
}
