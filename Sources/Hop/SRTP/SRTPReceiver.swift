/// Opens what comes in from one peer (RFC 3711, RFC 7714). Confined to one queue.
package final class SRTPReceiver {
  /// SSRCs that one peer may use. Each costs libsrtp some 600 bytes and one step of a linear search per packet, and is
  /// kept until the session ends: without a limit an authenticated peer could grow both without end.
  package static let streamLimit = 256

  private let session: SRTPSession
  private var streams: Set<UInt32> = []
  /// The stream of the packet before, which is most often that of the next one too.
  private var latestStream: UInt32?

  package init(_ keys: borrowing SRTPKeyingMaterial, writer: SRTPWriter) throws(SRTPError) {
    session = try SRTPSession(keys, of: writer, .inbound)
  }

  /// From a master key and salt; throws `internalFailure` when a length is not the profile's.
  package convenience init(profile: SRTPProfile, masterKey: [UInt8], masterSalt: [UInt8]) throws(SRTPError) {
    let keys = try SRTPKeyingMaterial(profile: profile, masterKey: masterKey, masterSalt: masterSalt)
    try self.init(keys, writer: .client)
  }

  package var profile: SRTPProfile { session.profile }

  /// Checks and decrypts the packet in the first `length` bytes, in place, and returns its new length. When it throws,
  /// the buffer's content is of no use. No Swift allocation, but for the first packet of an SSRC.
  package func unprotectRTP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard SRTPPacketBounds.isRTP(buffer, length: length, trailer: session.trailer(.rtp)) else { throw .malformed }
    let ssrc = SRTPPacketBounds.ssrc(buffer, at: 8)
    try admit(ssrc)
    let opened = try session.unprotect(.rtp, &buffer, length: length)
    remember(ssrc)
    return opened
  }

  /// The same for a compound RTCP packet.
  package func unprotectRTCP(_ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard SRTPPacketBounds.isRTCP(buffer, length: length, trailer: session.trailer(.rtcp)) else { throw .malformed }
    let ssrc = SRTPPacketBounds.ssrc(buffer, at: 4)
    try admit(ssrc)
    let opened = try session.unprotect(.rtcp, &buffer, length: length)
    remember(ssrc)
    return opened
  }

  private func admit(_ ssrc: UInt32) throws(SRTPError) {
    guard ssrc != latestStream, streams.count >= Self.streamLimit else { return }
    guard streams.contains(ssrc) else { throw .tooManyStreams }
  }

  /// Only an authenticated packet takes one of the places.
  private func remember(_ ssrc: UInt32) {
    guard ssrc != latestStream else { return }
    latestStream = ssrc
    streams.insert(ssrc)
  }
}
