package import Forwarding
import HopCrypto
import Membership
import SDP
import Signaling
package import WireBytes

/// Rooms with parts on several shards: what shards say to one another. `LinkMessage` says who does what.
extension ShardEngine {
  /// Messages of one connection kept while its join is with the room's home; a client that has had no answer sends few.
  private static let heldCommands = 32
  /// One token from each 24 random bytes cannot be guessed.
  private static let tokenBytes = 24

  /// Joins this engine to the others: one ring for each shard, nil for its own.
  package func connect(_ rings: [LinkRing?]) { self.rings = rings }

  package func takeLinkMessages() -> [LinkEnvelope] {
    guard !linkMessages.isEmpty else { return [] }
    defer { linkMessages = [] }
    return linkMessages
  }

  /// Takes in what another shard says.
  package func handle(
    _ message: LinkMessage, from shard: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    switch message {
    case .join(let connection, let join): self.join(join, on: connection, fromPart: shard, at: now)
    case .resume(let room, let member, let connection): resume(member, of: room, on: connection, fromPart: shard)
    case .left(let room, let member, let cause): left(member, of: room, cause: cause, fromPart: shard, at: now)
    case .ready(let id, let member, let epoch):
      guard let room = home(of: id, member, on: shard) else { break }
      ready(epoch, from: member, in: room, at: now, into: batch)
      arm(room)
    case .say(let id, let message, let except):
      guard let room = rooms[id], room.home == nil else { break }
      room.note(message)
      broadcast(message, in: room, except: except)
    case .sealed(let id, let sender, let sealed):
      if let room = home(of: id, sender, on: shard) { relay(sealed, from: sender, in: room) }
    case .publish(let id, let tracks): publish(tracks, in: id, fromPart: shard, at: now, into: batch)
    case .withdraw(let id, let member, let references):
      guard let room = home(of: id, member, on: shard) else { break }
      takeBack(references, fromPartOf: room, at: now, into: batch)
      announce(withdrawn: references, of: member, in: room)
    case .recode(let id, let reference, let codec):
      guard let room = home(of: id, reference.member, on: shard), let track = room.linked[reference] else { break }
      recode(track, codec, at: now, into: batch)
      announce(track, codec, of: reference.member, in: room)
    case .admitted, .refused, .resumed, .tell, .broadcast, .published, .withdrawn, .recoded, .executed, .speaking:
      obey(message, of: shard, at: now, into: batch)
    case .subscribe(let track, let wanted): published[track]?.setLeg(toShard: shard, wanted: wanted)
    case .requestKeyFrame(let id, let encoding, let isReminder):
      guard let track = published[id], track.encodings.indices.contains(encoding) else { break }
      // It may come before the SSRC is known, or before the publisher can be asked.
      track.encodings[encoding].linkedRequest.remember()
      if isReminder {
        remind(of: track, encoding: encoding, at: now, into: batch)
      } else {
        requestKeyFrame(of: track, encoding: encoding, at: now, into: batch)
      }
    }
    flushSlotChanges()
  }

  func send(_ message: LinkMessage, to shard: Int) {
    linkMessages.append(LinkEnvelope(shard: shard, message: message))
  }

  /// Asks the home to take a join or a resumption, and keeps what the connection says until the answer.
  func ask(_ home: Int, _ message: LinkMessage, for connection: ConnectionID) {
    held[connection] = []
    send(message, to: home)
  }

  /// True when the command waits for the answer to its connection's join.
  func hold(_ command: EngineCommand) -> Bool {
    guard !held.isEmpty, let connection = command.connection, let commands = held[connection] else { return false }
    switch command {
    case .disconnected: break
    case .join(_, let join):
      let error = Self.refusal(.badState, "this connection has joined already")
      events.append(.send(connection, .error(error)))
      events.append(.joinHandled(join.join.room))
      return true
    case .offer, .message, .drain:
      guard commands.count < Self.heldCommands else {
        let error = SignalingError(code: .badState, message: "wait for the answer to the join", about: nil)
        events.append(.send(connection, .error(error)))
        return true
      }
    }
    held[connection]?.append(command)
    return true
  }

  /// The home has answered: what the connection said meanwhile happens now.
  func release(_ connection: ConnectionID, of room: RoomID, at now: MonotonicInstant, into batch: EgressBatch) {
    events.append(.joinHandled(room))
    for command in held.removeValue(forKey: connection) ?? [] { handle(command, at: now, into: batch) }
  }

  /// Names the shard in front, so that whoever places a resumption finds the member.
  func newResumeToken() -> String {
    let token = Base64URL.encode(random.bytes(Self.tokenBytes))
    return rings.isEmpty ? token : "\(configuration.shard).\(token)"
  }
}

/// At a room's home: what its parts report.
extension ShardEngine {
  /// The room, if this is its home and the member is on that shard.
  private func home(of id: RoomID, _ member: MemberID, on shard: Int) -> Room? {
    guard let room = rooms[id], room.home == nil, room.shards[member] == shard else { return nil }
    return room
  }

  private func join(
    _ admitted: AdmittedJoin, on connection: ConnectionID, fromPart shard: Int, at now: MonotonicInstant
  ) {
    do throws(SignalingError) {
      guard !draining else { throw Self.refusal(.shuttingDown, "the relay is shutting down") }
      let room = try room(for: admitted.join)
      let entry = log(admitted, in: room, at: now)
      room.add(entry.member, on: shard)
      let elsewhere = room.publications(except: entry.member).map { describe($0) }.filter { $0.shard != shard }
      let joined = joined(entry.member, in: room, resumed: false)
      send(.admitted(connection, admitted, joined, joinOrder: Int(entry.n), tracks: elsewhere), to: shard)
      changed(room, entry, at: now)
    } catch {
      send(.refused(connection, admitted.join.room, error), to: shard)
    }
  }

  private func resume(_ member: MemberID, of id: RoomID, on connection: ConnectionID, fromPart shard: Int) {
    guard let room = home(of: id, member, on: shard) else {
      return send(.refused(connection, id, Self.resumeRefusal), to: shard)
    }
    send(.resumed(id, member, connection, joined(member, in: room, resumed: true)), to: shard)
  }

  private func left(
    _ member: MemberID, of id: RoomID, cause: MembershipCause, fromPart shard: Int, at now: MonotonicInstant
  ) {
    guard let room = home(of: id, member, on: shard) else { return }
    room.remove(member, on: shard)
    left(member, joinOrder: room.log.joinIndex(of: member) ?? 0, cause: cause, in: room, at: now)
  }

  private func publish(
    _ tracks: [LinkedTrack], in id: RoomID, fromPart shard: Int, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard let member = tracks.first?.member, let room = home(of: id, member, on: shard) else { return }
    announce(tracks.map { mirror($0, in: room) }, of: member, in: room, at: now, into: batch)
  }

  /// Tells the room of publications, and offers them to it. A part leaves that to the home.
  func announce(
    _ tracks: [IngressTrack], of member: MemberID, in room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    let described = tracks.map { describe($0) }
    if let home = room.home { return send(.publish(room.id, described), to: home) }
    broadcast(.published(Published(tracks: tracks.map(\.announcement))), in: room, except: member)
    for part in room.parts { send(.published(room.id, described), to: part) }
    offer(tracks, toPartOf: room, at: now, into: batch)
  }

  func announce(_ track: IngressTrack, _ codec: NegotiatedCodec, of member: MemberID, in room: Room) {
    if let home = room.home { return send(.recode(room.id, track.reference, codec), to: home) }
    for part in room.parts where room.shards[member] != part {
      send(.recoded(room.id, track.reference, codec), to: part)
    }
  }

  func announce(withdrawn references: [TrackReference], of member: MemberID, in room: Room) {
    if let home = room.home { return send(.withdraw(room.id, member, references), to: home) }
    for part in room.parts { send(.withdrawn(room.id, member, references), to: part) }
    broadcast(.unpublished(TrackSelection(tracks: references)), in: room, except: member)
  }
}

extension EngineCommand {
  fileprivate var connection: ConnectionID? {
    switch self {
    case .join(let connection, _), .offer(let connection, _), .message(let connection, _),
      .disconnected(let connection):
      connection
    case .drain: nil
    }
  }
}
