import WireBytes

/// Writes the lines that offers and answers have in common.
struct SDPWriter {
  private(set) var text = ""

  mutating func line(_ value: String) {
    text += value
    text += "\r\n"
  }

  mutating func attribute(_ value: String) { line("a=" + value) }

  /// v, o, s and t (RFC 8866 section 5). The origin's address says nothing, as RFC 9429 section 5.2.1 wants it.
  mutating func preamble(version: UInt64) {
    line("v=0")
    line("o=- 1 \(version) IN IP4 127.0.0.1")
    line("s=-")
    line("t=0 0")
  }

  mutating func bundle(_ mids: [String]) {
    guard !mids.isEmpty else { return }
    attribute("group:BUNDLE " + mids.joined(separator: " "))
  }

  mutating func transport(iceUfrag: String, icePwd: String, fingerprint: [UInt8], setup: Setup) {
    attribute("ice-ufrag:" + iceUfrag)
    attribute("ice-pwd:" + icePwd)
    let digits = Array("0123456789ABCDEF")
    let pairs = fingerprint.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }
    attribute("fingerprint:sha-256 " + pairs.joined(separator: ":"))
    attribute("setup:" + setup.rawValue)
  }

  mutating func extensions(_ extensions: NegotiatedExtensions) {
    if extensions.allowsMixed { attribute("extmap-allow-mixed") }
    for (id, uri) in extensions.mappings {
      attribute("extmap:\(id)" + (extensions.offererSendsOnly.contains(id) ? "/recvonly" : "") + " " + uri)
    }
  }

  mutating func codec(_ codec: NegotiatedCodec) {
    let type = codec.payloadType
    attribute("rtpmap:\(type) \(codec.name)/\(codec.clockRate)" + (codec.channels > 1 ? "/\(codec.channels)" : ""))
    for feedback in codec.feedback { attribute("rtcp-fb:\(type) \(feedback)") }
    if !codec.fmtp.isEmpty { attribute("fmtp:\(type) \(codec.fmtp)") }
    guard let rtx = codec.rtxPayloadType else { return }
    attribute("rtpmap:\(rtx) rtx/\(codec.clockRate)")
    attribute("fmtp:\(rtx) apt=\(type)")
  }

  /// The sources of a section that its writer sends in (RFC 5576).
  mutating func sources(ssrc: SSRC, rtx: SSRC?, cname: String, msid: String?) {
    if let rtx { attribute("ssrc-group:FID \(ssrc) \(rtx)") }
    for source in [ssrc, rtx].compactMap({ $0 }) {
      attribute("ssrc:\(source) cname:\(cname)")
      if let msid { attribute("ssrc:\(source) msid:\(msid)") }
    }
  }

  /// The formats of an m-line.
  static func formats(of codec: NegotiatedCodec) -> String {
    codec.payloadType.description + (codec.rtxPayloadType.map { " \($0)" } ?? "")
  }
}
