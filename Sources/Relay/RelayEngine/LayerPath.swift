import Forwarding
import RTP
import Signaling
import WireBytes

/// Which simulcast encoding each slot gets: by what its subscriber wishes, and by what still comes.
extension ShardEngine {
  /// Between two looks at a publisher's encodings; with `StreamPulse.silence`, how long a picture stands still when its
  /// encoding stops.
  private static var layerInterval: TimeInterval { .milliseconds(250) }

  func watchLayers(of publisher: Peer, at now: MonotonicInstant) {
    let isSimulcast = publisher.tracks.contains { $0.encodings.count > 1 }
    publisher.nextLayerCheck = isSimulcast ? now + Self.layerInterval : .never
  }

  /// Moves slots away from encodings that have stopped, and back.
  func checkLayers(of publisher: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    for track in publisher.tracks where track.encodings.count > 1 {
      for leg in track.legs {
        switch leg {
        case .peer(let slot): retarget(slot, isNewWish: false, at: now, into: batch)
        case .shard: break
        }
      }
    }
    watchLayers(of: publisher, at: now)
  }

  /// The same for publications of other shards, which no publisher here looks after.
  func checkLinkedLayers(of subscriber: Peer, at now: MonotonicInstant, into batch: EgressBatch) {
    for slot in subscriber.slots {
      if let track = slot.track, case .link = track.source { retarget(slot, isNewWish: false, at: now, into: batch) }
    }
  }

  /// Takes the encoding that suits the slot best now, and asks for the key frame with which it begins.
  func retarget(_ slot: ReceiveSlot, isNewWish: Bool, at now: MonotonicInstant, into batch: EgressBatch) {
    guard let track = slot.track, track.encodings.count > 1 else { return }
    let wished = LayerChoice.wished(maxHeight: slot.maxHeight, heights: track.encodings.map(\.height))
    let target = LayerChoice.target(
      wished: wished, present: slot.targetEncoding, isNew: isNewWish, pulses: track.encodings.map(\.pulse), at: now)
    guard target != slot.targetEncoding else { return }
    slot.targetEncoding = target
    if !isNewWish, !slot.paused {
      tell(slot.subscriber, .layers(layers(of: slot, why: target == wished ? .constraints : .unavailable)))
    }
    requestAwaitedKeyFrame(for: slot, at: now, into: batch)
  }

  func layers(of slot: ReceiveSlot, why: Layers.Reason) -> Layers {
    let rid = slot.paused ? nil : slot.track?.encodings[slot.targetEncoding].rid?.string
    return Layers(mid: slot.mid, rid: rid, why: why)
  }
}
