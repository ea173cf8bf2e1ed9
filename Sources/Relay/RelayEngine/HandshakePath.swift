import DTLS
import ICE
import SRTP
import STUN
import Signaling
import WireBytes

/// STUN and DTLS: how a peer's hop comes up.
extension ShardEngine {
  func receiveSTUN(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    let message = slab.read(slot) { try? STUNMessage(parsing: $0) }
    guard let message, let ufrag = ICELiteAgent.localUfrag(of: message) else { return drop(slot, .stunMalformed) }
    guard let peer = peers[ufrag: ufrag] else { return drop(slot, .stunUnknownUser) }
    let outcome: ICELiteAgent.Outcome?
    do throws(ICEError) {
      outcome = try slab.read(slot) { (bytes) throws(ICEError) in
        try peer.ice?.receive(message, of: bytes, from: endpoint, at: now)
      }
    } catch {
      return drop(slot, .stunUnauthenticated)
    }
    slab.release(slot)
    switch outcome {
    case nil: return
    case .reply(let response):
      send(response, to: endpoint, into: batch)
    case .replyAndSelected(let response, let selected):
      send(response, to: endpoint, into: batch)
      select(selected, for: peer, at: now, into: batch)
    }
    if peer.ice?.isValidated(endpoint) == true { peers.bind(endpoint, to: peer) }
    // A client that does not have the last flight by now has given up. Who only listens to silence sends nothing else.
    if let started = peer.dtlsStartedAt, started + configuration.handshakeTimeout < now { settleHop(of: peer) }
    if let lostAt = peer.consentLostAt, peer.ice?.hasConsent(at: now) == true, lostAt <= now {
      peer.consentLostAt = nil
      if peer.connection != nil { peer.resumeDeadline = .never }
      peer.endpoint = peer.ice?.selected
      announce(.good, of: peer)
      mediaBecameReady(peer, at: now, into: batch)
    }
    arm(peer)
  }

  private func select(_ endpoint: Endpoint, for peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    peers.bind(endpoint, to: peer)
    let wasReady = peer.isMediaReady
    peer.endpoint = endpoint
    // A handshake may be done before ICE has settled on an address.
    if !wasReady { mediaBecameReady(peer, at: now, into: batch) }
    guard let dtls = peer.dtls, peer.dtlsRole == .client, peer.dtlsStartedAt == nil else { return }
    peer.dtlsStartedAt = now
    do throws(DTLSError) { try dtls.start(at: now) } catch { return handshakeFailed(peer, error) }
    flush(dtls, of: peer, to: endpoint, into: batch)
  }

  func queueHandshake(_ slot: PacketSlot, from endpoint: Endpoint) {
    guard peers[endpoint]?.dtls != nil else { return drop(slot, .dtlsBeforeICE) }
    if !handshakes.append(slot, from: endpoint) { drop(slot, .dtlsBacklogFull) }
  }

  /// Does as much as media may wait for; `nextDeadline` has come while there is more.
  func continueHandshakes(at now: MonotonicInstant, into batch: EgressBatch) {
    for _ in 0..<HandshakeBacklog.atOnce {
      guard let (slot, endpoint) = handshakes.popFirst() else { return }
      receiveDTLS(slot, from: endpoint, at: now, into: batch)
    }
  }

  /// The keys for a packet that came from the peer; nil before its handshake is done. A client sends media right after
  /// its last flight: if that still waits here, its turn is now.
  func hopReceiver(of peer: Peer, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch)
    -> SRTPReceiver?
  {
    if peer.receiver == nil {
      for slot in handshakes.take(from: endpoint) { receiveDTLS(slot, from: endpoint, at: now, into: batch) }
    }
    return peer.receiver
  }

  private func receiveDTLS(
    _ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    // ICE first: nothing is answered before a check with valid integrity came from that address (DESIGN section 3).
    guard let peer = peers[endpoint], let dtls = peer.dtls else { return drop(slot, .dtlsBeforeICE) }
    if peer.dtlsStartedAt == nil { peer.dtlsStartedAt = now }
    let wasConnected = dtls.isConnected
    do throws(DTLSError) {
      try slab.read(slot) { (bytes) throws(DTLSError) in try dtls.receive(bytes, at: now) }
    } catch {
      flush(dtls, of: peer, to: endpoint, into: batch)
      drop(slot, .dtlsFailed)
      return wasConnected ? () : handshakeFailed(peer, error)
    }
    slab.release(slot)
    flush(dtls, of: peer, to: endpoint, into: batch)
    if dtls.isConnected, !wasConnected { hopConnected(peer, at: now, into: batch) }
    arm(peer)
  }

  func flush(_ dtls: DTLSSession, of peer: Peer, to endpoint: Endpoint, into batch: EgressBatch) {
    while let datagram = dtls.nextDatagram() { send(datagram, to: endpoint, into: batch) }
  }

  private func hopConnected(_ peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let dtls = peer.dtls else { return }
    do throws(DTLSError) {
      let srtp = try dtls.makeSRTP()
      peer.sender = srtp.sender
      peer.receiver = srtp.receiver
      counters.srtpProfiles[srtp.profile, default: 0] += 1
    } catch {
      return handshakeFailed(peer, error)
    }
    counters.dtlsHandshakesSucceeded += 1
    if let started = peer.dtlsStartedAt { counters.dtlsDuration.observe(Double(now.nanoseconds(since: started)) / 1e9) }
    peer.handshakeDeadline = .never
    hastenReports(to: peer, at: now)
    mediaBecameReady(peer, at: now, into: batch)
  }

  /// The peer's handshake is over on both sides: its memory is not needed any more.
  func settleHop(of peer: Peer) {
    if peer.dtls?.settle() == true { counters.dtlsSettled += 1 }
  }

  /// A failed handshake is final for this session: the client may offer again with new parameters.
  func handshakeFailed(_ peer: Peer, _ error: DTLSError) {
    counters.dtlsHandshakesFailed[error.label, default: 0] += 1
    peer.dtls = nil
    peer.handshakeDeadline = .never
    fail(peer, .badState, "the DTLS handshake failed: \(error.label)", about: "offer")
  }

  /// DTLS retransmission, consent, and the time limit of the handshake.
  func expireHop(of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    if let dtls = peer.dtls, !dtls.isConnected, dtls.deadline <= now {
      do throws(DTLSError) {
        try dtls.expire(at: now)
        if let endpoint = peer.endpoint ?? peer.knownEndpoints.last { flush(dtls, of: peer, to: endpoint, into: batch) }
      } catch {
        handshakeFailed(peer, error)
      }
    }
    if peer.handshakeDeadline <= now {
      peer.handshakeDeadline = .never
      counters.dtlsHandshakesFailed["timeout", default: 0] += 1
      fail(peer, .badState, "no DTLS handshake was completed in time", about: "offer")
    }
    if peer.endpoint != nil, peer.consentDeadline <= now {
      // RFC 7675 section 5.1: without consent nothing more is sent. Coming back within the resume window is no leave.
      peer.endpoint = nil
      peer.consentLostAt = now
      peer.resumeDeadline = min(peer.resumeDeadline, now + configuration.resumeWindow)
      announce(.lost, of: peer)
    }
  }

  /// Tells the room how a member's media reaches the relay, when that changes.
  func announce(_ quality: Quality.Level, of peer: Peer) {
    guard peer.quality != quality else { return }
    peer.quality = quality
    broadcast(.quality(Quality(member: peer.member, level: quality)), in: peer.room)
  }
}
