import Forwarding
import SDP
import Signaling
import WireBytes

/// Receive slots: which publication each subscriber gets where.
extension ShardEngine {
  /// Offers a publication to a member that has just come; its slots follow with its first offer.
  func offer(_ track: IngressTrack, to peer: Peer) { place(offerChanges(track, to: peer), for: peer) }

  func offerChanges(_ track: IngressTrack, to peer: Peer) -> [SlotAssignments.Slot] {
    peer.assign(track.kind) {
      $0.publish(
        SlotAssigner.Publication(
          member: track.member, track: track.id, priority: 0, speaking: false, joinOrder: track.joinOrder))
    }
  }

  func apply(
    _ changes: [SlotAssignments.Slot], to peer: Peer, at now: MonotonicInstant, into batch: EgressBatch
  ) {
    guard !changes.isEmpty else { return }
    place(changes, for: peer)
    for change in changes {
      if let slot = peer.slot(mid: change.mid) { retarget(slot, isNewWish: true, at: now, into: batch) }
    }
    requestAwaitedKeyFrames(of: peer, at: now, into: batch)
  }

  /// Connects slots to the tracks they were given.
  func place(_ changes: [SlotAssignments.Slot], for peer: Peer) {
    for change in changes {
      guard let slot = peer.slot(mid: change.mid) else { continue }
      detach(slot)
      guard let member = change.member, let id = change.track,
        let track = peer.room.track(TrackReference(member: member, track: id))
      else { continue }
      guard slot.match(track) != nil else {
        tell(peer, .layers(Layers(mid: slot.mid, rid: nil, why: .unavailable)))
        continue
      }
      slot.carry(track)
      track.legs.append(.peer(slot))
      if track.legs.count == 1 { subscribe(to: track, wanted: true) }
      heed(peer.constraints[track.reference], in: slot)
    }
    if !changes.isEmpty {
      if peer.pendingSlotChanges.isEmpty { peersWithSlotChanges.append(peer) }
      peer.pendingSlotChanges += changes
    }
  }

  func detach(_ slot: ReceiveSlot) {
    guard let track = slot.track else { return slot.carry(nil) }
    let place = track.legs.firstIndex { leg in
      switch leg {
      case .peer(let other): other === slot
      case .shard: false
      }
    }
    if let place {
      // The order of legs means nothing; a large room must not move half of them.
      track.legs.swapAt(place, track.legs.count - 1)
      track.legs.removeLast()
      if track.legs.isEmpty { subscribe(to: track, wanted: false) }
    }
    slot.carry(nil)
  }

  /// One message per subscriber and call, with the last state of each slot that changed.
  func flushSlotChanges() {
    for peer in peersWithSlotChanges {
      var last: [String: SlotAssignments.Slot] = [:]
      for change in peer.pendingSlotChanges { last[change.mid] = change }
      peer.pendingSlotChanges.removeAll(keepingCapacity: true)
      guard peers[peer.index] === peer else { continue }
      tell(peer, .slots(SlotAssignments(slots: peer.slots.compactMap { last[$0.mid] })))
    }
    peersWithSlotChanges.removeAll(keepingCapacity: true)
  }
}

extension Peer {
  func assigner(_ kind: MediaKind) -> SlotAssigner { kind == .audio ? audioAssigner : videoAssigner }

  func assign(
    _ kind: MediaKind, _ body: (inout SlotAssigner) -> [SlotAssignments.Slot]
  ) -> [SlotAssignments.Slot] {
    kind == .audio ? body(&audioAssigner) : body(&videoAssigner)
  }
}
