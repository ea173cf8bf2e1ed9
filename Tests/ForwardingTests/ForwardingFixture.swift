import Signaling
import WireBytes

func ms(_ milliseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

func us(_ microseconds: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: microseconds * 1_000) }

/// The member number `n` of a test.
func member(_ n: Int) -> MemberID {
  var hash = [UInt8](repeating: 0, count: 32)
  hash[0] = UInt8(n >> 8)
  hash[1] = UInt8(n & 0xFF)
  return MemberID(bundleHash: hash)
}

func camera(of n: Int) -> TrackReference { TrackReference(member: member(n), track: "camera") }
