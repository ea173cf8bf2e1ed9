import WireBytes

/// Makes one gapless stream of sequence numbers out of the sources that a leg carries one after the other.
///
/// A gap in the source, a loss, stays a gap, so that the receiver asks for what is missing. A packet that is dropped
/// on purpose leaves none. A packet that comes late gets the number that was left free for it, even if drops lie
/// between; one from before the last switch of source, or older than 512 numbers, gets none.
///
/// No number is given out twice: two different packets under one number would be sealed with one nonce on the hop
/// (RFC 7714 section 10.1), and a publisher could bring that about by retransmitting other bytes.
package struct SequenceRewriter: Sendable {
  /// What to add to a source number newer than all others.
  private var offset: UInt16 = 0
  /// The newest source number that was forwarded or dropped.
  private var highest: UInt16 = 0
  /// How many source numbers up to `highest` belong to this source and lie in the window.
  private var span = 0
  private var forwarded = SequenceWindow()
  private var dropped = SequenceWindow()
  private var hasSource = false
  private let first: UInt16

  /// `first` is the number of the leg's first packet.
  package init(first: UInt16) { self.first = first }

  /// The number that a packet gets which follows the newest one.
  package var next: UInt16 { highest &+ offset &+ 1 }

  /// The outgoing number for a source packet; nil when it is too old, was dropped, or was rewritten before.
  package mutating func rewrite(_ sequence: UInt16) -> UInt16? {
    if !hasSource { switchSource(firstSequence: sequence) }
    if SerialNumber.isNewer(sequence, than: highest) {
      advance(to: sequence)
      forwarded[sequence] = true
      return sequence &+ offset
    }
    let age = Int(highest &- sequence)
    guard age < span, !forwarded[sequence], !dropped[sequence] else { return nil }
    forwarded[sequence] = true
    // Drops since then have lowered the offset; this packet's number was left free before that.
    let dropsSince = dropped.count(from: sequence &+ 1, length: age)
    return sequence &+ offset &+ UInt16(dropsSince)
  }

  /// Says that a source packet is not forwarded, and closes the gap. A packet that is not newer than all others has
  /// left its gap already.
  package mutating func drop(_ sequence: UInt16) {
    guard hasSource, SerialNumber.isNewer(sequence, than: highest) else { return }
    advance(to: sequence)
    dropped[sequence] = true
    offset &-= 1
  }

  /// From now on numbers are those of another source, whose first packet goes on behind the newest one sent.
  package mutating func switchSource(firstSequence: UInt16) {
    offset = (hasSource ? next : first) &- firstSequence
    highest = firstSequence &- 1
    span = 0
    forwarded.clear()
    dropped.clear()
    hasSource = true
  }

  private mutating func advance(to sequence: UInt16) {
    let distance = Int(sequence &- highest)
    forwarded.clear(from: highest &+ 1, length: distance)
    dropped.clear(from: highest &+ 1, length: distance)
    span = min(SequenceWindow.size, span + distance)
    highest = sequence
  }
}
