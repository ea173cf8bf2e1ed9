import DTLS
import ICE
import SDP
import SRTP
import WireBytes

/// The hop to the relay: ICE, then DTLS, then SRTP.
extension Participant {
  /// Starts or restarts ICE; the DTLS association stays as long as the relay's certificate does.
  func startHop(_ answer: AnsweredSession, local: ICECredentials, at now: MonotonicInstant) -> Bool {
    var agent = ICEClientAgent(local: local, tieBreaker: random.u64(), random: random)
    agent.setRemote(
      ICECredentials(ufrag: answer.iceUfrag, pwd: answer.icePwd), candidates: answer.candidates, at: now)
    ice = agent
    guard dtls == nil || relayFingerprint != answer.fingerprint else { return true }
    relayFingerprint = answer.fingerprint
    dtlsRole = answer.setup == .active ? .server : .client
    hasStartedDTLS = false
    sender = nil
    receiver = nil
    do throws(DTLSError) {
      dtls = try DTLSSession(
        role: dtlsRole, identity: identity, peerFingerprint: answer.fingerprint,
        profiles: configuration.srtpProfiles)
      return true
    } catch {
      end(.hopFailed(error.label))
      return false
    }
  }

  func receiveSTUN(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    do throws(ICEError) {
      try slab.read(slot) { (bytes) throws(ICEError) in try self.ice?.receive(bytes, from: endpoint, at: now) }
    } catch {
      counters.datagramsDropped &+= 1
    }
    flushICE(at: now, into: batch)
  }

  /// Sends what the agent has to send and follows its state.
  func flushICE(at now: MonotonicInstant, into batch: EgressBatch) {
    while let transmit = ice?.nextTransmit() { send(transmit.datagram, to: transmit.to, into: batch) }
    guard let ice else { return }
    if let selected = ice.selected {
      relayEndpoint = selected
      startDTLS(at: now, into: batch)
    }
    switch ice.state {
    case .connected where isInterrupted:
      isInterrupted = false
      events.append(.mediaRestored)
    case .disconnected where !isInterrupted, .failed where !isInterrupted:
      isInterrupted = true
      // RFC 7675 section 5.1: without consent nothing more is sent.
      relayEndpoint = nil
      events.append(.mediaInterrupted)
    default: return
    }
  }

  private func startDTLS(at now: MonotonicInstant, into batch: EgressBatch) {
    guard let dtls, !hasStartedDTLS else { return }
    hasStartedDTLS = true
    guard dtlsRole == .client else { return }
    do throws(DTLSError) { try dtls.start(at: now) } catch { return end(.hopFailed(error.label)) }
    flushDTLS(into: batch)
  }

  func receiveDTLS(_ slot: PacketSlot, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let dtls else { return counters.datagramsDropped &+= 1 }
    let wasConnected = dtls.isConnected
    hasStartedDTLS = true
    do throws(DTLSError) {
      try slab.read(slot) { (bytes) throws(DTLSError) in try dtls.receive(bytes, at: now) }
    } catch {
      flushDTLS(into: batch)
      return wasConnected ? counters.datagramsDropped &+= 1 : end(.hopFailed(error.label))
    }
    flushDTLS(into: batch)
    guard dtls.isConnected, !wasConnected else { return }
    do throws(DTLSError) {
      let srtp = try dtls.makeSRTP()
      sender = srtp.sender
      receiver = srtp.receiver
      nextReport = now + .milliseconds(200)
      events.append(.mediaConnected(srtp.profile))
    } catch {
      end(.hopFailed(error.label))
    }
  }

  func flushDTLS(into batch: EgressBatch) {
    guard let dtls, let relayEndpoint else { return }
    while let datagram = dtls.nextDatagram() { send(datagram, to: relayEndpoint, into: batch) }
  }

  func expireHop(at now: MonotonicInstant, into batch: EgressBatch) {
    if let deadline = ice?.nextDeadline, deadline <= now {
      ice?.expire(at: now)
      flushICE(at: now, into: batch)
    }
    guard let dtls, hasStartedDTLS, !dtls.isConnected, dtls.deadline <= now else { return }
    do throws(DTLSError) {
      try dtls.expire(at: now)
      flushDTLS(into: batch)
    } catch {
      end(.hopFailed(error.label))
    }
  }

  /// Sends a control datagram.
  func send(_ datagram: [UInt8], to endpoint: Endpoint, into batch: EgressBatch) {
    guard datagram.count <= PacketSlab.slotSize, let slot = slab.take() else { return counters.sendDrops &+= 1 }
    slab.fill(slot, with: datagram)
    put(slot, to: endpoint, into: batch)
  }

  /// Puts a filled slot into the batch, or counts the loss.
  func put(_ slot: PacketSlot, to endpoint: Endpoint, into batch: EgressBatch) {
    guard !batch.append(slot, to: endpoint) else { return }
    counters.sendDrops &+= 1
    slab.release(slot)
  }
}
