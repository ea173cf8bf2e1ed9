import DTLS
import SRTP
import WireBytes

/// Two sessions joined by a network without delay, which may lose or change datagrams, in virtual time.
final class DTLSPair {
  enum Side { case client, server }

  let clientIdentity: DTLSIdentity
  let serverIdentity: DTLSIdentity
  let client: DTLSSession
  let server: DTLSSession
  /// Far from zero and from any real clock.
  private(set) var now = MonotonicInstant(nanoseconds: 77_000_000_000_000)
  private(set) var clientError: DTLSError?
  private(set) var serverError: DTLSError?
  /// Datagrams offered to the network so far, by either side.
  private(set) var sent = 0
  /// What becomes of the n-th datagram; empty means lost, more than one means repeated or split.
  var network: (_ index: Int, _ from: Side, _ datagram: [UInt8]) -> [[UInt8]] = { [$2] }

  init(
    clientProfiles: [SRTPProfile] = SRTPProfile.preferred, serverProfiles: [SRTPProfile] = SRTPProfile.preferred,
    serverFingerprint: [UInt8]? = nil, clientFingerprint: [UInt8]? = nil
  ) throws {
    clientIdentity = try DTLSIdentity()
    serverIdentity = try DTLSIdentity()
    client = try DTLSSession(
      role: .client, identity: clientIdentity, peerFingerprint: serverFingerprint ?? serverIdentity.fingerprint,
      profiles: clientProfiles)
    server = try DTLSSession(
      role: .server, identity: serverIdentity, peerFingerprint: clientFingerprint ?? clientIdentity.fingerprint,
      profiles: serverProfiles)
  }

  var isConnected: Bool { client.isConnected && server.isConnected }

  func start() throws { try client.start(at: now) }

  func wait(_ interval: TimeInterval) { now = now + interval }

  /// Passes datagrams until nobody has one to send.
  func exchange() {
    var isQuiet = false
    while !isQuiet {
      isQuiet = true
      while let datagram = client.nextDatagram() {
        isQuiet = false
        carry(datagram, from: .client)
      }
      while let datagram = server.nextDatagram() {
        isQuiet = false
        carry(datagram, from: .server)
      }
    }
  }

  /// Gives a datagram to the other side, past the network.
  func deliver(_ datagram: [UInt8], from side: Side) {
    do throws(DTLSError) {
      switch side {
      case .client: try server.receive(datagram.span, at: now)
      case .server: try client.receive(datagram.span, at: now)
      }
    } catch {
      note(error, of: side == .client ? .server : .client)
    }
  }

  /// Runs until both are connected, one has failed, or nothing would ever happen again. False if that takes longer
  /// than `limit` of virtual time.
  func run(limit: TimeInterval = .seconds(120)) throws -> Bool {
    let end = now + limit
    try start()
    exchange()
    while !isConnected, clientError == nil, serverError == nil {
      let next = min(client.deadline, server.deadline)
      guard next != .never else { return true }
      guard next <= end else { return false }
      now = max(now, next)
      expire()
      exchange()
    }
    return true
  }

  func expire() {
    do throws(DTLSError) { try client.expire(at: now) } catch { note(error, of: .client) }
    do throws(DTLSError) { try server.expire(at: now) } catch { note(error, of: .server) }
  }

  private func carry(_ datagram: [UInt8], from side: Side) {
    defer { sent += 1 }
    for arrival in network(sent, side, datagram) { deliver(arrival, from: side) }
  }

  private func note(_ error: DTLSError, of side: Side) {
    switch side {
    case .client: clientError = clientError ?? error
    case .server: serverError = serverError ?? error
    }
  }
}
