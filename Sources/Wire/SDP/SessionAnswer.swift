package import WireBytes

/// The relay's answer as values; `render` makes the text of it.
package struct SessionAnswer: Sendable {
  package var iceUfrag: String
  package var icePwd: String
  /// SHA-256 of the relay's certificate, 32 bytes.
  package var fingerprint: [UInt8]
  /// `.passive`, or `.active` to an offerer that is passive.
  package var setup: Setup
  /// Host candidates over UDP, the preferred one first.
  package var candidates: [Endpoint]
  /// One per section of the offer, in its order (RFC 3264 section 6).
  package var sections: [Section]
  package var cname: String
  /// Goes up with each answer of a session (RFC 3264 section 8).
  package var version: UInt64

  package init(
    iceUfrag: String, icePwd: String, fingerprint: [UInt8], setup: Setup, candidates: [Endpoint],
    sections: [Section], cname: String, version: UInt64 = 1
  ) {
    self.iceUfrag = iceUfrag
    self.icePwd = icePwd
    self.fingerprint = fingerprint
    self.setup = setup
    self.candidates = candidates
    self.sections = sections
    self.cname = cname
    self.version = version
  }

  package struct Section: Sendable {
    package var mid: String
    package var accepted: Bool
    package var kind: MediaKind?
    /// As the relay sees it: `sendonly` for a receive slot of the offerer.
    package var direction: Direction
    /// What the section carries: one codec of the offerer's, any of several in its receive slot.
    package var codecs: [NegotiatedCodec]
    package var extensions: NegotiatedExtensions
    /// What the relay sends with, for `sendonly` and `sendrecv`.
    package var ssrc: SSRC?
    package var rtxSSRC: SSRC?
    package var msid: (stream: String, track: String)?
    /// Simulcast encodings the relay takes.
    package var ridsReceive: [String]
    /// Bits per second that the relay takes at most in this section.
    package var maxBitrate: UInt64?
    fileprivate var refused: OfferedSection.MediaLine?

    package init(
      mid: String, accepted: Bool, kind: MediaKind?, direction: Direction, codecs: [NegotiatedCodec],
      extensions: NegotiatedExtensions, ssrc: SSRC? = nil, rtxSSRC: SSRC? = nil,
      msid: (stream: String, track: String)? = nil, ridsReceive: [String] = [], maxBitrate: UInt64? = nil
    ) {
      self.mid = mid
      self.accepted = accepted
      self.kind = kind
      self.direction = direction
      self.codecs = codecs
      self.extensions = extensions
      self.ssrc = ssrc
      self.rtxSSRC = rtxSSRC
      self.msid = msid
      self.ridsReceive = ridsReceive
      self.maxBitrate = maxBitrate
    }

    /// Port 0, with the offer's own media, protocol and format (RFC 3264 section 6).
    package init(rejecting section: OfferedSection) {
      self.init(
        mid: section.mid, accepted: false, kind: section.kind, direction: .inactive, codecs: [],
        extensions: NegotiatedExtensions())
      refused = section.mediaLine
    }
  }

  /// The text for the `answer` message. ICE-lite is a session-level attribute (RFC 8839 section 5.3); transport
  /// attributes stand in every accepted section, since not every implementation follows the bundle for them.
  package func render() -> String {
    var writer = SDPWriter()
    writer.preamble(version: version)
    writer.attribute("ice-lite")
    writer.bundle(sections.filter { $0.accepted && !$0.codecs.isEmpty }.map(\.mid))
    writer.attribute("msid-semantic:WMS *")
    var isTagged = true
    for section in sections {
      guard section.accepted, !section.codecs.isEmpty else {
        render(refused: section, into: &writer)
        continue
      }
      render(section, isTagged: isTagged, into: &writer)
      isTagged = false
    }
    return writer.text
  }

  private func render(refused section: Section, into writer: inout SDPWriter) {
    let media = section.refused?.media ?? section.kind?.rawValue ?? "application"
    let proto = section.refused?.proto ?? "UDP/TLS/RTP/SAVPF"
    let format = section.refused?.format ?? section.codecs.first?.payloadType.description ?? "0"
    writer.line("m=\(media) 0 \(proto) \(format)")
    writer.line("c=IN IP4 0.0.0.0")
    if !section.mid.isEmpty { writer.attribute("mid:" + section.mid) }
    writer.attribute("inactive")
  }

  private func render(_ section: Section, isTagged: Bool, into writer: inout SDPWriter) {
    let kind = section.kind?.rawValue ?? "audio"
    let target = candidates.first
    // The default destination is the first candidate (RFC 8839 section 4.2.1.2); 9 is the discard port.
    writer.line(
      "m=\(kind) \(target?.port ?? 9) UDP/TLS/RTP/SAVPF \(section.codecs.map(SDPWriter.formats).joined(separator: " "))"
    )
    writer.line("c=IN " + (target.map { ($0.isIPv4 ? "IP4 " : "IP6 ") + $0.address } ?? "IP4 0.0.0.0"))
    if let maxBitrate = section.maxBitrate { writer.line("b=TIAS:\(maxBitrate)") }
    writer.attribute("mid:" + section.mid)
    writer.transport(iceUfrag: iceUfrag, icePwd: icePwd, fingerprint: fingerprint, setup: setup)
    if isTagged {
      for (index, candidate) in candidates.enumerated() { writer.attribute(Self.host(candidate, index)) }
      writer.attribute("end-of-candidates")
    }
    writer.attribute(section.direction.rawValue)
    writer.attribute("rtcp-mux")
    if section.codecs.contains(where: \.reducedSizeRTCP) { writer.attribute("rtcp-rsize") }
    writer.extensions(section.extensions)
    for codec in section.codecs { writer.codec(codec) }
    if section.direction.receives, !section.ridsReceive.isEmpty {
      for rid in section.ridsReceive { writer.attribute("rid:\(rid) recv") }
      writer.attribute("simulcast:recv " + section.ridsReceive.joined(separator: ";"))
    }
    guard section.direction.sends else { return }
    let msid = section.msid.map { "\($0.stream) \($0.track)" }
    if let msid { writer.attribute("msid:" + msid) }
    guard let ssrc = section.ssrc else { return }
    writer.sources(
      ssrc: ssrc, rtx: section.codecs.contains { $0.rtxPayloadType != nil } ? section.rtxSSRC : nil, cname: cname,
      msid: msid)
  }

  /// Priority by RFC 8445 section 5.1.2.1: type preference 126 for host candidates, falling local preference.
  private static func host(_ endpoint: Endpoint, _ index: Int) -> String {
    let local = UInt32(65535 - min(index, 65535))
    let priority = 126 << 24 | local << 8 | 255
    return "candidate:\(index + 1) 1 udp \(priority) \(endpoint.address) \(endpoint.port) typ host"
  }
}
