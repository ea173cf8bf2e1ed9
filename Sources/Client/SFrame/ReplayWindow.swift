/// Which counters of one key have been accepted (RFC 9605 section 9.3): the newest 1024.
///
/// A video frame is one counter, so 1024 counters are half a minute of video and 20 seconds of audio: more than any
/// retransmission arrives late. A smaller window would drop real frames, a larger one costs memory per sender.
package struct ReplayWindow: Sendable {
  package static let size: UInt64 = 1024

  private var words = [UInt64](repeating: 0, count: Int(size / 64))
  private var newest: UInt64?

  package init() {}

  /// Whether `ctr` is neither in the window already nor older than it. Changes nothing: a counter counts as seen only
  /// once its frame is authentic.
  package func isFresh(_ ctr: UInt64) -> Bool {
    guard let newest else { return true }
    if ctr > newest { return true }
    guard newest - ctr < Self.size else { return false }
    return words[Int(ctr % Self.size / 64)] & (1 << (ctr % 64)) == 0
  }

  /// Records the counter of an authentic frame. A counter that is not fresh is ignored.
  package mutating func record(_ ctr: UInt64) {
    guard isFresh(ctr) else { return }
    if let newest, ctr > newest {
      clear(from: newest, through: ctr)
    }
    if newest.map({ ctr > $0 }) ?? true { newest = ctr }
    words[Int(ctr % Self.size / 64)] |= 1 << (ctr % 64)
  }

  /// Forgets the positions that the window moves onto.
  private mutating func clear(from old: UInt64, through new: UInt64) {
    guard new - old < Self.size else {
      for index in words.indices { words[index] = 0 }
      return
    }
    var position = old
    while position < new {
      position += 1
      words[Int(position % Self.size / 64)] &= ~(1 << (position % 64))
    }
  }
}
