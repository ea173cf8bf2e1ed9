import Forwarding
import HopCrypto
import Membership
import Signaling
import WireBytes

/// Members come, drop out, come back, and go.
extension ShardEngine {
  /// A bundle is a few public keys and a signature; anything much larger is abuse.
  private static let maxBundleBytes = 32 * 1024

  func join(_ admitted: AdmittedJoin, on connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch) {
    let join = admitted.join
    do throws(SignalingError) {
      guard !draining else { throw Self.refusal(.shuttingDown, "the relay is shutting down") }
      guard connections[connection] == nil else { throw Self.refusal(.badState, "this connection has joined already") }
      guard !join.bundle.bytes.isEmpty, join.bundle.bytes.count <= Self.maxBundleBytes else {
        throw Self.refusal(.tooLarge, "a key bundle holds 1 to \(Self.maxBundleBytes) bytes")
      }
      if let token = join.resume {
        guard let peer = resumeTokens[token].flatMap({ peers[$0] }), peer.bundle == join.bundle,
          peer.room.id == join.room
        else { throw Self.resumeRefusal }
        if let home = peer.room.home {
          return ask(home, .resume(join.room, peer.member, connection), for: connection)
        }
        resume(peer, on: connection, with: joined(peer.member, in: peer.room, resumed: true), at: now)
      } else {
        if let home = admitted.home, home != configuration.shard, rings.indices.contains(home) {
          return ask(home, .join(connection, admitted), for: connection)
        }
        let room = try room(for: join)
        admit(admitted, to: room, on: connection, at: now)
      }
    } catch {
      events.append(.send(connection, .error(error)))
    }
    events.append(.joinHandled(join.room))
  }

  static func refusal(_ code: SignalingError.Code, _ message: String) -> SignalingError {
    SignalingError(code: code, message: message, about: "join")
  }

  static let resumeRefusal = refusal(.resumeRefused, "nothing to resume: join anew with a fresh bundle")

  /// At the room's home: the room that takes this join, opened if need be.
  func room(for join: Join) throws(SignalingError) -> Room {
    let room: Room
    if let existing = rooms[join.room] {
      // A room has one log. That a part of it is here says that its home is elsewhere.
      guard existing.home == nil else { throw Self.refusal(.badState, "the room is open elsewhere: try again") }
      room = existing
    } else {
      guard rooms.count < configuration.maxRooms else {
        throw Self.refusal(.roomFull, "the relay holds no more rooms")
      }
      room = Room(id: join.room, home: nil, timing: configuration.rekey, hash: HopDigest.sha3_256)
      rooms[join.room] = room
      events.append(.roomOpened(join.room))
    }
    guard room.memberCount < configuration.maxMembersPerRoom else {
      throw Self.refusal(.roomFull, "the room is full")
    }
    let member = MembershipLog.memberID(bundle: join.bundle, hash: HopDigest.sha3_256)
    guard !room.log.contains(member) else {
      throw Self.refusal(.badState, "this bundle is in the room already: bundles are for one join only")
    }
    return room
  }

  private func admit(
    _ admitted: AdmittedJoin, to room: Room, on connection: ConnectionID, at now: MonotonicInstant
  ) {
    let entry = log(admitted, in: room, at: now)
    let peer = makePeer(entry.member, joinOrder: Int(entry.n), admitted, in: room, on: connection)
    welcome(peer, with: joined(entry.member, in: room, resumed: false))
    changed(room, entry, at: now)
  }

  /// At the room's home: puts a join into the log and tells those who are there.
  func log(_ admitted: AdmittedJoin, in room: Room, at now: MonotonicInstant) -> MembershipEntry {
    let capabilities = Self.plain(admitted.join.capabilities)
    let entry = room.log.join(bundle: admitted.join.bundle, capabilities: capabilities, at: now)
    let change = MembershipChange(entry: entry, bundle: admitted.join.bundle, capabilities: capabilities)
    broadcast(.membership(change), in: room)
    counters.joins &+= 1
    return entry
  }

  func changed(_ room: Room, _ entry: MembershipEntry, at now: MonotonicInstant) {
    room.trigger.changed(entry: entry, log: room.log, at: now)
    arm(room)
  }

  /// What is passed on to the others of a member's words on itself: few and short ones.
  private static func plain(_ capabilities: [String]?) -> [String]? {
    capabilities.map { words in
      words.prefix(16).filter { $0.utf8.count <= 32 && $0.utf8.allSatisfy { byte in (33...126).contains(byte) } }
    }
  }

  func makePeer(
    _ member: MemberID, joinOrder: Int, _ admitted: AdmittedJoin, in room: Room, on connection: ConnectionID
  ) -> Peer {
    let peer = Peer(
      index: peers.reserve(), room: room, member: member, joinOrder: joinOrder, join: admitted,
      connection: connection, resumeToken: newResumeToken(), maxVideoBitrate: configuration.maxVideoBitrate,
      random: random)
    peers.insert(peer)
    connections[connection] = peer.index
    resumeTokens[peer.resumeToken] = peer.index
    room.add(peer)
    events.append(.roomMembers(room.id, room.peers.count))
    return peer
  }

  func welcome(_ peer: Peer, with joined: Joined) {
    var joined = joined
    joined.resumeToken = peer.resumeToken
    tell(peer, .joined(joined))
    for track in peer.room.publications(except: peer.member) { offer(track, to: peer) }
  }

  /// At the room's home: what a member is told when it joins or resumes, but for its resume token.
  func joined(_ member: MemberID, in room: Room, resumed: Bool) -> Joined {
    Joined(
      member: member, room: room.id, epoch: room.trigger.executedEpoch, roster: room.log.members,
      head: room.log.head, published: room.publications(except: member).map(\.announcement),
      resumeToken: "", resumed: resumed,
      limits: Joined.Limits(
        maxMembers: configuration.maxMembersPerRoom, maxSealedBytes: configuration.maxSealedBytes,
        maxVideoBitrate: Int(configuration.maxVideoBitrate),
        resumeWindowMs: configuration.resumeWindow.milliseconds))
  }

  func resume(_ peer: Peer, on connection: ConnectionID, with joined: Joined, at now: MonotonicInstant) {
    if let old = peer.connection {
      connections[old] = nil
      events.append(.close(old, .replaced))
    }
    connections[connection] = peer.index
    peer.connection = connection
    peer.resumeDeadline = peer.consentLostAt.map { $0 + configuration.resumeWindow } ?? .never
    counters.resumes &+= 1
    var joined = joined
    joined.resumeToken = peer.resumeToken
    events.append(.send(connection, .joined(joined)))
    for message in peer.backlog.takeAll() { events.append(.send(connection, message)) }
    broadcast(.notice(Notice(code: .reconnected, member: peer.member)), in: peer.room, except: peer.member)
    arm(peer)
  }

  func disconnected(_ connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let peer = peer(on: connection) else { return }
    connections[connection] = nil
    peer.connection = nil
    peer.resumeDeadline = min(peer.resumeDeadline, now + configuration.resumeWindow)
    broadcast(.notice(Notice(code: .reconnecting, member: peer.member)), in: peer.room, except: peer.member)
    arm(peer)
  }

  func expire(_ peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    if peer.resumeDeadline <= now {
      if let connection = peer.connection { events.append(.close(connection, .consentLost)) }
      return leave(peer, cause: peer.connection == nil ? .disconnected : .consentLost, at: now, into: batch)
    }
    expireHop(of: peer, at: now, into: batch)
    expireMedia(of: peer, at: now, into: batch)
  }

  /// Ends a membership: its publications, its slots, its hop and its place in the log.
  func leave(_ peer: Peer, cause: MembershipCause, at now: MonotonicInstant, into batch: EgressBatch) {
    let room = peer.room
    if cause == .left, let connection = peer.connection { events.append(.close(connection, .left)) }
    withdraw(peer.tracks, of: peer, at: now, into: batch)
    for slot in peer.slots { detach(slot) }
    if let connection = peer.connection { connections[connection] = nil }
    resumeTokens[peer.resumeToken] = nil
    room.remove(peer)
    peers.remove(peer)
    events.append(.roomMembers(room.id, room.peers.count))
    if let home = room.home {
      send(.left(room.id, peer.member, cause), to: home)
      if room.peers.isEmpty { closePart(room) }
    } else {
      left(peer.member, joinOrder: peer.joinOrder, cause: cause, in: room, at: now)
    }
  }

  /// At the room's home: a member is gone, wherever it was.
  func left(
    _ member: MemberID, joinOrder: Int, cause: MembershipCause, in room: Room, at now: MonotonicInstant
  ) {
    room.speakers.remove(joinOrder)
    counters.leaves[cause, default: 0] += 1
    if let entry = room.log.leave(member, cause: cause) {
      broadcast(.membership(MembershipChange(entry: entry, bundle: nil)), in: room)
      room.trigger.changed(entry: entry, log: room.log, at: now)
    }
    guard room.memberCount == 0 else { return arm(room) }
    for track in room.linked.values { forget(track) }
    rooms[room.id] = nil
    events.append(.roomClosed(room.id))
  }
}
