/// Protects what goes out to one peer (RFC 3711, RFC 7714). Confined to one queue.
///
/// Packets of one SSRC must have rising sequence numbers, within the replay window; the rollover counter follows from
/// them. A sequence number is protected once: a second packet under it is refused as `replayed`, since with GCM two
/// different ones would give away the authentication key. Who repeats a packet repeats the protected one.
package final class SRTPSender {
  private let session: SRTPSession

  package init(_ keys: borrowing SRTPKeyingMaterial, writer: SRTPWriter) throws(SRTPError) {
    session = try SRTPSession(keys, of: writer, .outbound)
  }

  /// From a master key and salt; throws `internalFailure` when a length is not the profile's.
  package convenience init(profile: SRTPProfile, masterKey: [UInt8], masterSalt: [UInt8]) throws(SRTPError) {
    let keys = try SRTPKeyingMaterial(profile: profile, masterKey: masterKey, masterSalt: masterSalt)
    try self.init(keys, writer: .client)
  }

  package var profile: SRTPProfile { session.profile }

  /// Encrypts the packet in the first `length` bytes, in place, and returns its new length. The buffer has room for
  /// the tag behind `length`, else `tooLong` is thrown. No Swift allocation.
  package func protectRTP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard SRTPPacketBounds.isRTP(buffer, length: length, trailer: 0) else { throw .malformed }
    return try session.protect(.rtp, &buffer, length: length)
  }

  /// The same for a compound RTCP packet; adds a tag and four bytes of index.
  package func protectRTCP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard SRTPPacketBounds.isRTCP(buffer, length: length, trailer: 0) else { throw .malformed }
    return try session.protect(.rtcp, &buffer, length: length)
  }
}
