package import WireBytes

/// The one codec a section uses, with the offerer's payload types.
package struct NegotiatedCodec: Sendable, Hashable {
  /// `opus`, `VP8`, `VP9` or `AV1`.
  package var name: String
  package var payloadType: PayloadType
  /// Retransmission (RFC 4588).
  package var rtxPayloadType: PayloadType?
  /// Hz.
  package var clockRate: UInt32
  package var channels: Int
  /// What the answer says in `a=fmtp`; may be empty.
  package var fmtp: String
  /// What the answer accepts in `a=rtcp-fb`, of what was offered.
  package var feedback: [String]
  /// Whether RTCP may be reduced-size (RFC 5506): the section offered it.
  package var reducedSizeRTCP: Bool

  package init(
    name: String, payloadType: PayloadType, rtxPayloadType: PayloadType? = nil, clockRate: UInt32, channels: Int = 1,
    fmtp: String = "", feedback: [String] = [], reducedSizeRTCP: Bool = false
  ) {
    self.name = name
    self.payloadType = payloadType
    self.rtxPayloadType = rtxPayloadType
    self.clockRate = clockRate
    self.channels = channels
    self.fmtp = fmtp
    self.feedback = feedback
    self.reducedSizeRTCP = reducedSizeRTCP
  }

  /// Transport-wide feedback is left out, so that browsers take REMB and receiver reports instead.
  private static let acceptedFeedback = ["goog-remb", "ccm fir", "nack", "nack pli"]

  /// The relay's choice: Opus; VP8 before VP9 profile 0 before AV1, whatever the offerer prefers, so that all members
  /// of a room meet on one. Nil when there is none of them.
  init?(choosingFrom section: MediaSection, kind: MediaKind) {
    guard let codec = Self.choose(from: section.codecs, kind: kind) else { return nil }
    let rtx = section.codecs.first {
      $0.name.lowercased() == "rtx" && $0.parameter("apt")?.number() == codec.payloadType.rawValue
    }
    self.init(
      name: codec.name, payloadType: codec.payloadType, rtxPayloadType: kind == .video ? rtx?.payloadType : nil,
      clockRate: codec.clockRate, channels: codec.channels, fmtp: Self.parameters(answering: codec),
      feedback: Self.acceptedFeedback.filter(codec.feedback.contains), reducedSizeRTCP: section.rtcpRsize)
  }

  private static func choose(from codecs: [MediaSection.Codec], kind: MediaKind) -> MediaSection.Codec? {
    func first(_ name: String, where matches: (MediaSection.Codec) -> Bool) -> MediaSection.Codec? {
      guard var codec = codecs.first(where: { $0.name.lowercased() == name.lowercased() && matches($0) }) else {
        return nil
      }
      codec.name = name
      return codec
    }
    switch kind {
    case .audio:
      return first("opus") { $0.clockRate == 48000 && $0.channels == 2 }
    case .video:
      func isProfileZero(_ parameter: String) -> (MediaSection.Codec) -> Bool {
        { $0.clockRate == 90000 && ($0.parameter(parameter) ?? "0") == "0" }
      }
      return first("VP8") { $0.clockRate == 90000 } ?? first("VP9", where: isProfileZero("profile-id"))
        ?? first("AV1", where: isProfileZero("profile"))
    }
  }

  /// The relay's own wishes as a receiver; it decodes nothing, so it repeats no limits of the offerer's decoder.
  private static func parameters(answering codec: MediaSection.Codec) -> String {
    switch codec.name {
    case "opus": "minptime=10;useinbandfec=1"
    case "VP9": "profile-id=0"
    case "AV1": codec.fmtp
    default: ""
    }
  }
}
