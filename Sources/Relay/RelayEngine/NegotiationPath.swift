import DTLS
import Forwarding
import ICE
import RTP
import SDP
import Signaling
import WireBytes

/// Offer in, answer out. The client always offers; a later offer adds m-lines, or restarts ICE.
extension ShardEngine {
  func negotiate(
    _ offer: OfferedSession, on connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard let peer = peer(on: connection) else {
      return events.append(
        .send(connection, .error(SignalingError(code: .badState, message: "join a room first", about: "offer"))))
    }
    let receiving = offer.sections.filter { $0.receives && !$0.rejected }
    guard receiving.count <= configuration.maxReceiveSlots else {
      return fail(
        peer, .badOffer, "an offer may hold \(configuration.maxReceiveSlots) receiving m-lines at most", about: "offer")
    }
    let fresh = peer.ice == nil || peer.remoteUfrag != offer.iceUfrag
    if fresh { restartICE(of: peer, offer) }
    if peer.dtls == nil || peer.peerFingerprint != offer.fingerprint {
      guard startDTLS(of: peer, offer, at: now) else { return }
    }
    peer.sections = offer.sections
    peer.ids = Self.mergedIDs(of: offer.sections)
    updateCodecs(of: peer, at: now, into: batch)
    bindTracks(of: peer, at: now, into: batch)
    updateSlots(of: peer, receiving, at: now, into: batch)
    events.append(.answer(connection, answer(to: offer, for: peer)))
    arm(peer)
  }

  private func restartICE(of peer: Peer, _ offer: OfferedSession) {
    let old = peer.localCredentials?.ufrag
    let credentials = ICECredentials.random(random)
    peer.formerConsentDeadline = peer.consentDeadline
    peer.localCredentials = credentials
    peer.remoteUfrag = offer.iceUfrag
    peer.ice = ICELiteAgent(
      local: credentials, remoteUfrag: offer.iceUfrag, remotePwd: offer.icePwd,
      consentTimeout: configuration.consentTimeout)
    peers.bind(ufrag: credentials.ufrag, replacing: old, to: peer)
  }

  /// An offer that says `active` makes the relay the server; one that says `passive`, the client (RFC 5763 section 5).
  private func startDTLS(of peer: Peer, _ offer: OfferedSession, at now: MonotonicInstant) -> Bool {
    peer.dtlsRole = offer.setup == .passive ? .client : .server
    peer.peerFingerprint = offer.fingerprint
    peer.sender = nil
    peer.receiver = nil
    peer.formerSources.removeAll()
    peer.dtlsStartedAt = nil
    peer.handshakeDeadline = now + configuration.handshakeTimeout
    do throws(DTLSError) {
      peer.dtls = try DTLSSession(role: peer.dtlsRole, identity: identity, peerFingerprint: offer.fingerprint)
      return true
    } catch {
      handshakeFailed(peer, error)
      return false
    }
  }

  private static func mergedIDs(of sections: [OfferedSection]) -> HeaderExtensionIDs {
    var ids = HeaderExtensionIDs()
    for section in sections where !section.rejected {
      let own = HeaderExtensionIDs(section.extensions)
      if ids.mid == 0 { ids.mid = own.mid }
      if ids.rid == 0 { ids.rid = own.rid }
      if ids.repairedRid == 0 { ids.repairedRid = own.repairedRid }
      if ids.audioLevel == 0 { ids.audioLevel = own.audioLevel }
      if ids.dependencyDescriptor == 0 { ids.dependencyDescriptor = own.dependencyDescriptor }
    }
    return ids
  }

  /// A publisher may go on in another codec. Its subscribers go on from a key frame, and those who cannot show it get
  /// nothing of it.
  private func updateCodecs(of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    for track in peer.tracks {
      guard let codec = peer.sections.first(where: { $0.mid == track.mid && $0.sends })?.codec, codec != track.codec
      else { continue }
      recode(track, codec, at: now, into: batch)
      announce(track, codec, of: peer.member, in: peer.room)
    }
  }

  func recode(_ track: IngressTrack, _ codec: NegotiatedCodec, at now: MonotonicInstant, into batch: EgressBatch) {
    let isOther = codec.name != track.codec.name
    track.codec = codec
    guard isOther else { return }
    for encoding in track.encodings { encoding.restart() }
    for subscriber in track.room.peers {
      guard let mid = subscriber.assigner(track.kind).mid(of: track.reference) else { continue }
      let again = SlotAssignments.Slot(mid: mid, member: track.member, track: track.id, why: .published)
      apply([again], to: subscriber, at: now, into: batch)
    }
  }

  /// Keeps the slots whose m-line is still offered, drops the others, and makes new ones.
  private func updateSlots(
    of peer: Peer, _ receiving: [OfferedSection], at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard peer.canSubscribe else { return }
    var kept: [ReceiveSlot] = []
    for section in receiving {
      guard let kind = section.kind, let codec = section.codec else { continue }
      if let slot = peer.slot(mid: section.mid), slot.kind == kind {
        slot.renegotiated(section)
        if let track = slot.track, slot.match(track) == nil { detach(slot) }
        kept.append(slot)
      } else {
        kept.append(ReceiveSlot(subscriber: peer, section: section, kind: kind, codec: codec, random: random))
      }
    }
    for slot in peer.slots where !kept.contains(where: { $0 === slot }) { detach(slot) }
    peer.slots = kept
    for kind in MediaKind.allCases {
      let mids = kept.filter { $0.kind == kind }.map(\.mid)
      apply(peer.assign(kind) { $0.setSlots(mids) }, to: peer, at: now, into: batch)
    }
    for slot in kept where slot.track == nil { placeAgain(slot, of: peer, at: now, into: batch) }
  }

  /// Connects a slot to what it was given, if it can take that now.
  private func placeAgain(
    _ slot: ReceiveSlot, of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard let given = peer.assigner(slot.kind).assignment(mid: slot.mid),
      let track = peer.room.track(given), slot.match(track) != nil
    else { return }
    let again = SlotAssignments.Slot(mid: slot.mid, member: given.member, track: given.track, why: .published)
    apply([again], to: peer, at: now, into: batch)
  }

  private func answer(to offer: OfferedSession, for peer: Peer) -> SessionAnswer {
    let sections = offer.sections.map { section -> SessionAnswer.Section in
      guard !section.rejected, let kind = section.kind, let codec = section.codec else {
        return SessionAnswer.Section(rejecting: section)
      }
      let slot = peer.slot(mid: section.mid)
      let takes = section.sends && peer.canPublish
      let gives = section.receives && slot != nil
      let direction: Direction =
        takes && gives ? .sendrecv : takes ? .recvonly : gives ? .sendonly : .inactive
      return SessionAnswer.Section(
        mid: section.mid, accepted: true, kind: kind, direction: direction,
        codecs: section.sends ? [codec] : section.codecs,
        extensions: section.extensions, ssrc: gives ? slot?.ssrc : nil, rtxSSRC: gives ? slot?.rtxSSRC : nil,
        msid: gives ? (stream: "slot-\(section.mid)", track: "track-\(section.mid)") : nil,
        ridsReceive: takes ? section.rids : [], maxBitrate: nil)
    }
    return SessionAnswer(
      iceUfrag: peer.localCredentials?.ufrag ?? "", icePwd: peer.localCredentials?.pwd ?? "",
      fingerprint: identity.fingerprint, setup: peer.dtlsRole == .server ? .passive : .active,
      candidates: configuration.advertised, sections: sections, cname: "sfu")
  }
}
