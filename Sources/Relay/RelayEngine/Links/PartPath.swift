import Forwarding
import HopCrypto
import Membership
import Signaling
import WireBytes

/// A part of a room whose home is on another shard: what the home says, and what is published elsewhere.
extension ShardEngine {
  func obey(_ message: LinkMessage, of shard: Int, at now: MonotonicInstant, into batch: EgressBatch) {
    switch message {
    case .admitted(let connection, let join, let joined, let order, let tracks):
      let room = part(of: joined.room, home: shard)
      for track in tracks { _ = mirror(track, in: room) }
      welcome(makePeer(joined.member, joinOrder: order, join, in: room, on: connection), with: joined)
      if draining { events.append(.close(connection, .shutdown)) }
      release(connection, of: joined.room, at: now, into: batch)
    case .refused(let connection, let room, let error):
      events.append(.send(connection, .error(error)))
      release(connection, of: room, at: now, into: batch)
    case .resumed(let id, let member, let connection, let joined):
      if let peer = rooms[id]?[member: member] {
        resume(peer, on: connection, with: joined, at: now)
      } else {
        events.append(.send(connection, .error(Self.resumeRefusal)))
      }
      release(connection, of: id, at: now, into: batch)
    case .tell(let id, let member, let message):
      if let peer = rooms[id]?[member: member] { tell(peer, message) }
    case .broadcast(let id, let message, let except):
      guard let room = part(id, of: shard) else { return }
      room.note(message)
      tellPart(of: room, message, except: except)
    case .published(let id, let tracks):
      guard let room = part(id, of: shard) else { return }
      for track in tracks where track.shard != configuration.shard { _ = mirror(track, in: room) }
      // One of this shard's own may be gone again by now.
      offer(tracks.compactMap { room.track($0.reference) }, toPartOf: room, at: now, into: batch)
    case .withdrawn(let id, _, let references):
      if let room = part(id, of: shard) { takeBack(references, fromPartOf: room, at: now, into: batch) }
    case .recoded(let id, let reference, let codec):
      guard let track = part(id, of: shard)?.linked[reference] else { return }
      recode(track, codec, at: now, into: batch)
    case .executed(let id, let added):
      if let room = part(id, of: shard) { letIn(added, to: room, at: now, into: batch) }
    case .speaking(let id, let members):
      if let room = part(id, of: shard) { speaking(members, in: room, at: now, into: batch) }
    case .join, .resume, .left, .ready, .say, .sealed, .publish, .withdraw, .recode, .subscribe, .requestKeyFrame:
      return
    }
  }

  /// The part of the room that is here. Late messages for one that is closed already find nothing.
  private func part(_ id: RoomID, of home: Int) -> Room? {
    guard let room = rooms[id], room.home == home else { return nil }
    return room
  }

  private func part(of id: RoomID, home: Int) -> Room {
    if let room = rooms[id] { return room }
    let room = Room(id: id, home: home, timing: configuration.rekey, hash: HopDigest.sha3_256)
    rooms[id] = room
    return room
  }

  /// The last member of a part has left.
  func closePart(_ room: Room) {
    for track in room.linked.values { forget(track) }
    room.linked = [:]
    rooms[room.id] = nil
  }

  /// What this shard knows of a publication on another; made anew for one that it does not know.
  func mirror(_ track: LinkedTrack, in room: Room) -> IngressTrack {
    let source = LinkSource(shard: track.shard, id: track.id)
    if let known = linked[source] { return known }
    if let old = room.linked[track.reference] { forget(old) }
    let bytes = track.announcement.source.kind == .video ? configuration.videoCacheBytes : configuration.audioCacheBytes
    let mirror = IngressTrack(
      source: .link(source), room: room, member: track.member, joinOrder: track.joinOrder, track: track.announcement,
      codec: track.codec, encodings: track.rids.map { Encoding(rid: $0, cacheBytes: bytes) })
    linked[source] = mirror
    room.linked[track.reference] = mirror
    return mirror
  }

  func forget(_ track: IngressTrack) {
    if case .link(let source) = track.source { linked[source] = nil }
  }

  func takeBack(
    _ references: [TrackReference], fromPartOf room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    let gone = references.compactMap { room.linked.removeValue(forKey: $0) }
    for track in gone { forget(track) }
    takeBack(gone, fromPartOf: room, at: now, into: batch)
  }

  func describe(_ track: IngressTrack) -> LinkedTrack {
    let announcement = Publish.Track(
      id: track.id, source: track.trackSource, mid: track.mid, rids: nil, muted: track.muted)
    let place: LinkSource
    switch track.source {
    case .peer: place = LinkSource(shard: configuration.shard, id: track.linkID)
    case .link(let source): place = source
    }
    return LinkedTrack(
      shard: place.shard, id: place.id, member: track.member, announcement: announcement, codec: track.codec,
      rids: track.encodings.map(\.rid), joinOrder: track.joinOrder)
  }

  func newLinkID() -> UInt32 {
    // Wraps after four thousand million publications; those of then are gone by then.
    lastLinkID = lastLinkID &+ 1 == 0 ? 1 : lastLinkID &+ 1
    return lastLinkID
  }
}

extension LinkedTrack {
  var reference: TrackReference { TrackReference(member: member, track: announcement.id) }
}
