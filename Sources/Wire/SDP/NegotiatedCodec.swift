package import WireBytes

/// One codec of a section, with the offerer's payload types.
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

  /// What of a section the relay can forward, the most widely understood first, whatever the offerer prefers: Opus; VP8,
  /// VP9 profile 0 and AV1 profile 0. Of what is sent in a section the first is taken, so that members meet on one.
  static func usable(in section: MediaSection, kind: MediaKind) -> [NegotiatedCodec] {
    candidates(in: section.codecs, kind: kind).map { codec in
      let rtx = section.codecs.first {
        $0.name.lowercased() == "rtx" && $0.parameter("apt")?.number() == codec.payloadType.rawValue
      }
      return NegotiatedCodec(
        name: codec.name, payloadType: codec.payloadType, rtxPayloadType: kind == .video ? rtx?.payloadType : nil,
        clockRate: codec.clockRate, channels: codec.channels, fmtp: parameters(answering: codec),
        feedback: acceptedFeedback.filter(codec.feedback.contains), reducedSizeRTCP: section.rtcpRsize)
    }
  }

  private static func candidates(in codecs: [MediaSection.Codec], kind: MediaKind) -> [MediaSection.Codec] {
    func first(_ name: String, where matches: (MediaSection.Codec) -> Bool) -> MediaSection.Codec? {
      guard var codec = codecs.first(where: { $0.name.lowercased() == name.lowercased() && matches($0) }) else {
        return nil
      }
      codec.name = name
      return codec
    }
    func isProfileZero(_ parameter: String) -> (MediaSection.Codec) -> Bool {
      { $0.clockRate == 90000 && ($0.parameter(parameter) ?? "0") == "0" }
    }
    let found =
      switch kind {
      case .audio: [first("opus") { $0.clockRate == 48000 && $0.channels == 2 }]
      case .video:
        [
          first("VP8") { $0.clockRate == 90000 }, first("VP9", where: isProfileZero("profile-id")),
          first("AV1", where: isProfileZero("profile")),
        ]
      }
    return found.compactMap { $0 }
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
