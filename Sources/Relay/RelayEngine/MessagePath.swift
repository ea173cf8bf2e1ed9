import Signaling
import WireBytes

/// Signalling in and out of the shard.
extension ShardEngine {
  func handle(_ message: ClientMessage, on connection: ConnectionID, at now: MonotonicInstant, into batch: EgressBatch)
  {
    guard let peer = peer(on: connection) else {
      return events.append(
        .send(connection, .error(SignalingError(code: .badState, message: "join a room first", about: message.type))))
    }
    switch message {
    case .publish(let publish): self.publish(publish.tracks, by: peer, at: now, into: batch)
    case .unpublish(let unpublish): self.unpublish(unpublish.tracks, by: peer, at: now, into: batch)
    case .subscribe(let selection): wish(selection.tracks, wanted: true, by: peer, at: now, into: batch)
    case .unsubscribe(let selection): wish(selection.tracks, wanted: false, by: peer, at: now, into: batch)
    case .constraints(let constraints): constrain(constraints, by: peer, at: now, into: batch)
    case .mute(let mute): self.mute(mute, by: peer, at: now, into: batch)
    case .sealed(let sealed): relay(sealed, from: peer)
    case .ready(let ready): self.ready(ready.epoch, from: peer, at: now, into: batch)
    case .leave: leave(peer, cause: .left, at: now, into: batch)
    case .join, .offer, .ping, .unknown: return
    }
  }

  func peer(on connection: ConnectionID) -> Peer? { connections[connection].flatMap { peers[$0] } }

  /// Sends to a member, or keeps the message until it resumes.
  func tell(_ peer: Peer, _ message: RelayMessage) {
    if let connection = peer.connection {
      events.append(.send(connection, message))
    } else if !peer.backlog.append(message) {
      // A backlog with a hole would break the promise of ordered delivery: such a member must join anew.
      peer.resumeDeadline = MonotonicInstant(nanoseconds: 0)
      arm(peer)
    }
  }

  /// Says something to the whole room. It goes through the room's home, so that all members hear all in one order.
  func broadcast(_ message: RelayMessage, in room: Room, except: MemberID? = nil) {
    if let home = room.home { return send(.say(room.id, message, except: except), to: home) }
    for part in room.parts { send(.broadcast(room.id, message, except: except), to: part) }
    tellPart(of: room, message, except: except)
  }

  func tellPart(of room: Room, _ message: RelayMessage, except: MemberID?) {
    var connections: [ConnectionID] = []
    for peer in room.peers where peer.member != except {
      if let connection = peer.connection { connections.append(connection) } else { tell(peer, message) }
    }
    if !connections.isEmpty { events.append(.broadcast(connections, message)) }
  }

  /// At the room's home: says something to a member, wherever it is. False when there is no such member.
  func tell(_ member: MemberID, in room: Room, _ message: RelayMessage) -> Bool {
    if let peer = room[member: member] {
      tell(peer, message)
    } else if let shard = room.shards[member] {
      send(.tell(room.id, member, message), to: shard)
    } else {
      return false
    }
    return true
  }

  func fail(_ peer: Peer, _ code: SignalingError.Code, _ message: String, about: String) {
    tell(peer, .error(SignalingError(code: code, message: message, about: about)))
  }

  /// Passes end-to-end bytes on. The relay sees their size and whom they are for, nothing else.
  private func relay(_ sealed: SealedToMember, from peer: Peer) {
    guard sealed.body.bytes.count <= configuration.maxSealedBytes else {
      return fail(
        peer, .tooLarge, "a sealed body may hold \(configuration.maxSealedBytes) bytes at most", about: "sealed")
    }
    if let home = peer.room.home { return send(.sealed(peer.room.id, from: peer.member, sealed), to: home) }
    relay(sealed, from: peer.member, in: peer.room)
  }

  /// At the room's home.
  func relay(_ sealed: SealedToMember, from sender: MemberID, in room: Room) {
    let message = RelayMessage.sealed(SealedFromMember(from: sender, body: sealed.body))
    guard let member = sealed.to else {
      counters.sealedMessages &+= UInt64(room.memberCount - 1)
      counters.sealedBytes &+= UInt64((room.memberCount - 1) * sealed.body.bytes.count)
      return broadcast(message, in: room, except: sender)
    }
    guard member != sender, tell(member, in: room, message) else {
      let error = SignalingError(code: .notFound, message: "no such member is in the room", about: "sealed")
      _ = tell(sender, in: room, .error(error))
      return
    }
    counters.sealedMessages &+= 1
    counters.sealedBytes &+= UInt64(sealed.body.bytes.count)
  }
}
