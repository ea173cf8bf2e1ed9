import Forwarding
import Membership
import Signaling
import WireBytes

/// Carries out what the rekey trigger decides.
extension ShardEngine {
  func ready(_ epoch: UInt32, from peer: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    let room = peer.room
    perform(room.trigger.ready(peer.member, epoch: epoch, log: room.log, at: now), in: room, at: now, into: batch)
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
        for member in added { room[member: member]?.isInEpoch = true }
        // One request per publisher lets all new members in at once (DESIGN section 5).
        for member in added {
          guard let peer = room[member: member] else { continue }
          requestAwaitedKeyFrames(of: peer, at: now, into: batch)
        }
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
    let members = ranking.compactMap { position in room.peers.first { $0.index.position == position }?.member }
    broadcast(.speakers(Speakers(members: members)), in: room)
    for peer in room.peers {
      for kind in MediaKind.allCases {
        apply(peer.assign(kind) { $0.speaking(members) }, to: peer, at: now, into: batch)
      }
    }
  }
}
