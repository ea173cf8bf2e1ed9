internal import CSRTPCipher

/// One session key and salt, expanded once for AES-GCM (RFC 7714): a packet sets its nonce and no more. Keys are wiped on
/// release. Confined to one queue.
@safe
struct AEADContext: ~Copyable {
  enum Kind { case rtp, rtcp }

  /// Nil in one that holds no key; it seals and opens nothing.
  private let context: OpaquePointer?

  init() { unsafe context = nil }

  /// Derives the keys of one kind of packet from the master key and salt of `writer`. `seals`: this side is `writer`.
  init(
    _ keys: borrowing SRTPKeyingMaterial, of writer: SRTPWriter, _ kind: Kind, seals: Bool,
    implementation: SRTPImplementation
  ) throws(SRTPError) {
    let keyLength = keys.profile.keyLength
    guard keys.profile.isAEAD, keys.profile.saltLength == SRTP_CIPHER_SALT_LENGTH else { throw .internalFailure }
    let library = implementation == .openSSL ? SRTP_CIPHER_OPENSSL : SRTP_CIPHER_FASTEST
    // The labels of RFC 3711 section 4.3.2.
    let (keyLabel, saltLabel): (UInt8, UInt8) = kind == .rtp ? (0, 2) : (3, 5)
    let made = unsafe keys.withKeyAndSalt(of: writer) { key in
      unsafe srtp_cipher_new(library, key, keyLength, key + keyLength, keyLabel, saltLabel, seals ? 1 : 0)
    }
    guard let made = unsafe made else { throw .internalFailure }
    unsafe context = made
  }

  deinit { unsafe srtp_cipher_free(context) }

  static var hasMultiBuffer: Bool { srtp_cipher_has_ipsec_mb() == 1 }

  func prefetch(stage: Int) {
    if let context = unsafe context { unsafe srtp_cipher_prefetch(context, CInt(stage)) }
  }

  /// What identifies a packet and is authenticated beside its payload.
  struct Packet {
    let ssrc: UInt32
    /// The packet index; never used twice under one SSRC.
    let index: UInt64
    /// Where the encrypted part starts.
    let headerLength: Int
    /// SRTCP's E flag and index, which lie behind the tag and are authenticated too; empty for SRTP.
    var trailer = 0..<0
  }

  /// Encrypts the bytes from the header's end to `end` in place, and writes the tag behind them. The caller has checked
  /// that all of it lies within the buffer.
  func seal(_ packet: Packet, _ buffer: inout MutableSpan<UInt8>, end: Int) -> Bool {
    guard let context = unsafe context else { return false }
    return unsafe Self.withParts(packet, &buffer, end: end) { header, more, body, count in
      unsafe srtp_cipher_seal(
        context, packet.ssrc, packet.index, header, packet.headerLength, more, packet.trailer.count, body, body, count)
        == 1
    }
  }

  /// Encrypts a payload that lies elsewhere to behind the header, and writes the tag behind it: saves the copy. The
  /// caller has checked that all of it fits.
  func seal(_ packet: Packet, payload: Span<UInt8>, _ buffer: inout MutableSpan<UInt8>) -> Bool {
    guard let context = unsafe context else { return false }
    let end = packet.headerLength + payload.count
    return unsafe payload.withUnsafeBufferPointer { plain in
      unsafe Self.withParts(packet, &buffer, end: end) { header, more, body, count in
        unsafe srtp_cipher_seal(
          context, packet.ssrc, packet.index, header, packet.headerLength, more, packet.trailer.count,
          plain.baseAddress ?? UnsafePointer(body), body, count) == 1
      }
    }
  }

  /// The reverse; false when the tag behind `end` does not match.
  func open(_ packet: Packet, _ buffer: inout MutableSpan<UInt8>, end: Int) -> Bool {
    guard let context = unsafe context else { return false }
    return unsafe Self.withParts(packet, &buffer, end: end) { header, more, body, count in
      unsafe srtp_cipher_open(
        context, packet.ssrc, packet.index, header, packet.headerLength, more, packet.trailer.count, body, count) == 1
    }
  }

  private static func withParts(
    _ packet: Packet, _ buffer: inout MutableSpan<UInt8>, end: Int,
    _ body: (
      UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>, Int
    ) -> Bool
  ) -> Bool {
    precondition(packet.headerLength <= end && end + 16 <= buffer.count && packet.trailer.upperBound <= buffer.count)
    return unsafe buffer.withUnsafeMutableBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return false }
      return unsafe body(
        start, start + packet.trailer.lowerBound, start + packet.headerLength, end - packet.headerLength)
    }
  }
}
