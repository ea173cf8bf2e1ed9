import Forwarding
import RTP
import SDP
import Signaling
import WireBytes

/// What a member publishes and what others take of it.
extension ShardEngine {
  private static let trackIDLength = 1...32

  func publish(
    _ tracks: [Publish.Track], by peer: Peer, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard peer.canPublish else {
      return fail(peer, .forbidden, "the token does not allow publishing", about: "publish")
    }
    // All or none: a track that stayed announced behind a refusal could not be published again.
    var announced = peer.announced
    for track in tracks {
      guard Self.isValid(track) else {
        return fail(
          peer, .malformed, "a track id has 1 to 32 characters of A-Z a-z 0-9 _ -; at most 3 rids", about: "publish")
      }
      guard !announced.contains(where: { $0.id == track.id || $0.mid == track.mid }) else {
        return fail(peer, .badState, "this track id or mid is published already", about: "publish")
      }
      guard announced.count < configuration.maxTracksPerMember else {
        return fail(peer, .badState, "too many tracks: \(configuration.maxTracksPerMember) at most", about: "publish")
      }
      announced.append(track)
    }
    peer.announced = announced
    bindTracks(of: peer, at: now, into: batch)
  }

  private static func isValid(_ track: Publish.Track) -> Bool {
    trackIDLength.contains(track.id.utf8.count)
      && track.id.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
      } && (track.rids?.count ?? 0) <= 3 && track.mid.utf8.count <= 16
  }

  /// Makes tracks of what is both announced by `publish` and negotiated by an offer, whichever came first.
  func bindTracks(of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    var added: [IngressTrack] = []
    for announced in peer.announced where peer.track(id: announced.id) == nil {
      guard let section = peer.sections.first(where: { $0.mid == announced.mid && $0.sends && !$0.rejected }),
        let codec = section.codec, section.kind == announced.source.kind
      else { continue }
      let track = makeTrack(announced, section, codec, of: peer)
      peer.tracks.append(track)
      added.append(track)
    }
    guard !added.isEmpty else { return }
    watchLayers(of: peer, at: now)
    arm(peer)
    announce(added, of: peer.member, in: peer.room, at: now, into: batch)
  }

  /// Offers publications to the room's members on this shard.
  func offer(_ tracks: [IngressTrack], toPartOf room: Room, at now: MonotonicInstant, into batch: EgressBatch) {
    for track in tracks {
      for subscriber in room.peers where subscriber.member != track.member {
        apply(offerChanges(track, to: subscriber), to: subscriber, at: now, into: batch)
      }
    }
  }

  private func makeTrack(
    _ announced: Publish.Track, _ section: OfferedSection, _ codec: NegotiatedCodec, of peer: Peer
  ) -> IngressTrack {
    let rids = announced.rids.flatMap { $0.isEmpty ? nil : $0 } ?? section.rids
    let bytes = announced.source.kind == .video ? configuration.videoCacheBytes : configuration.audioCacheBytes
    let encodings =
      rids.isEmpty
      ? [Encoding(rid: nil, cacheBytes: bytes)] : rids.map { Encoding(rid: ShortText($0), cacheBytes: bytes) }
    let track = IngressTrack(
      source: .peer(peer), room: peer.room, member: peer.member, joinOrder: peer.joinOrder, linkID: newLinkID(),
      track: announced, codec: codec, encodings: encodings)
    published[track.linkID] = track
    for (index, encoding) in encodings.enumerated() {
      let former = peer.formerSources.ssrcs(mid: track.mid, rid: encoding.rid)
      var (ssrc, rtx) = (former.primary, former.rtx)
      // The offer knows better, but of an m-line with several encodings it does not say which SSRC is which.
      if rids.isEmpty, let offered = section.ssrcs.first {
        (ssrc, rtx) = (offered, section.rtxSSRCs.first { $0.0 == offered }?.1)
      }
      if let ssrc, peer.route(of: ssrc) == nil {
        encoding.ssrc = ssrc
        peer.routes.append(IngressRoute(ssrc: ssrc, track: track, encoding: index, isRetransmission: false))
      }
      if let rtx, peer.route(of: rtx) == nil {
        encoding.rtxSSRC = rtx
        peer.routes.append(IngressRoute(ssrc: rtx, track: track, encoding: index, isRetransmission: true))
      }
    }
    return track
  }

  func unpublish(_ ids: [String], by peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    withdraw(peer.tracks.filter { ids.contains($0.id) }, of: peer, at: now, into: batch)
    peer.announced.removeAll { ids.contains($0.id) }
  }

  /// Takes tracks out of every slot and tells the room.
  func withdraw(_ tracks: [IngressTrack], of peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    guard !tracks.isEmpty else { return }
    for track in tracks {
      peer.routes.removeAll { $0.track === track }
      peer.formerSources.note(track)
      peer.tracks.removeAll { $0 === track }
      published[track.linkID] = nil
    }
    takeBack(tracks, fromPartOf: peer.room, at: now, into: batch)
    announce(withdrawn: tracks.map(\.reference), of: peer.member, in: peer.room)
  }

  /// Takes publications out of the slots of the room's members on this shard.
  func takeBack(
    _ tracks: [IngressTrack], fromPartOf room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    for track in tracks {
      for subscriber in room.peers where subscriber.member != track.member {
        subscriber.constraints[track.reference] = nil
        apply(subscriber.assign(track.kind) { $0.unpublish(track.reference) }, to: subscriber, at: now, into: batch)
      }
      track.legs.removeAll()
    }
  }

  func mute(_ mute: Mute, by peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let track = peer.track(id: mute.track) else {
      return fail(peer, .notFound, "no such track is published", about: "mute")
    }
    track.muted = mute.muted
    // Nobody was reminded of key frames while there was no picture.
    if !mute.muted, track.kind == .video {
      for index in track.encodings.indices { requestAwaitedKeyFrame(of: track, encoding: index, at: now, into: batch) }
    }
    broadcast(
      .muted(Muted(member: peer.member, track: track.id, muted: mute.muted)), in: peer.room, except: peer.member)
  }

  func wish(
    _ tracks: [TrackReference], wanted: Bool, by peer: Peer, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    for reference in tracks {
      guard let track = peer.room.track(reference) else { continue }
      apply(
        peer.assign(track.kind) { $0.setWish(reference, wanted: wanted, priority: nil) }, to: peer, at: now, into: batch
      )
    }
  }

  func constrain(_ constraints: Constraints, by peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    let reference = TrackReference(member: constraints.member, track: constraints.track)
    guard let track = peer.room.track(reference) else {
      return fail(peer, .notFound, "no such track is published", about: "constraints")
    }
    if let priority = constraints.priority {
      apply(
        peer.assign(track.kind) { $0.setWish(reference, wanted: true, priority: priority) }, to: peer, at: now,
        into: batch)
    }
    peer.constraints[reference] = constraints.merged(into: peer.constraints[reference])
    guard let mid = peer.assigner(track.kind).mid(of: reference), let slot = peer.slot(mid: mid), slot.track === track
    else { return }
    heed(peer.constraints[reference], in: slot)
    retarget(slot, isNewWish: constraints.maxHeight != nil, at: now, into: batch)
    tell(peer, .layers(layers(of: slot, why: slot.paused ? .paused : .constraints)))
    requestAwaitedKeyFrame(for: slot, at: now, into: batch)
  }

  /// Brings a slot in line with what its subscriber has said of the publication in it.
  func heed(_ constraints: Constraints?, in slot: ReceiveSlot) {
    guard let constraints else { return }
    if let paused = constraints.paused, paused != slot.paused {
      slot.paused = paused
      // What was not forwarded meanwhile is lost for the decoder: it starts again at a key frame.
      if !paused { slot.currentEncoding = nil }
    }
    if let height = constraints.maxHeight { slot.maxHeight = height }
  }
}

extension Constraints {
  /// What holds when this is said after `former`: fields that are absent stay as they were.
  fileprivate func merged(into former: Constraints?) -> Constraints {
    guard var merged = former else { return self }
    if let maxHeight { merged.maxHeight = maxHeight }
    if let maxFrameRate { merged.maxFrameRate = maxFrameRate }
    if let paused { merged.paused = paused }
    if let priority { merged.priority = priority }
    return merged
  }
}
