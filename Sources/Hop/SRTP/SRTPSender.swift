/// Protects what goes out to one peer (RFC 3711, RFC 7714). Confined to one queue.
///
/// Packets of one SSRC must have rising sequence numbers, within the replay window; the rollover counter follows from
/// them. A sequence number is protected once: a second packet under it is refused as `replayed`, since with GCM two
/// different ones would give away the authentication key. Who repeats a packet repeats the protected one.
package final class SRTPSender {
  /// Packets under one key (RFC 7714 section 11).
  package static let packetLimit: UInt64 = 1 << 48

  package let profile: SRTPProfile
  /// Used if there is no `session`.
  private let aead: AEADSender
  private let session: SRTPSession?

  package init(
    _ keys: borrowing SRTPKeyingMaterial, writer: SRTPWriter, implementation: SRTPImplementation = .standard,
    packetLimit: UInt64 = packetLimit
  ) throws(SRTPError) {
    let usesAEAD = keys.profile.isAEAD && implementation != .libsrtp
    let session = usesAEAD ? nil : try SRTPSession(keys, of: writer, .outbound)
    aead =
      usesAEAD
      ? try AEADSender(keys, of: writer, packetLimit: packetLimit, implementation: implementation) : AEADSender()
    self.session = session
    profile = keys.profile
  }

  /// From a master key and salt; throws `internalFailure` when a length is not the profile's. `packetLimit` holds for
  /// the AEAD profiles' standard implementation.
  package convenience init(
    profile: SRTPProfile, masterKey: [UInt8], masterSalt: [UInt8], implementation: SRTPImplementation = .standard,
    packetLimit: UInt64 = packetLimit
  ) throws(SRTPError) {
    let keys = try SRTPKeyingMaterial(profile: profile, masterKey: masterKey, masterSalt: masterSalt)
    try self.init(keys, writer: .client, implementation: implementation, packetLimit: packetLimit)
  }

  /// Encrypts the packet in the first `length` bytes, in place, and returns its new length. The buffer has room for
  /// the tag behind `length`, else `tooLong` is thrown. No Swift allocation, but for the first packet of an SSRC.
  package func protectRTP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard let headerLength = SRTPPacketBounds.rtpHeaderLength(buffer, length: length, trailer: 0) else {
      throw .malformed
    }
    guard let session else { return try aead.protectRTP(&buffer, headerLength: headerLength, length: length) }
    return try session.protect(.rtp, &buffer, length: length)
  }

  /// The same for a header of `headerLength` bytes in `buffer` and a payload that lies elsewhere, which is encrypted to
  /// behind the header: one pass over memory less than copying it there first.
  package func protectRTP(
    _ buffer: inout MutableSpan<UInt8>, headerLength: Int, payload: Span<UInt8>
  ) throws(SRTPError) -> Int {
    // The rest of the header is not looked at: whoever encrypts from elsewhere wrote it.
    guard headerLength >= 12, headerLength + payload.count <= buffer.count else { throw .tooLong }
    guard let session else { return try aead.protectRTP(&buffer, headerLength: headerLength, payload: payload) }
    return try session.protectRTP(&buffer, headerLength: headerLength, payload: payload)
  }

  /// The same for a compound RTCP packet; adds a tag and four bytes of index.
  package func protectRTCP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard SRTPPacketBounds.isRTCP(buffer, length: length, trailer: 0) else { throw .malformed }
    guard let session else { return try aead.protectRTCP(&buffer, length: length) }
    return try session.protect(.rtcp, &buffer, length: length)
  }

  /// Brings what the next packet needs into the cache: in stage 1 what this object refers to, in stage 2 what that refers
  /// to.
  package func prefetch(stage: Int) { aead.prefetch(stage: stage) }
}
