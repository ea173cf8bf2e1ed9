package import WireBytes

/// An offer that the relay can answer: validated, and reduced to what the relay needs of it.
package struct OfferedSession: Sendable {
  package let iceUfrag: String
  package let icePwd: String
  /// SHA-256 of the offerer's certificate, 32 bytes.
  package let fingerprint: [UInt8]
  package let setup: Setup
  /// One per m-line, in its order; refused ones too.
  package let sections: [OfferedSection]
  /// The section whose transport all others share (RFC 9143 section 7.3.1): the first of the group that is accepted.
  package let bundleFirstMid: String

  package init(parsing text: String) throws(SDPError) {
    try self.init(SessionDescription(parsing: text))
  }

  /// Throws when nothing is acceptable, or when an acceptable section is outside the BUNDLE group. Transport
  /// attributes are read from the tagged section alone: others may lack them (RFC 9143 section 7.1.3).
  package init(_ description: SessionDescription) throws(SDPError) {
    let bundle = Set(description.bundle)
    var accepted: [String: MediaSection] = [:]
    sections = try description.media.map { (media) throws(SDPError) in
      let section = OfferedSection(media)
      guard !section.rejected else { return section }
      guard bundle.contains(media.mid) else { throw SDPError(.notBundled, line: media.line) }
      accepted[media.mid] = media
      return section
    }
    guard let tag = description.bundle.first(where: { accepted[$0] != nil }), let tagged = accepted[tag] else {
      throw SDPError(.noUsableMedia)
    }
    guard tagged.rtcpMux else { throw SDPError(.noRTCPMux, line: tagged.line) }
    guard let ufrag = tagged.iceUfrag, let pwd = tagged.icePwd else {
      throw SDPError(.noICECredentials, line: tagged.line)
    }
    guard let sha256 = tagged.sha256 else { throw SDPError(.noFingerprint, line: tagged.line) }
    guard let setup = tagged.setup else { throw SDPError(.badSetup, line: tagged.line) }
    iceUfrag = ufrag
    icePwd = pwd
    fingerprint = sha256
    self.setup = setup
    bundleFirstMid = tag
  }
}

/// One m-line of an offer.
package struct OfferedSection: Sendable {
  package let mid: String
  /// Nil when it is neither audio nor video.
  package let kind: MediaKind?
  /// Answered with port 0: stopped, a data channel, or without an acceptable codec.
  package let rejected: Bool
  /// The offerer sends in it.
  package let sends: Bool
  /// The offerer receives in it: one of its slots.
  package let receives: Bool
  /// What the offerer sends in it. Nil when rejected.
  package let codec: NegotiatedCodec?
  /// All that the relay could send in it, `codec` first; empty when rejected.
  package let codecs: [NegotiatedCodec]
  /// The offerer's sources, without those that only repair others. In a slot: what Firefox sends its RTCP from.
  package let ssrcs: [SSRC]
  /// (primary, retransmission) of the FID groups (RFC 5576 section 4.2).
  package let rtxSSRCs: [(SSRC, SSRC)]
  /// Simulcast encodings it sends, in its order; empty without simulcast.
  package let rids: [String]
  package let extensions: NegotiatedExtensions
  /// The m-line's first words, repeated in an answer that refuses it.
  package let mediaLine: MediaLine

  package struct MediaLine: Sendable, Hashable {
    package let media: String
    package let proto: String
    package let format: String
  }

  init(_ media: MediaSection) {
    mid = media.mid
    kind = MediaKind(rawValue: media.kind)
    mediaLine = MediaLine(media: media.kind, proto: media.proto, format: media.formats.first ?? "0")
    codecs =
      if let kind, media.proto == "UDP/TLS/RTP/SAVPF", !media.isDisabled {
        NegotiatedCodec.usable(in: media, kind: kind)
      } else {
        []
      }
    codec = codecs.first
    rejected = codec == nil
    sends = media.direction.sends && !rejected
    receives = media.direction.receives && !rejected
    extensions = rejected ? NegotiatedExtensions() : NegotiatedExtensions(accepting: media)
    let sendable = Set(media.rids.filter(\.isSend).map(\.id))
    rids = sends ? media.simulcastSend.filter(sendable.contains) : []
    let pairs = media.ssrcGroups.filter { $0.semantics == "FID" && $0.ssrcs.count == 2 }
    rtxSSRCs = pairs.map { ($0.ssrcs[0], $0.ssrcs[1]) }
    let repairs = Set(
      media.ssrcGroups.filter { $0.semantics == "FID" || $0.semantics == "FEC-FR" }.flatMap { $0.ssrcs.dropFirst() })
    ssrcs = media.ssrcs.map(\.ssrc).filter { !repairs.contains($0) }
  }
}
