import DTLS
import DatagramIO
import ICE
import RTP
import SRTP
import WireBytes

/// ICE, DTLS and RTCP in.
extension MediaLeg {
  /// Starts ICE; `completion` is told once.
  func connect(
    to remote: Remote, at now: MonotonicInstant, completion: @escaping (Result<Void, LegError>) -> Void
  ) {
    onConnected = completion
    connectDeadline = now + Self.handshakePatience
    repairTypes = remote.repairTypes
    role = remote.role
    do throws(DTLSError) {
      dtls = try DTLSSession(role: remote.role, identity: identity, peerFingerprint: remote.fingerprint)
    } catch {
      return fail(.handshake(error.label))
    }
    ice.setRemote(remote.credentials, candidates: remote.candidates, at: now)
    flushICE(at: now)
  }

  /// Takes what the socket has; everything that it causes is in the batch.
  func readSocket() {
    repeat {
      port.receive(into: slab) { slot, source, arrival in
        switch slab.read(slot, { DatagramKind($0) }) {
        case .rtp: receiveRTP(slot, at: arrival)
        case .rtcp: receiveRTCP(slot)
        case .stun: receiveSTUN(slot, from: source, at: arrival)
        case .dtls: receiveDTLS(slot, at: arrival)
        case .unknown: tally.bad &+= 1
        }
        slab.release(slot)
      }
    } while port.mayHaveMore
  }

  func flush() { port.send(batch, releasing: slab) }

  func expire(at now: MonotonicInstant) {
    if connectDeadline <= now { return fail(.timeout(hasStartedDTLS ? "DTLS" : "ICE")) }
    if ice.nextDeadline <= now {
      ice.expire(at: now)
      flushICE(at: now)
    }
    if let dtls, hasStartedDTLS, !dtls.isConnected, dtls.deadline <= now {
      do throws(DTLSError) { try dtls.expire(at: now) } catch { return fail(.handshake(error.label)) }
      flushDTLS()
    }
    if sender != nil, nextDeadline <= now { sendReports(at: now) }
  }

  private func receiveSTUN(_ slot: PacketSlot, from source: Endpoint, at now: MonotonicInstant) {
    let answer = slab.read(slot) { responder.answer($0, from: source) }
    if let answer { return send(answer, to: source) }
    // What answers none of our checks is a straggler, not damage.
    try? slab.read(slot) { (bytes) throws(ICEError) in try ice.receive(bytes, from: source, at: now) }
    flushICE(at: now)
  }

  private func flushICE(at now: MonotonicInstant) {
    while let transmit = ice.nextTransmit() { send(transmit.datagram, to: transmit.to) }
    guard let selected = ice.selected else { return }
    endpoint = selected
    guard let dtls, !hasStartedDTLS else { return }
    hasStartedDTLS = true
    guard role == .client else { return }
    do throws(DTLSError) { try dtls.start(at: now) } catch { return fail(.handshake(error.label)) }
    flushDTLS()
  }

  private func receiveDTLS(_ slot: PacketSlot, at now: MonotonicInstant) {
    guard let dtls else { return }
    let wasConnected = dtls.isConnected
    hasStartedDTLS = true
    do throws(DTLSError) {
      try slab.read(slot) { (bytes) throws(DTLSError) in try dtls.receive(bytes, at: now) }
      flushDTLS()
      guard dtls.isConnected, !wasConnected else { return }
      let srtp = try dtls.makeSRTP()
      (sender, receiver, profile) = (srtp.sender, srtp.receiver, srtp.profile)
      didConnect(at: now)
    } catch {
      flushDTLS()
      if !wasConnected { fail(.handshake(error.label)) }
    }
  }

  private func flushDTLS() {
    guard let dtls, let endpoint else { return }
    while let datagram = dtls.nextDatagram() { send(datagram, to: endpoint) }
  }

  /// Says close_notify, as a browser does that leaves.
  func close() {
    dtls?.close()
    flushDTLS()
    flush()
    streams.removeAll()
    sender = nil
    fail(.handshake("closed"))
  }

  private func fail(_ error: LegError) {
    connectDeadline = .never
    onConnected?(.failure(error))
    onConnected = nil
  }

  func send(_ datagram: [UInt8], to target: Endpoint) {
    guard datagram.count <= PacketSlab.slotSize, let slot = slab.take() else { return tally.sendDrops &+= 1 }
    slab.fill(slot, with: datagram)
    if !batch.append(slot, to: target) { slab.release(slot) }
  }

  private func receiveRTCP(_ slot: PacketSlot) {
    guard let receiver else { return }
    let length = slab.length(of: slot)
    do throws(SRTPError) {
      let opened = try slab.edit(slot) { (bytes) throws(SRTPError) in
        try receiver.unprotectRTCP(&bytes, length: length)
      }
      slab.setLength(opened, of: slot)
    } catch {
      return tally.bad &+= 1
    }
    let wantsKeyFrame = slab.read(slot) { bytes in
      var reader = RTCPReader(bytes)
      while let packet = try? reader.next() {
        switch packet {
        case .pli, .fir: return true
        default: continue
        }
      }
      return false
    }
    if wantsKeyFrame { for index in streams.indices { streams[index].requestKeyFrame() } }
  }
}
