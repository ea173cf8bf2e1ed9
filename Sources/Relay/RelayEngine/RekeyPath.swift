import Forwarding
import Membership
import Signaling
import WireBytes

/// Carries out what the rekey trigger decides.
extension ShardEngine {
  func ready(_ epoch: UInt32, from peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    let room = peer.room
    if let home = room.home { return send(.ready(room.id, peer.member, epoch: epoch), to: home) }
    ready(epoch, from: peer.member, in: room, at: now, into: batch)
  }

  func ready(
    _ epoch: UInt32, from member: MemberID, in room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    perform(room.trigger.ready(member, epoch: epoch, log: room.log, at: now), in: room, at: now, into: batch)
    arm(room)
  }

  func expire(_ room: Room, at now: MonotonicInstant, into batch: EgressBatch) {
    perform(room.trigger.expire(log: room.log, at: now), in: room, at: now, into: batch)
    if let ranking = room.speakers.due(at: now) { announceSpeakers(ranking, in: room, at: now, into: batch) }
  }

  private func perform(
    _ actions: [RekeyTrigger.Action], in room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    for action in actions {
      switch action {
      case .prepare(let rekey):
        counters.rekeyTriggers[rekey.cause, default: 0] += 1
        broadcast(.rekey(rekey), in: room)
      case .execute(let rekey, let added):
        broadcast(.rekey(rekey), in: room)
        for part in room.parts { send(.executed(room.id, added: added), to: part) }
        letIn(added, to: room, at: now, into: batch)
      case .stale(let member):
        broadcast(.notice(Notice(code: .stale, member: member)), in: room)
      }
    }
    for convergence in room.trigger.takeConvergences() {
      counters.rekeyConvergence.observe(convergence.allReadyAfter.seconds)
      counters.rekeyLaggards &+= UInt64(convergence.laggards)
    }
  }

  private func announceSpeakers(
    _ ranking: [Int], in room: Room, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    let members = ranking.compactMap { room.log.member(joinIndex: UInt32($0)) }
    broadcast(.speakers(Speakers(members: members)), in: room)
    for part in room.parts { send(.speaking(room.id, members), to: part) }
    speaking(members, in: room, at: now, into: batch)
  }

  /// These members take part in the executed epoch from now on.
  func letIn(_ added: [MemberID], to room: Room, at now: MonotonicInstant, into batch: EgressBatch) {
    for member in added { room[member: member]?.isInEpoch = true }
    // One request per publisher lets all new members in at once (DESIGN section 5).
    for member in added {
      guard let peer = room[member: member] else { continue }
      requestAwaitedKeyFrames(of: peer, at: now, into: batch)
    }
  }

  func speaking(_ members: [MemberID], in room: Room, at now: MonotonicInstant, into batch: EgressBatch) {
    for kind in MediaKind.allCases {
      let tracks = members.flatMap { room.tracks(of: $0, kind) }
      for peer in room.peers {
        apply(peer.assign(kind) { $0.speaking(tracks: tracks) }, to: peer, at: now, into: batch)
      }
    }
  }
}
