/// A parsed session description (RFC 8866): the part of it that WebRTC uses (RFC 9429).
///
/// Attributes that are not known are ignored; known ones that are malformed are refused.
package struct SessionDescription: Sendable {
  /// Mids of the BUNDLE group (RFC 9143), the tagged one first; empty without one.
  package private(set) var bundle: [String] = []
  package private(set) var iceLite = false
  package private(set) var media: [MediaSection] = []

  package init(parsing text: String) throws(SDPError) {
    let lines = try SDPLine.split(text)
    guard let first = lines.first, first.type == UInt8(ascii: "v"), first.value == "0" else {
      throw SDPError(.badVersion, line: lines.first?.number ?? 0)
    }
    let sectionStarts = lines.indices.filter { lines[$0].type == UInt8(ascii: "m") }
    guard sectionStarts.count <= SDPLimits.sections else { throw SDPError(.tooManySections) }
    var defaults = MediaSectionParser(defaults: ())
    for line in lines[..<(sectionStarts.first ?? lines.endIndex)] { try readSession(line, into: &defaults) }
    for (index, start) in sectionStarts.enumerated() {
      let end = index + 1 < sectionStarts.count ? sectionStarts[index + 1] : lines.endIndex
      var parser = try MediaSectionParser(mediaLine: lines[start], defaults: defaults)
      for line in lines[(start + 1)..<end] { try parser.read(line) }
      media.append(try parser.finish())
    }
    var mids = Set<String>()
    for section in media where !section.mid.isEmpty {
      guard mids.insert(section.mid).inserted else { throw SDPError(.duplicateMid, line: section.line) }
    }
  }

  private mutating func readSession(_ line: SDPLine, into defaults: inout MediaSectionParser) throws(SDPError) {
    guard line.type == UInt8(ascii: "a") else { return }
    let (name, value) = line.attribute
    switch name {
    case "ice-lite": iceLite = true
    case "group":
      let words = value.words
      guard words.first == "BUNDLE", bundle.isEmpty else { return }
      guard words.count <= SDPLimits.sections + 1 else { throw SDPError(.tooManyAttributes, line: line.number) }
      bundle = words.dropFirst().map(String.init)
    // Where browsers put session-wide values; all else at this level says nothing about a section.
    case "ice-ufrag", "ice-pwd", "fingerprint", "setup", "extmap", "extmap-allow-mixed", "sendrecv", "sendonly",
      "recvonly", "inactive":
      try defaults.read(line)
    default: break
    }
  }
}
