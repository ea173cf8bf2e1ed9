/// Synchronization source (RFC 3550 section 3).
package struct SSRC: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
  package let rawValue: UInt32
  @inlinable
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable
  package init(_ value: UInt32) { rawValue = value }
  // Not the derived one, which other modules call by way of the protocol\'s table.
  @inlinable
  package static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }
  package var description: String { String(rawValue) }
}

/// RTP payload type, 0...127 (RFC 3550 section 5.1).
package struct PayloadType: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
  package let rawValue: UInt8
  @inlinable
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  @inlinable
  package init(_ value: UInt8) { rawValue = value }
  // Not the derived one, which other modules call by way of the protocol\'s table.
  @inlinable
  package static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }
  package var description: String { String(rawValue) }
}

/// The 128-bit pseudonym under which the relay knows a room. Clients derive it from the invite secret.
package struct RoomID: Hashable, Sendable {
  package static let byteCount = 16
  package let bytes: [UInt8]

  /// Nil unless exactly 16 bytes are given.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  /// From the base64url text of the signalling protocol.
  package init?(text: String) {
    guard let bytes = Base64URL.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  package var text: String { Base64URL.encode(bytes) }
}

/// A member's identifier within one call: the first 16 bytes of the SHA3-256 of its key bundle, as base64url.
///
/// It names the bundle itself, so a relay cannot give one member's identifier to another.
package struct MemberID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package static let byteCount = 16
  // Two words instead of text: identifiers are keys of tables that every received frame is looked up in.
  private let high: UInt64
  private let low: UInt64

  /// Nil unless `text` is the base64url form of 16 bytes.
  package init?(text: String) {
    guard text.utf8.count == 22, let bytes = Base64URL.decode(text), bytes.count == Self.byteCount else { return nil }
    self.init(sixteenBytes: bytes)
  }

  /// From the SHA3-256 of the member's key bundle. Fewer bytes, which only a liar sends, count as followed by zeros.
  package init(bundleHash: [UInt8]) {
    let missing = max(0, Self.byteCount - bundleHash.count)
    self.init(sixteenBytes: bundleHash + [UInt8](repeating: 0, count: missing))
  }

  private init(sixteenBytes bytes: [UInt8]) {
    high = bytes.span.u64(at: 0)
    low = bytes.span.u64(at: 8)
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(u64: high)
    bytes.append(u64: low)
    return bytes
  }

  package var text: String { Base64URL.encode(bytes) }
  package var description: String { text }
  package static func < (a: Self, b: Self) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

/// Audio or video, as in the m-line of SDP.
package enum MediaKind: String, Sendable, Hashable, Codable, CaseIterable {
  case audio, video

  // Not the one of all types with a raw value, which compares texts.
  @inlinable
  package static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.audio, .audio), (.video, .video): true
    case (.audio, .video), (.video, .audio): false
    }
  }
}
