import WireBytes

/// Collects the lines of one media section. Attributes come in any order: Firefox writes `fmtp` before `rtpmap`.
struct MediaSectionParser {
  private var section: MediaSection
  private var mappings: [UInt8: (name: String, clockRate: UInt32, channels: Int)] = [:]
  private var parameters: [UInt8: String] = [:]
  private var feedback: [UInt8: [String]] = [:]
  private var feedbackOfAll: [String] = []
  private var feedbackCount = 0
  private var sourceIndex: [SSRC: Int] = [:]
  /// Fingerprints of the session level stand until the section names its own (RFC 8122 section 5).
  private var hasOwnFingerprint = false

  /// Takes session-level attributes only.
  init(defaults: Void) {
    section = MediaSection(kind: "", port: 0, proto: "", formats: [])
  }

  init(mediaLine line: SDPLine, defaults: MediaSectionParser) throws(SDPError) {
    let words = line.value.words
    guard words.count >= 4, words[0].isToken, words[1].utf8.count <= 11,
      let port = words[1].prefix(while: { $0 != "/" }).number(UInt16.self),
      words[2].split(separator: "/", omittingEmptySubsequences: false).allSatisfy(\.isToken),
      words[3...].allSatisfy(\.isToken)
    else { throw SDPError(.badMediaLine, line: line.number) }
    guard words.count - 3 <= SDPLimits.attributesOfOneKind else {
      throw SDPError(.tooManyAttributes, line: line.number)
    }
    section = defaults.section
    section.kind = String(words[0])
    section.port = port
    section.proto = String(words[2])
    section.formats = words[3...].map(String.init)
    section.line = line.number
    guard section.proto.contains("RTP/") else { return }
    for word in words[3...] {
      guard let type = word.number(UInt8.self), type < 128 else { throw SDPError(.badMediaLine, line: line.number) }
      if !section.payloadTypes.contains(PayloadType(type)) { section.payloadTypes.append(PayloadType(type)) }
    }
  }

  func finish() throws(SDPError) -> MediaSection {
    guard !section.mid.isEmpty || section.isDisabled else { throw SDPError(.missingMid, line: section.line) }
    var section = section
    section.codecs = section.payloadTypes.compactMap { type in
      guard let mapping = mappings[type.rawValue] else { return nil }
      return MediaSection.Codec(
        payloadType: type, name: mapping.name, clockRate: mapping.clockRate, channels: mapping.channels,
        fmtp: parameters[type.rawValue] ?? "", feedback: feedbackOfAll + (feedback[type.rawValue] ?? []))
    }
    return section
  }

  mutating func read(_ line: SDPLine) throws(SDPError) {
    if line.type == UInt8(ascii: "b") { return readBandwidth(line.value) }
    guard line.type == UInt8(ascii: "a") else { return }
    let (name, value) = line.attribute
    let understood =
      switch name {
      case "rtcp-mux": set(\.rtcpMux)
      case "rtcp-rsize": set(\.rtcpRsize)
      case "bundle-only": set(\.bundleOnly)
      case "extmap-allow-mixed": set(\.extmapAllowMixed)
      case "end-of-candidates": set(\.endOfCandidates)
      case "sendrecv", "sendonly", "recvonly", "inactive": readDirection(name)
      case "mid": readMid(value)
      case "setup": readSetup(value)
      case "ice-ufrag": readCredential(value, length: 4...256, into: \.iceUfrag)
      case "ice-pwd": readCredential(value, length: 22...256, into: \.icePwd)
      case "fingerprint": readFingerprint(value)
      case "rtpmap": readMapping(value)
      case "fmtp": readParameters(value)
      case "rtcp-fb": readFeedback(value)
      case "extmap": readExtension(value)
      case "ssrc": readSource(value)
      case "ssrc-group": readSourceGroup(value)
      case "rid": readRid(value)
      case "simulcast": readSimulcast(value)
      case "msid": readMsid(value)
      case "candidate": readCandidate(value)
      default: true
      }
    guard understood else { throw SDPError(.badAttribute, line: line.number) }
    guard !isOverfull else { throw SDPError(.tooManyAttributes, line: line.number) }
  }

  private var isOverfull: Bool {
    let limit = SDPLimits.attributesOfOneKind
    return section.extensions.count > limit || section.ssrcs.count > limit || section.ssrcGroups.count > limit
      || section.rids.count > 32 || section.fingerprints.count > 16 || feedbackCount > 2 * limit
      || feedbackOfAll.count > 16
  }
}

// Each reader says whether the value was well formed.
extension MediaSectionParser {
  private mutating func set(_ flag: WritableKeyPath<MediaSection, Bool>) -> Bool {
    section[keyPath: flag] = true
    return true
  }

  private mutating func readBandwidth(_ value: Substring) {
    guard value.hasPrefix("TIAS:") else { return }
    section.maxBitrate = value.dropFirst(5).number()
  }

  private mutating func readDirection(_ name: Substring) -> Bool {
    section.direction = Direction(rawValue: String(name)) ?? .sendrecv
    return true
  }

  private mutating func readMid(_ value: Substring) -> Bool {
    guard value.isToken, value.utf8.count <= SDPLimits.midBytes else { return false }
    section.mid = String(value)
    return true
  }

  private mutating func readSetup(_ value: Substring) -> Bool {
    // `holdconn` (RFC 4145) is the one other value; DTLS-SRTP has no use for it.
    section.setup = Setup(rawValue: String(value))
    return section.setup != nil
  }

  /// ice-char of RFC 8839 section 5.4; and '-', '_' and '=' which implementations write too.
  private mutating func readCredential(
    _ value: Substring, length: ClosedRange<Int>, into field: WritableKeyPath<MediaSection, String?>
  ) -> Bool {
    let isICE = value.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2F, 0x3D, 0x5F: true
      default: false
      }
    }
    guard isICE, length.contains(value.utf8.count) else { return false }
    section[keyPath: field] = String(value)
    return true
  }

  private mutating func readFingerprint(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count == 2, let bytes = Self.hexPairs(words[1]), (16...64).contains(bytes.count) else { return false }
    if !hasOwnFingerprint, !section.kind.isEmpty { section.fingerprints.removeAll() }
    hasOwnFingerprint = true
    section.fingerprints.append(MediaSection.Fingerprint(algorithm: words[0].lowercased(), bytes: bytes))
    return true
  }

  /// `AB:CD:…` (RFC 8122 section 5).
  private static func hexPairs(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    for pair in text.split(separator: ":", omittingEmptySubsequences: false) {
      guard pair.utf8.count == 2, pair.utf8.first != UInt8(ascii: "+"), pair.utf8.first != UInt8(ascii: "-"),
        let byte = UInt8(pair, radix: 16)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// Splits off the payload type that starts the values of rtpmap, fmtp and rtcp-fb.
  private static func payloadType(of value: Substring) -> (UInt8, Substring)? {
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, let type = parts[0].number(UInt8.self), type < 128 else { return nil }
    return (type, parts[1])
  }

  private mutating func readMapping(_ value: Substring) -> Bool {
    guard let (type, rest) = Self.payloadType(of: value) else { return false }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts[0].isToken, parts[0].utf8.count <= 32,
      let clockRate = parts[1].number(UInt32.self), clockRate > 0
    else { return false }
    guard let channels = parts.count == 3 ? parts[2].number(UInt8.self) : 1, channels > 0 else { return false }
    mappings[type] = (String(parts[0]), clockRate, Int(channels))
    return true
  }

  private mutating func readParameters(_ value: Substring) -> Bool {
    guard let (type, rest) = Self.payloadType(of: value) else { return false }
    parameters[type] = String(rest)
    return true
  }

  private mutating func readFeedback(_ value: Substring) -> Bool {
    if value.hasPrefix("* ") {
      feedbackOfAll.append(String(value.dropFirst(2)))
      return true
    }
    guard let (type, rest) = Self.payloadType(of: value) else { return false }
    feedback[type, default: []].append(String(rest))
    feedbackCount += 1
    return true
  }

  private mutating func readExtension(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count >= 2 else { return false }
    let parts = words[0].split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let id = parts[0].number(UInt16.self), id > 0 else { return false }
    let direction = parts.count == 2 ? Direction(rawValue: String(parts[1])) : nil
    guard parts.count == 1 || direction != nil else { return false }
    section.extensions.append(MediaSection.ExtMap(id: id, direction: direction, uri: String(words[1])))
    return true
  }

  private mutating func readSource(_ value: Substring) -> Bool {
    let parts = value.split(separator: " ", maxSplits: 1)
    guard let first = parts.first, let number = first.number(UInt32.self) else { return false }
    let cname = parts.count == 2 && parts[1].hasPrefix("cname:") ? String(parts[1].dropFirst(6)) : nil
    if let index = sourceIndex[SSRC(number)] {
      if let cname { section.ssrcs[index].cname = cname }
    } else {
      sourceIndex[SSRC(number)] = section.ssrcs.count
      section.ssrcs.append(MediaSection.Source(ssrc: SSRC(number), cname: cname))
    }
    return true
  }

  private mutating func readSourceGroup(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count >= 2, words.count <= 33, words[0].isToken else { return false }
    let ssrcs = words[1...].compactMap { $0.number(UInt32.self).map { SSRC($0) } }
    guard ssrcs.count == words.count - 1 else { return false }
    section.ssrcGroups.append(MediaSection.SourceGroup(semantics: String(words[0]), ssrcs: ssrcs))
    return true
  }

  private mutating func readRid(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count >= 2, Self.isRid(words[0]), words[1] == "send" || words[1] == "recv" else { return false }
    section.rids.append(MediaSection.Rid(id: String(words[0]), isSend: words[1] == "send"))
    return true
  }

  /// rid-id of RFC 8851 section 10, bounded by what fits the header extension.
  private static func isRid(_ text: Substring) -> Bool {
    (1...16).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
      }
  }

  /// `send a;b;~c recv d` (RFC 8853 section 5.1); `~` marks an encoding that starts paused, `,` alternatives.
  private mutating func readSimulcast(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count == 2 || words.count == 4 else { return false }
    for index in stride(from: 0, to: words.count, by: 2) {
      var ids: [String] = []
      for alternatives in words[index + 1].split(separator: ";", omittingEmptySubsequences: false) {
        guard let first = alternatives.split(separator: ",").first else { return false }
        let id = first.hasPrefix("~") ? first.dropFirst() : first
        guard Self.isRid(id), ids.count < 32 else { return false }
        ids.append(String(id))
      }
      switch words[index] {
      case "send": section.simulcastSend = ids
      case "recv": section.simulcastReceive = ids
      default: return false
      }
    }
    return true
  }

  private mutating func readMsid(_ value: Substring) -> Bool {
    let words = value.words
    guard let stream = words.first else { return false }
    section.msid = MediaSection.StreamTrack(stream: String(stream), track: words.count > 1 ? String(words[1]) : "")
    return true
  }

  /// RFC 8839 section 5.1. One that cannot be used, such as an mDNS name, is no error: others may do.
  private mutating func readCandidate(_ value: Substring) -> Bool {
    let words = value.words
    guard words.count >= 8, words[6] == "typ", let component = words[1].number(UInt16.self),
      let priority = words[3].number(UInt32.self), let port = words[5].number(UInt16.self),
      let endpoint = Endpoint(address: words[4], port: port), section.candidates.count < 64
    else { return true }
    section.candidates.append(
      MediaSection.Candidate(
        component: Int(component), transport: words[2].lowercased(), priority: priority, endpoint: endpoint,
        type: String(words[7])))
    return true
  }
}
