package import WireBytes

/// Who speaks, by the audio levels that clients choose to send (RFC 6464), loudest first.
///
/// Members are integers: the engine's own index for a peer.
package struct ActiveSpeakers: Sendable {
  /// More names than this help nobody to see who speaks.
  private static let maximumSpeakers = 8
  /// Between two announcements.
  private static var interval: TimeInterval { .milliseconds(300) }
  /// How long a speaker stays one after the last loud packet: pauses between sentences are shorter.
  private static var hangover: TimeInterval { .milliseconds(800) }
  /// Smoothed loudness from which one speaks, in sixteenths of a decibel above -127 dBov: -50 dBov. A quiet room's
  /// noise lies below, quiet speech above.
  private static let threshold: Int32 = 77 * 16
  /// One speaker passes another only when louder by so much: 6 dB.
  private static let margin: Int32 = 6 * 16

  private struct Voice {
    let index: Int
    var loudness: Int32 = 0
    var lastLoud: MonotonicInstant?
  }

  /// By ascending index. Grows with the first packet of a member only.
  private var voices: [Voice] = []
  private var announced: [Int] = []
  private var lastAnnouncement = MonotonicInstant(nanoseconds: 0)

  /// When `due` may have a changed ranking.
  package private(set) var nextDeadline = MonotonicInstant.never

  package init() {}

  /// Takes in the level of one audio packet: 0 is the loudest, 127 silence.
  package mutating func level(_ index: Int, dBov: UInt8, at now: MonotonicInstant) {
    let place = place(of: index)
    if place == voices.count || voices[place].index != index { voices.insert(Voice(index: index), at: place) }
    let level = (127 - Int32(min(dBov, 127))) * 16
    voices[place].loudness += (level - voices[place].loudness) / 4
    guard voices[place].loudness >= Self.threshold else { return }
    voices[place].lastLoud = now
    if nextDeadline == .never { nextDeadline = max(now, lastAnnouncement + Self.interval) }
  }

  /// The ranking, if it has changed since the last time; at most every 300 ms.
  package mutating func due(at now: MonotonicInstant) -> [Int]? {
    guard nextDeadline <= now else { return nil }
    let ranking = self.ranking(at: now)
    lastAnnouncement = now
    // Silence comes without a packet, so someone must look again while anyone speaks.
    nextDeadline = ranking.isEmpty ? .never : now + Self.interval
    guard ranking != announced else { return nil }
    announced = ranking
    return ranking
  }

  /// Forgets a member that left. That it speaks no more needs no announcement.
  package mutating func remove(_ index: Int) {
    let place = place(of: index)
    if place < voices.count, voices[place].index == index { voices.remove(at: place) }
    announced.removeAll { $0 == index }
  }

  private func ranking(at now: MonotonicInstant) -> [Int] {
    var speaking = voices.filter { voice in
      voice.lastLoud.map { now.nanoseconds(since: $0) <= Self.hangover.nanoseconds } ?? false
    }
    // Those named before keep their order, new ones follow by loudness; then the clearly louder ones move up.
    speaking.sort { a, b in
      switch (announced.firstIndex(of: a.index), announced.firstIndex(of: b.index)) {
      case (let a?, let b?): a < b
      case (_?, nil): true
      case (nil, _?): false
      case (nil, nil): a.loudness != b.loudness ? a.loudness > b.loudness : a.index < b.index
      }
    }
    for end in speaking.indices {
      var place = end
      while place > 0, speaking[place].loudness > speaking[place - 1].loudness + Self.margin {
        speaking.swapAt(place, place - 1)
        place -= 1
      }
    }
    return speaking.prefix(Self.maximumSpeakers).map(\.index)
  }

  /// Where the member's voice is, or would be.
  private func place(of index: Int) -> Int {
    var (low, high) = (0, voices.count)
    while low < high {
      let middle = (low + high) / 2
      if voices[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
