internal import CLibSRTP

/// The keys of one direction: the one that a DTLS client, or the one that a DTLS server, sends with.
package enum SRTPWriter: Sendable { case client, server }

/// Master keys and salts of both directions, as the DTLS exporter gives them (RFC 5764 section 4.2):
/// client key, server key, client salt, server salt. Erased on release.
@safe
package struct SRTPKeyingMaterial: ~Copyable {
  package let profile: SRTPProfile
  private let bytes: UnsafeMutableBufferPointer<UInt8>

  /// `fill` writes all `profile.keyingMaterialLength` bytes, straight into the memory that is erased later.
  package init<E: Error>(
    profile: SRTPProfile, fill: (inout MutableSpan<UInt8>) throws(E) -> Void
  ) throws(E) {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: profile.keyingMaterialLength)
    unsafe memory.initialize(repeating: 0)
    do throws(E) {
      var span = unsafe memory.mutableSpan
      try fill(&span)
    } catch {
      unsafe hop_wipe(memory.baseAddress, memory.count)
      unsafe memory.deallocate()
      throw error
    }
    self.profile = profile
    unsafe bytes = memory
  }

  deinit {
    unsafe hop_wipe(bytes.baseAddress, bytes.count)
    unsafe bytes.deallocate()
  }

  /// Lends the master key followed by the salt of one writer, the form libsrtp wants, and erases that copy.
  @unsafe
  borrowing func withKeyAndSalt<R, E: Error>(
    of writer: SRTPWriter, _ body: (UnsafeMutablePointer<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    let key = profile.keyLength
    let salt = profile.saltLength
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: key + salt)
    defer {
      unsafe hop_wipe(copy, key + salt)
      unsafe copy.deallocate()
    }
    let keyStart = writer == .client ? 0 : key
    let saltStart = 2 * key + (writer == .client ? 0 : salt)
    for index in 0..<key { unsafe (copy + index).initialize(to: bytes[keyStart + index]) }
    for index in 0..<salt { unsafe (copy + key + index).initialize(to: bytes[saltStart + index]) }
    return try unsafe body(copy)
  }

  /// Keying material in which both directions use one key; for sessions that are given keys and not a handshake.
  init(profile: SRTPProfile, masterKey: [UInt8], masterSalt: [UInt8]) throws(SRTPError) {
    guard masterKey.count == profile.keyLength, masterSalt.count == profile.saltLength else { throw .internalFailure }
    let joined = masterKey + masterKey + masterSalt + masterSalt
    try self.init(profile: profile) { (span: inout MutableSpan<UInt8>) throws(SRTPError) in
      for index in joined.indices { span[index] = joined[index] }
    }
  }
}
