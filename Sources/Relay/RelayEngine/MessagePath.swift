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

  func broadcast(_ message: RelayMessage, in room: Room, except: Peer? = nil) {
    for peer in room.peers where peer !== except { tell(peer, message) }
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
    let message = RelayMessage.sealed(SealedFromMember(from: peer.member, body: sealed.body))
    guard let member = sealed.to else {
      counters.sealedMessages &+= UInt64(peer.room.peers.count - 1)
      counters.sealedBytes &+= UInt64((peer.room.peers.count - 1) * sealed.body.bytes.count)
      return broadcast(message, in: peer.room, except: peer)
    }
    guard let target = peer.room[member: member], target !== peer else {
      return fail(peer, .notFound, "no such member is in the room", about: "sealed")
    }
    counters.sealedMessages &+= 1
    counters.sealedBytes &+= UInt64(sealed.body.bytes.count)
    tell(target, message)
  }
}
