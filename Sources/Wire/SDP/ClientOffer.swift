package import WireBytes

/// The offer of a client that is no browser: the same shape as a browser's, with fixed payload types and identifiers.
///
/// It names no candidates: the relay is ICE-lite and learns the client's address from its checks.
package struct ClientOffer: Sendable {
  package struct Section: Sendable {
    package var mid: String
    package var kind: MediaKind
    /// True: `sendonly`. False: a `recvonly` slot.
    package var sends: Bool
    package var ssrc: SSRC?
    package var rtxSSRC: SSRC?
    /// Simulcast encodings; with them, sources are not announced by SSRC.
    package var rids: [String]

    package init(
      mid: String, kind: MediaKind, sends: Bool, ssrc: SSRC? = nil, rtxSSRC: SSRC? = nil, rids: [String] = []
    ) {
      self.mid = mid
      self.kind = kind
      self.sends = sends
      self.ssrc = ssrc
      self.rtxSSRC = rtxSSRC
      self.rids = rids
    }
  }

  package var iceUfrag: String
  package var icePwd: String
  /// SHA-256 of the client's certificate, 32 bytes.
  package var fingerprint: [UInt8]
  package var setup: Setup
  package var sections: [Section]
  /// Names the client's sources as one endpoint; the relay does not pass it on.
  package var cname: String
  package var version: UInt64

  package init(
    iceUfrag: String, icePwd: String, fingerprint: [UInt8], setup: Setup = .actpass, sections: [Section],
    cname: String = "client", version: UInt64 = 1
  ) {
    self.iceUfrag = iceUfrag
    self.icePwd = icePwd
    self.fingerprint = fingerprint
    self.setup = setup
    self.sections = sections
    self.cname = cname
    self.version = version
  }

  /// The identifiers this client offers: one number for one extension in all sections (RFC 9143 section 9.1).
  package static let extensions = NegotiatedExtensions(
    mid: 4, rid: 10, repairedRid: 11, audioLevel: 1, dependencyDescriptor: 12, allowsMixed: true)

  package static let opus = NegotiatedCodec(
    name: "opus", payloadType: PayloadType(111), clockRate: 48000, channels: 2, fmtp: "minptime=10;useinbandfec=1",
    feedback: ["nack"], reducedSizeRTCP: true)

  package static let vp8 = NegotiatedCodec(
    name: "VP8", payloadType: PayloadType(96), rtxPayloadType: PayloadType(97), clockRate: 90000,
    feedback: ["goog-remb", "ccm fir", "nack", "nack pli"], reducedSizeRTCP: true)

  package func render() -> String {
    var writer = SDPWriter()
    writer.preamble(version: version)
    writer.bundle(sections.map(\.mid))
    writer.attribute("extmap-allow-mixed")
    writer.attribute("msid-semantic:WMS *")
    for section in sections { render(section, into: &writer) }
    return writer.text
  }

  private func render(_ section: Section, into writer: inout SDPWriter) {
    let codec = section.kind == .audio ? Self.opus : Self.vp8
    writer.line("m=\(section.kind.rawValue) 9 UDP/TLS/RTP/SAVPF \(SDPWriter.formats(of: codec))")
    writer.line("c=IN IP4 0.0.0.0")
    writer.attribute("mid:" + section.mid)
    writer.transport(iceUfrag: iceUfrag, icePwd: icePwd, fingerprint: fingerprint, setup: setup)
    writer.attribute("ice-options:trickle")
    writer.attribute(section.sends ? "sendonly" : "recvonly")
    writer.attribute("rtcp-mux")
    writer.attribute("rtcp-rsize")
    writer.extensions(Self.extensions(for: section.kind))
    writer.codec(codec)
    guard section.sends else { return }
    let msid = "- track-\(section.mid)"
    writer.attribute("msid:" + msid)
    if !section.rids.isEmpty {
      for rid in section.rids { writer.attribute("rid:\(rid) send") }
      writer.attribute("simulcast:send " + section.rids.joined(separator: ";"))
    } else if let ssrc = section.ssrc {
      writer.sources(ssrc: ssrc, rtx: section.kind == .video ? section.rtxSSRC : nil, cname: cname, msid: msid)
    }
  }

  private static func extensions(for kind: MediaKind) -> NegotiatedExtensions {
    var own = extensions
    switch kind {
    case .audio: (own.dependencyDescriptor, own.rid, own.repairedRid) = (0, 0, 0)
    case .video: own.audioLevel = 0
    }
    return own
  }
}
