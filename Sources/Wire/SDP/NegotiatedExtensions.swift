/// Names of the header extensions that the relay and its clients know (RFC 8285 section 5).
package enum ExtensionURI {
  /// RFC 9143 section 15.
  package static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
  /// RFC 8852.
  package static let rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
  package static let repairedRid = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
  /// RFC 6464.
  package static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
  /// AV1 RTP specification, appendix A; carried with any codec.
  package static let dependencyDescriptor =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
  package static let absoluteSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
  package static let transportWideCC =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
}

/// The identifiers of the extensions that both sides use, always the offerer's; 0 = not in use.
package struct NegotiatedExtensions: Sendable, Hashable {
  package var mid: UInt8 = 0
  package var rid: UInt8 = 0
  package var repairedRid: UInt8 = 0
  package var audioLevel: UInt8 = 0
  package var dependencyDescriptor: UInt8 = 0
  package var absoluteSendTime: UInt8 = 0
  package var transportSequence: UInt8 = 0
  /// Whether one- and two-byte elements may be mixed in a stream (RFC 8285 section 4.1.2).
  package var allowsMixed = false
  /// Those of the identifiers above that the offerer sends but does not take, in a section that goes both ways.
  package var offererSendsOnly: Set<UInt8> = []

  package init(
    mid: UInt8 = 0, rid: UInt8 = 0, repairedRid: UInt8 = 0, audioLevel: UInt8 = 0, dependencyDescriptor: UInt8 = 0,
    absoluteSendTime: UInt8 = 0, transportSequence: UInt8 = 0, allowsMixed: Bool = false
  ) {
    self.mid = mid
    self.rid = rid
    self.repairedRid = repairedRid
    self.audioLevel = audioLevel
    self.dependencyDescriptor = dependencyDescriptor
    self.absoluteSendTime = absoluteSendTime
    self.transportSequence = transportSequence
    self.allowsMixed = allowsMixed
  }

  /// What the relay accepts of an offered section. Where the offerer limits an extension to one direction, as Firefox
  /// does with rids and the Dependency Descriptor (`8/sendonly`), it is taken where the section goes that way.
  init(accepting section: MediaSection) {
    self.init()
    allowsMixed = section.extmapAllowMixed
    for extmap in section.extensions
    where extmap.uri != ExtensionURI.absoluteSendTime && extmap.uri != ExtensionURI.transportWideCC {
      switch extmap.direction {
      case nil, .sendrecv: adopt(extmap, of: section)
      case .sendonly where section.direction.sends:
        guard let id = adopt(extmap, of: section), section.direction.receives else { continue }
        offererSendsOnly.insert(id)
      case .recvonly where section.direction == .recvonly: adopt(extmap, of: section)
      default: continue
      }
    }
  }

  /// What a section says, as a client reads it in the answer to its offer.
  init(reading section: MediaSection) {
    self.init()
    allowsMixed = section.extmapAllowMixed
    for extmap in section.extensions where extmap.direction != .inactive { adopt(extmap, of: section) }
  }

  /// The extensions the relay may put on packets to the offerer.
  package var egress: NegotiatedExtensions {
    var own = self
    for field in Self.fields where offererSendsOnly.contains(own[keyPath: field]) { own[keyPath: field] = 0 }
    own.offererSendsOnly = []
    return own
  }

  private static var fields: [WritableKeyPath<Self, UInt8>] {
    [\.mid, \.rid, \.repairedRid, \.audioLevel, \.dependencyDescriptor, \.absoluteSendTime, \.transportSequence]
  }

  /// The identifier, if the extension is known, its identifier fits a header, and it is the first of its name.
  @discardableResult
  private mutating func adopt(_ extmap: MediaSection.ExtMap, of section: MediaSection) -> UInt8? {
    guard let field = Self.field(of: extmap.uri, isAudio: section.kind == "audio"), self[keyPath: field] == 0,
      // 15 is reserved in the one-byte form; above it, elements are two-byte, one of which in a stream needs mixing.
      (1...14).contains(extmap.id) || (allowsMixed && (16...255).contains(extmap.id))
    else { return nil }
    self[keyPath: field] = UInt8(extmap.id)
    return UInt8(extmap.id)
  }

  private static func field(of uri: String, isAudio: Bool) -> WritableKeyPath<Self, UInt8>? {
    switch uri {
    case ExtensionURI.mid: \.mid
    case ExtensionURI.rid: \.rid
    case ExtensionURI.repairedRid: \.repairedRid
    case ExtensionURI.audioLevel where isAudio: \.audioLevel
    case ExtensionURI.dependencyDescriptor where !isAudio: \.dependencyDescriptor
    case ExtensionURI.absoluteSendTime: \.absoluteSendTime
    case ExtensionURI.transportWideCC: \.transportSequence
    default: nil
    }
  }

  /// (identifier, name) of all that are in use, by identifier.
  var mappings: [(id: UInt8, uri: String)] {
    [
      (mid, ExtensionURI.mid), (rid, ExtensionURI.rid), (repairedRid, ExtensionURI.repairedRid),
      (audioLevel, ExtensionURI.audioLevel), (dependencyDescriptor, ExtensionURI.dependencyDescriptor),
      (absoluteSendTime, ExtensionURI.absoluteSendTime), (transportSequence, ExtensionURI.transportWideCC),
    ].filter { $0.0 != 0 }.sorted { $0.0 < $1.0 }.map { (id: $0.0, uri: $0.1) }
  }
}
