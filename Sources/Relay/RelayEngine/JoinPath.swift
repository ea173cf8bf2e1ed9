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
    func refuse(_ code: SignalingError.Code, _ message: String) {
      events.append(.send(connection, .error(SignalingError(code: code, message: message, about: "join"))))
    }
    let join = admitted.join
    guard !draining else { return refuse(.shuttingDown, "the relay is shutting down") }
    guard connections[connection] == nil else { return refuse(.badState, "this connection has joined already") }
    guard !join.bundle.bytes.isEmpty, join.bundle.bytes.count <= Self.maxBundleBytes else {
      return refuse(.tooLarge, "a key bundle holds 1 to \(Self.maxBundleBytes) bytes")
    }
    if let token = join.resume {
      guard let peer = resumeTokens[token].flatMap({ peers[$0] }), peer.bundle == join.bundle, peer.room.id == join.room
      else { return refuse(.resumeRefused, "nothing to resume: join anew with a fresh bundle") }
      return resume(peer, on: connection, at: now, into: batch)
    }
    let room: Room
    if let existing = rooms[join.room] {
      room = existing
    } else {
      guard rooms.count < configuration.maxRooms else { return refuse(.roomFull, "the relay holds no more rooms") }
      room = Room(id: join.room, timing: configuration.rekey, hash: HopDigest.sha3_256)
      rooms[join.room] = room
      events.append(.roomOpened(join.room))
    }
    guard room.peers.count < configuration.maxMembersPerRoom else { return refuse(.roomFull, "the room is full") }
    let member = MembershipLog.memberID(bundle: join.bundle, hash: HopDigest.sha3_256)
    guard room[member: member] == nil else {
      return refuse(.badState, "this bundle is in the room already: bundles are for one join only")
    }
    admit(member, admitted, to: room, on: connection, at: now)
  }

  private func admit(
    _ member: MemberID, _ admitted: AdmittedJoin, to room: Room, on connection: ConnectionID, at now: MonotonicInstant
  ) {
    let peer = Peer(
      index: peers.reserve(), room: room, member: member, join: admitted, connection: connection,
      resumeToken: Base64URL.encode(random.bytes(24)), maxVideoBitrate: configuration.maxVideoBitrate, random: random)
    peers.insert(peer)
    connections[connection] = peer.index
    resumeTokens[peer.resumeToken] = peer.index
    let capabilities = Self.plain(admitted.join.capabilities)
    let entry = room.log.join(bundle: admitted.join.bundle, capabilities: capabilities, at: now)
    let change = MembershipChange(entry: entry, bundle: admitted.join.bundle, capabilities: capabilities)
    broadcast(.membership(change), in: room)
    room.add(peer)
    counters.joins &+= 1
    tell(peer, .joined(joined(peer, resumed: false)))
    for track in room.publications(except: member) { offer(track, to: peer) }
    room.trigger.changed(entry: entry, log: room.log, at: now)
    arm(room)
  }

  /// What is passed on to the others of a member's words on itself: few and short ones.
  private static func plain(_ capabilities: [String]?) -> [String]? {
    capabilities.map { words in
      words.prefix(16).filter { $0.utf8.count <= 32 && $0.utf8.allSatisfy { byte in (33...126).contains(byte) } }
    }
  }

  private func joined(_ peer: Peer, resumed: Bool) -> Joined {
    let room = peer.room
    return Joined(
      member: peer.member, room: room.id, epoch: room.trigger.executedEpoch, roster: room.log.members,
      head: room.log.head, published: room.publications(except: peer.member).map(\.announcement),
      resumeToken: peer.resumeToken, resumed: resumed,
      limits: Joined.Limits(
        maxMembers: configuration.maxMembersPerRoom, maxSealedBytes: configuration.maxSealedBytes,
        maxVideoBitrate: Int(configuration.maxVideoBitrate),
        resumeWindowMs: configuration.resumeWindow.milliseconds))
  }

  private func resume(
    _ peer: Peer, on connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    if let old = peer.connection {
      connections[old] = nil
      events.append(.close(old, .replaced))
    }
    connections[connection] = peer.index
    peer.connection = connection
    peer.resumeDeadline = peer.consentLostAt.map { $0 + configuration.resumeWindow } ?? .never
    counters.resumes &+= 1
    events.append(.send(connection, .joined(joined(peer, resumed: true))))
    for message in peer.backlog.takeAll() { events.append(.send(connection, message)) }
    broadcast(.notice(Notice(code: .reconnected, member: peer.member)), in: peer.room, except: peer)
    arm(peer)
  }

  func disconnected(_ connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let peer = peer(on: connection) else { return }
    connections[connection] = nil
    peer.connection = nil
    peer.resumeDeadline = min(peer.resumeDeadline, now + configuration.resumeWindow)
    broadcast(.notice(Notice(code: .reconnecting, member: peer.member)), in: peer.room, except: peer)
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
    room.speakers.remove(peer.index.position)
    peers.remove(peer)
    counters.leaves[cause, default: 0] += 1
    if let entry = room.log.leave(peer.member, cause: cause) {
      broadcast(.membership(MembershipChange(entry: entry, bundle: nil)), in: room)
      room.trigger.changed(entry: entry, log: room.log, at: now)
    }
    if room.peers.isEmpty {
      rooms[room.id] = nil
      events.append(.roomClosed(room.id))
    } else {
      arm(room)
    }
  }
}
