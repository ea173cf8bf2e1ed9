internal import CLibSRTP
import WireBytes

/// One libsrtp2 session: one direction under one master key. All calls work in place. Confined to one queue.
@safe
final class SRTPSession {
  enum Direction { case outbound, inbound }
  enum Kind { case rtp, rtcp }

  /// Packets that the replay window reaches back; 128 is libsrtp's default. Bursts of video with retransmissions from
  /// far back need more, and 1024 costs 128 bytes per stream.
  private static let replayWindow: UInt = 1024
  /// The E flag and index of SRTCP (RFC 3711 section 3.4).
  static let rtcpIndexLength = 4

  let profile: SRTPProfile
  private let session: OpaquePointer

  init(_ keys: borrowing SRTPKeyingMaterial, of writer: SRTPWriter, _ direction: Direction) throws(SRTPError) {
    guard SRTPLibrary.isReady else { throw .internalFailure }
    profile = keys.profile
    var created: OpaquePointer?
    var policy = unsafe srtp_policy_t()
    switch keys.profile {
    case .aes128CMHMACSHA1_80:
      unsafe srtp_crypto_policy_set_rtp_default(&policy.rtp)
      unsafe srtp_crypto_policy_set_rtp_default(&policy.rtcp)
    case .aeadAES128GCM:
      unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      unsafe srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    case .aeadAES256GCM:
      unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
      unsafe srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
    }
    unsafe policy.ssrc.type = direction == .outbound ? ssrc_any_outbound : ssrc_any_inbound
    unsafe policy.window_size = Self.replayWindow
    // A number is protected once: with GCM, two different packets under one would give away the authentication key.
    unsafe policy.allow_repeat_tx = 0
    let status = unsafe keys.withKeyAndSalt(of: writer) { key in
      unsafe policy.key = key
      return unsafe srtp_create(&created, &policy)
    }
    guard status == srtp_err_status_ok, let created = unsafe created else { throw .internalFailure }
    unsafe session = created
  }

  deinit { _ = unsafe srtp_dealloc(session) }

  /// Bytes that protection adds.
  func trailer(_ kind: Kind) -> Int { profile.authTagLength + (kind == .rtcp ? Self.rtcpIndexLength : 0) }

  /// Encrypts the first `length` bytes and appends tag and index; returns the new length. The caller has checked that
  /// these are an RTP (or RTCP) packet.
  func protect(_ kind: Kind, _ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard length + trailer(kind) <= buffer.count else { throw .tooLong }
    var count = CInt(length)
    let status = unsafe buffer.withUnsafeMutableBytes { bytes in
      switch kind {
      case .rtp: unsafe srtp_protect(session, bytes.baseAddress, &count)
      case .rtcp: unsafe srtp_protect_rtcp(session, bytes.baseAddress, &count)
      }
    }
    guard status == srtp_err_status_ok else { throw Self.error(status) }
    return Int(count)
  }

  /// The same for an RTP header in `buffer` and a payload elsewhere, which fits behind it: libsrtp works in place only.
  func protectRTP(
    _ buffer: inout MutableSpan<UInt8>, headerLength: Int, payload: Span<UInt8>
  ) throws(SRTPError) -> Int {
    precondition(headerLength >= 0 && headerLength + payload.count <= buffer.count)
    unsafe buffer.withUnsafeMutableBufferPointer { target in
      unsafe payload.withUnsafeBufferPointer { source in
        guard let start = target.baseAddress, let first = source.baseAddress else { return }
        unsafe (start + headerLength).update(from: first, count: source.count)
      }
    }
    return try protect(.rtp, &buffer, length: headerLength + payload.count)
  }

  /// Checks and decrypts the first `length` bytes; returns the length of the plain packet.
  func unprotect(_ kind: Kind, _ buffer: inout MutableSpan<UInt8>, length: Int) throws(SRTPError) -> Int {
    guard length <= buffer.count else { throw .malformed }
    var count = CInt(length)
    let status = unsafe buffer.withUnsafeMutableBytes { bytes in
      switch kind {
      case .rtp: unsafe srtp_unprotect(session, bytes.baseAddress, &count)
      case .rtcp: unsafe srtp_unprotect_rtcp(session, bytes.baseAddress, &count)
      }
    }
    guard status == srtp_err_status_ok else { throw Self.error(status) }
    return Int(count)
  }

  private static func error(_ status: srtp_err_status_t) -> SRTPError {
    switch status {
    // The GCM ciphers report a wrong tag as a failure of the cipher.
    case srtp_err_status_auth_fail, srtp_err_status_cipher_fail: .authenticationFailed
    case srtp_err_status_replay_fail: .replayed
    case srtp_err_status_replay_old, srtp_err_status_pkt_idx_old: .replayTooOld
    case srtp_err_status_bad_param, srtp_err_status_parse_err, srtp_err_status_cant_check: .malformed
    case srtp_err_status_key_expired: .keyExhausted
    default: .internalFailure
    }
  }
}
