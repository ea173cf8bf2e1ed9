import DTLS
import E2EKeys
import ICE
import SDP
package import Signaling
package import WireBytes

/// Signalling: joining, negotiating, keys, coming back, leaving.
extension Participant {
  /// Messages kept while signalling is away; heartbeats of a large room in the resume window stay below it.
  private static let outboxLimit = 8192

  /// The signalling connection is open.
  package func connected(at now: MonotonicInstant) {
    guard phase == .idle else { return }
    phase = .joining
    nextPing = now + Self.pingInterval
    events.append(.signal(.join(Join(room: keys.room, token: configuration.token, bundle: keys.bundle))))
  }

  /// The signalling connection is gone. Media goes on; the member may `resume` within the relay's window.
  package func signalingLost(at now: MonotonicInstant) {
    guard phase == .joined || phase == .resuming else { return }
    phase = .interrupted
    nextPing = .never
  }

  /// A new signalling connection is open, after a loss of the old one or a change of network.
  package func resume(at now: MonotonicInstant) {
    guard isInCall, let resumeToken else { return }
    phase = .resuming
    nextPing = now + Self.pingInterval
    let join = Join(room: keys.room, token: configuration.token, bundle: keys.bundle, resume: resumeToken)
    events.append(.signal(.join(join)))
  }

  /// Leaves the call. Its keys stay until `close`.
  package func leave(at now: MonotonicInstant, into batch: EgressBatch) {
    guard phase != .left, phase != .closed else { return }
    if phase == .joined { events.append(.signal(.leave)) }
    phase = .left
    dtls?.close()
    flushDTLS(into: batch)
    sender = nil
  }

  /// Takes one message of the relay in.
  package func receive(_ message: RelayMessage, at now: MonotonicInstant, into batch: EgressBatch) {
    guard isInCall || phase == .joining else { return }
    switch message {
    case .joined(let joined): self.joined(joined, at: now)
    case .answer(let answer): answered(answer.sdp, at: now, into: batch)
    case .sealed(let sealed): keys.receive(sealed, at: now)
    case .membership(let change): keys.membershipChanged(change, at: now)
    case .rekey(let rekey): keys.rekey(rekey, at: now)
    case .slots(let slots): assigned(slots, at: now, into: batch)
    case .published(let published): events.append(.published(published.tracks))
    case .unpublished(let selection): events.append(.unpublished(selection.tracks))
    case .muted(let muted): events.append(.muted(muted))
    case .speakers(let speakers): events.append(.speakers(speakers.members))
    case .quality(let quality): events.append(.quality(quality))
    case .layers(let layers): events.append(.layers(layers))
    case .notice(let notice): events.append(.notice(notice))
    case .goodbye(let goodbye): end(.goodbye(goodbye.reason))
    case .error(let error): refused(error)
    case .pong, .unknown: return
    }
    handleKeyActions(at: now, into: batch)
  }

  /// Sends a message to the relay, or keeps it while signalling is away.
  package func signal(_ message: ClientMessage) {
    switch phase {
    case .joined: events.append(.signal(message))
    case .interrupted, .resuming, .joining: if outbox.count < Self.outboxLimit { outbox.append(message) }
    case .idle, .left, .closed: return
    }
  }

  func handleKeyActions(at now: MonotonicInstant, into batch: EgressBatch) {
    let known = lastKnownEpoch
    for action in keys.takeActions() {
      switch action {
      case .send(let sealed): signal(.sealed(sealed))
      case .ready(let epoch): signal(.ready(Ready(epoch: epoch)))
      case .event(let event): events.append(.key(event))
      }
    }
    guard let epoch = keys.highestEpoch else { return }
    firstEpoch = firstEpoch ?? epoch
    lastKnownEpoch = max(lastKnownEpoch ?? 0, epoch)
    if lastKnownEpoch != known { openParked(at: now, into: batch) }
  }

  func ping(at now: MonotonicInstant) {
    nextPing = now + Self.pingInterval
    guard phase == .joined else { return }
    pingID &+= 1
    events.append(.signal(.ping(Ping(id: pingID))))
  }

  private func joined(_ joined: Joined, at now: MonotonicInstant) {
    guard phase == .joining || phase == .resuming else { return }
    let isResumed = phase == .resuming
    resumeToken = joined.resumeToken
    keys.joined(joined, at: now)
    phase = .joined
    events.append(.joined(joined))
    for message in outbox { events.append(.signal(message)) }
    outbox.removeAll()
    offer()
    guard !isResumed else { return }
    if !joined.published.isEmpty { events.append(.published(joined.published)) }
    let tracks = sendTracks.map { Publish.Track(id: "\($0.source.rawValue)", source: $0.source, mid: $0.mid) }
    if !tracks.isEmpty { signal(.publish(Publish(tracks: tracks))) }
  }

  /// Offers the tracks and the slots; each offer restarts ICE.
  private func offer() {
    var sections = sendTracks.map { track in
      ClientOffer.Section(
        mid: track.mid, kind: track.source.kind, sends: true, ssrc: track.ssrc, rtxSSRC: track.rtxSSRC, rids: [])
    }
    for (kind, count) in [(MediaKind.audio, configuration.audioSlots), (.video, configuration.videoSlots)] {
      for _ in 0..<count {
        sections.append(
          ClientOffer.Section(
            mid: String(sections.count), kind: kind, sends: false, ssrc: nil, rtxSSRC: nil, rids: []))
      }
    }
    guard !sections.isEmpty else { return }
    let credentials = ICECredentials.random(random)
    iceCredentials = credentials
    let offer = ClientOffer(
      iceUfrag: credentials.ufrag, icePwd: credentials.pwd, fingerprint: identity.fingerprint, setup: .actpass,
      sections: sections)
    signal(.offer(Offer(sdp: offer.render())))
  }

  private func answered(_ sdp: String, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let credentials = iceCredentials else { return }
    let answer: AnsweredSession
    do throws(SDPError) { answer = try AnsweredSession(parsing: sdp) } catch {
      return end(.hopFailed("the answer is not usable: \(error.message)"))
    }
    for section in answer.sections where section.accepted { accept(section) }
    guard startHop(answer, local: credentials, at: now) else { return }
    iceCredentials = nil
    flushICE(at: now, into: batch)
  }

  private func accept(_ section: AnsweredSection) {
    guard let payloadType = section.payloadType, let kind = section.kind else { return }
    if let track = sendTracks.first(where: { $0.mid == section.mid }) {
      track.payloadType = payloadType
      track.rtxPayloadType = section.rtxPayloadType
    } else if let ssrc = section.ssrc {
      if let track = receiveTracks.first(where: { $0.mid == section.mid && $0.ssrc == ssrc }) {
        track.payloadType = payloadType
        track.rtxPayloadType = section.rtxPayloadType
        return
      }
      receiveTracks.removeAll { $0.mid == section.mid }
      let track = ReceiveTrack(
        mid: section.mid, kind: kind, ssrc: ssrc, rtxSSRC: section.rtxSSRC, payloadType: payloadType,
        rtxPayloadType: section.rtxPayloadType)
      receiveTracks.append(track)
      routes[ssrc] = (track, false)
      if let rtxSSRC = section.rtxSSRC { routes[rtxSSRC] = (track, true) }
    }
  }

  private func refused(_ error: SignalingError) {
    if error.about == "join", phase == .joining || phase == .resuming {
      end(.joinRefused(error.code))
    } else {
      events.append(.refused(error))
    }
  }
}
