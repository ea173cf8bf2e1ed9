package import SRTP
package import WireBytes

/// Which side of the handshake. In WebRTC the answerer is the client (`a=setup:active`) by custom.
package enum DTLSRole: Sendable, Equatable { case client, server }

/// One DTLS 1.2 handshake and the SRTP keys that it gives (RFC 5764). Sans-IO and confined to one queue.
///
/// After each call that may send something, drain `nextDatagram()`, also when the call has thrown: an alert may wait.
/// The peer's certificate is checked against the fingerprint within the handshake, so that a session which is connected
/// has the right peer, and an SRTP profile.
package final class DTLSSession {
  /// Largest UDP payload. Fits the IPv6 minimum MTU of 1280 with headers, so that no path fragments a handshake.
  package static let maximumDatagram = 1200

  private enum State: Equatable {
    case idle, handshaking
    case connected(SRTPProfile)
    case closed
  }

  package let role: DTLSRole
  /// When `expire(at:)` wants to be called: the last flight then goes out again. `.never` when none waits.
  package private(set) var deadline = MonotonicInstant.never
  /// Nil once it has done its work.
  private var session: OpenSSLSession?
  private let identity: DTLSIdentity
  private var state = State.idle
  private var timeout = OpenSSLSession.firstTimeout
  private var flightsSeen: UInt64 = 0

  /// `profiles` in order of preference; a server's order decides. Throws `libraryFailure` for a fingerprint of another
  /// length than 32 or no profile at all.
  package init(
    role: DTLSRole, identity: DTLSIdentity, peerFingerprint: [UInt8], profiles: [SRTPProfile] = SRTPProfile.preferred
  ) throws(DTLSError) {
    guard peerFingerprint.count == 32, !profiles.isEmpty,
      let session = OpenSSLSession(
        identity, isServer: role == .server, fingerprint: peerFingerprint, profiles: profiles, mtu: Self.maximumDatagram
      )
    else { throw .libraryFailure }
    self.role = role
    self.identity = identity
    self.session = session
  }

  package var isConnected: Bool { if case .connected = state { true } else { false } }
  /// After close_notify of either side, or a fatal error.
  package var isClosed: Bool { state == .closed }

  /// A client sends its first flight; a server begins to listen. Again, or after the end, it does nothing.
  package func start(at now: MonotonicInstant) throws(DTLSError) {
    guard state == .idle else { return }
    state = .handshaking
    guard role == .client, let session else { return }
    try advance(session, session.step(), at: now)
  }

  /// Takes one datagram. Records that are damaged, forged or out of place are dropped silently (RFC 6347 section
  /// 4.1.2.7); what throws has ended the session.
  package func receive(_ datagram: Span<UInt8>, at now: MonotonicInstant) throws(DTLSError) {
    guard state != .closed else { throw .closed }
    // A record has 13 bytes of header at least; OpenSSL takes an empty read for the end of the stream.
    guard datagram.count >= 13 else { return }
    if state == .idle { try start(at: now) }
    guard let session else { return }
    try advance(session, session.step(datagram), at: now)
  }

  /// Sends the last flight again if its time has come.
  package func expire(at now: MonotonicInstant) throws(DTLSError) {
    guard deadline <= now, state == .handshaking, let session else { return }
    guard session.retransmit() else {
      end()
      throw session.failure
    }
    timeout = min(timeout * 2, OpenSSLSession.longestTimeout)
    flightsSeen = session.flights
    deadline = session.isWaiting ? now + timeout : .never
  }

  /// The next datagram to send, nil when there is none.
  package func nextDatagram() -> [UInt8]? { session?.nextDatagram() }

  /// The peer has sent something under the exported keys, so that it has the last flight: lets go of the memory, some
  /// 33 KiB. From then on datagrams are ignored, a close_notify too: nothing that happens to the session means anything
  /// to SRTP's keys. True when there was something to let go of.
  @discardableResult
  package func settle() -> Bool {
    guard isConnected, session != nil else { return false }
    session = nil
    return true
  }

  /// Says close_notify to the peer, unless the session has settled; drain `nextDatagram()` afterwards.
  package func close() {
    guard state != .closed else { return }
    session?.close()
    end()
  }

  /// The SRTP sessions of both directions. Each call makes new ones, so that it is to be called once.
  package func makeSRTP() throws(DTLSError) -> (sender: SRTPSender, receiver: SRTPReceiver, profile: SRTPProfile) {
    let keys = try keyingMaterial()
    do throws(SRTPError) {
      return (
        try SRTPSender(keys, writer: role == .client ? .client : .server),
        try SRTPReceiver(keys, writer: role == .client ? .server : .client),
        keys.profile
      )
    } catch {
      throw .libraryFailure
    }
  }

  /// The exporter's bytes as they are; tests compare both ends by it.
  package func exportKeyingMaterial() throws(DTLSError) -> [UInt8] {
    guard case .connected(let profile) = state, let session else { throw .notConnected }
    var bytes = [UInt8](repeating: 0, count: profile.keyingMaterialLength)
    var span = bytes.mutableSpan
    guard session.export(into: &span) else { throw .libraryFailure }
    return bytes
  }

  private func keyingMaterial() throws(DTLSError) -> SRTPKeyingMaterial {
    guard case .connected(let profile) = state, let session else { throw .notConnected }
    return try SRTPKeyingMaterial(profile: profile) { (span: inout MutableSpan<UInt8>) throws(DTLSError) in
      guard session.export(into: &span) else { throw .libraryFailure }
    }
  }

  private func advance(
    _ session: OpenSSLSession, _ status: OpenSSLSession.Status, at now: MonotonicInstant
  ) throws(DTLSError) {
    switch status {
    case .handshaking:
      rearm(session, at: now)
    case .connected:
      deadline = .never
      guard state == .handshaking else { return }
      guard let profile = session.srtpProfile else {
        session.close()
        end()
        throw .noSRTPProfile
      }
      state = .connected(profile)
    case .closed:
      // Answers with close_notify of our own (RFC 5246 section 7.2.1).
      session.close()
      end()
    case .failed:
      end()
      throw session.failure
    }
  }

  /// A new flight waits for its answer from now on; one that waits already keeps its deadline and its back-off.
  private func rearm(_ session: OpenSSLSession, at now: MonotonicInstant) {
    guard session.isWaiting else {
      deadline = .never
      return
    }
    guard session.flights != flightsSeen || deadline == .never else { return }
    flightsSeen = session.flights
    timeout = OpenSSLSession.firstTimeout
    deadline = now + timeout
  }

  private func end() {
    state = .closed
    deadline = .never
  }
}
