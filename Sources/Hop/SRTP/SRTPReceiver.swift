/// Opens what comes in from one peer (RFC 3711, RFC 7714). Confined to one queue.
package final class SRTPReceiver {
  /// SSRCs that one peer may use. Each takes memory until the session ends, and with libsrtp one step of a linear search
  /// per packet: without a limit an authenticated peer could grow both without end.
  package static let streamLimit = 256

  package let profile: SRTPProfile
  /// Used if there is no `session`.
  private let aead: AEADReceiver
  private let session: SRTPSession?
  /// The SSRCs of `session`; `aead` knows its own.
  private var streams: Set<UInt32> = []
  /// The stream of the packet before, which is most often that of the next one too.
  private var latestStream: UInt32?

  package init(
    _ keys: borrowing SRTPKeyingMaterial, writer: SRTPWriter, implementation: SRTPImplementation = .standard
  ) throws(SRTPError) {
    let usesAEAD = keys.profile.isAEAD && implementation != .libsrtp
    let session = usesAEAD ? nil : try SRTPSession(keys, of: writer, .inbound)
    aead =
      usesAEAD
      ? try AEADReceiver(keys, of: writer, streamLimit: Self.streamLimit, implementation: implementation)
      : AEADReceiver()
    self.session = session
    profile = keys.profile
  }

  /// From a master key and salt; throws `internalFailure` when a length is not the profile's.
  package convenience init(
    profile: SRTPProfile, masterKey: [UInt8], masterSalt: [UInt8], implementation: SRTPImplementation = .standard
  ) throws(SRTPError) {
    let keys = try SRTPKeyingMaterial(profile: profile, masterKey: masterKey, masterSalt: masterSalt)
    try self.init(keys, writer: .client, implementation: implementation)
  }

  /// Checks and decrypts the packet in the first `length` bytes, in place, and returns its new length. When it throws,
  /// the buffer's content is of no use. No Swift allocation, but for the first packet of an SSRC.
  package func unprotectRTP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    let trailer = profile.authTagLength
    guard let headerLength = SRTPPacketBounds.rtpHeaderLength(buffer, length: length, trailer: trailer) else {
      throw .malformed
    }
    guard let session else { return try aead.unprotectRTP(&buffer, headerLength: headerLength, length: length) }
    return try unprotect(session, .rtp, &buffer, length: length, ssrc: SRTPPacketBounds.ssrc(buffer, at: 8))
  }

  /// The same for a compound RTCP packet.
  package func unprotectRTCP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    let trailer = profile.authTagLength + SRTPSession.rtcpIndexLength
    guard SRTPPacketBounds.isRTCP(buffer, length: length, trailer: trailer) else { throw .malformed }
    guard let session else { return try aead.unprotectRTCP(&buffer, length: length) }
    return try unprotect(session, .rtcp, &buffer, length: length, ssrc: SRTPPacketBounds.ssrc(buffer, at: 4))
  }

  private func unprotect(
    _ session: SRTPSession, _ kind: SRTPSession.Kind, _ buffer: inout MutableSpan<UInt8>, length: Int, ssrc: UInt32
  ) throws(SRTPError) -> Int {
    if ssrc != latestStream, streams.count >= Self.streamLimit, !streams.contains(ssrc) { throw .tooManyStreams }
    let opened = try session.unprotect(kind, &buffer, length: length)
    // Only an authenticated packet takes one of the places.
    if ssrc != latestStream {
      latestStream = ssrc
      streams.insert(ssrc)
    }
    return opened
  }
}
