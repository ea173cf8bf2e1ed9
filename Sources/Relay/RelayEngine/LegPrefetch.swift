import CPrefetch
import Forwarding
import SRTP

/// What a burst needs of a leg, brought into the cache while the legs before it are worked on.
///
/// Between two frames a core's caches fill with other work, so that the first packet to a leg would wait for memory some
/// thirty times, one after the other: one object is found by way of the one before. Each stage asks for what the stage
/// before has made known, so the stages run on legs that lie ever further ahead.
enum LegPrefetch {
  static let stages = 5

  static func run(stage: Int, _ leg: ReceiveSlot) {
    switch stage {
    case 1: unsafe cprefetch(Unmanaged.passUnretained(leg).toOpaque(), 256)
    case 2:
      leg.prefetchState()
      unsafe cprefetch(Unmanaged.passUnretained(leg.egress).toOpaque(), 64)
    case 3:
      leg.rewrites.prefetch(out: leg.sequence.next)
      leg.egress.prefetchSender()
    case 4: leg.egress.prefetchKeys(stage: 1)
    default: leg.egress.prefetchKeys(stage: 2)
    }
  }
}
