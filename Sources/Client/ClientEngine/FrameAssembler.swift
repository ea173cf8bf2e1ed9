package import WireBytes

/// One packet of a received stream, its numbers extended and its payload descriptor taken off.
package struct MediaPacket: Sendable {
  package let sequence: Int64
  package let timestamp: UInt32
  package let startsFrame: Bool
  package let endsFrame: Bool
  /// Whether a key frame starts here; only meaningful where a frame starts.
  package let isKeyFrame: Bool
  package let payload: [UInt8]
  package let arrivedAt: MonotonicInstant

  package init(
    sequence: Int64, timestamp: UInt32, startsFrame: Bool, endsFrame: Bool, isKeyFrame: Bool, payload: [UInt8],
    arrivedAt: MonotonicInstant
  ) {
    self.sequence = sequence
    self.timestamp = timestamp
    self.startsFrame = startsFrame
    self.endsFrame = endsFrame
    self.isKeyFrame = isKeyFrame
    self.payload = payload
    self.arrivedAt = arrivedAt
  }
}

/// A whole sealed frame.
package struct AssembledFrame: Sendable, Equatable {
  package let timestamp: UInt32
  package let isKeyFrame: Bool
  package let payload: [UInt8]
  /// When its last packet arrived.
  package let arrivedAt: MonotonicInstant
}

/// Puts the packets of one stream back into whole frames, in order.
///
/// Frame boundaries come from the Dependency Descriptor's flags, completeness from sequence numbers without a gap (the
/// relay closes gaps that it makes itself). A gap is waited for as long as a retransmission may take; after that audio
/// goes on behind it, and video waits for a key frame, since what follows a lost frame cannot be decoded.
package struct FrameAssembler: Sendable {
  package enum Insertion: Sendable, Equatable { case stored, duplicate, late }

  /// How the stream's kind of media lives with loss.
  package struct Rules: Sendable {
    /// Whether decoding can only start, and only go on after a loss, at a key frame.
    package var needsKeyFrames: Bool
    /// How long a gap is waited for. Longer delays everything behind a packet that never comes; shorter gives up on
    /// retransmissions that are on their way.
    package var patience: TimeInterval
    /// Packets held back at most, whatever the time.
    package var capacity: Int

    /// The relay cannot repeat audio to us, but the packets that it lost and got again come late.
    package static let audio = Rules(needsKeyFrames: false, patience: .milliseconds(100), capacity: 64)
    package static let video = Rules(needsKeyFrames: true, patience: .milliseconds(500), capacity: 1024)
  }

  /// A key frame whose first packet is late is expected within this time; then one is asked for.
  private static let keyFrameGrace = TimeInterval.milliseconds(60)
  /// Packets that wait for the start of a key frame are kept this long: a retransmission of it may come.
  private static let keyFrameMemory = TimeInterval.milliseconds(300)

  private let rules: Rules
  private var buffer: [Int64: MediaPacket] = [:]
  /// The next sequence number to use; nil before the first packet.
  package private(set) var next: Int64?
  private var hasConsumed = false
  private var awaitsKeyFrame: Bool
  /// Arrival of the oldest packet held back.
  private var blockedSince = MonotonicInstant.never

  /// Whether a key frame should be asked for.
  package private(set) var wantsKeyFrame = false
  /// Frames given up because a packet never came, or because their source ended in the middle.
  package private(set) var incompleteFrames: UInt64 = 0
  /// Whole frames dropped because the frames before them were lost.
  package private(set) var undecodableFrames: UInt64 = 0

  package init(_ rules: Rules) {
    self.rules = rules
    awaitsKeyFrame = rules.needsKeyFrames
  }

  /// Takes a packet in; `advance` then gives what is complete.
  package mutating func insert(_ packet: MediaPacket) -> Insertion {
    if let next {
      if packet.sequence > next + Int64(rules.capacity) * 2 {
        restart(at: packet.sequence)
      } else if packet.sequence < next {
        guard !hasConsumed, packet.sequence + Int64(rules.capacity) > next else { return .late }
        self.next = packet.sequence
      }
    } else {
      next = packet.sequence
    }
    guard buffer[packet.sequence] == nil else { return .duplicate }
    buffer[packet.sequence] = packet
    return .stored
  }

  /// The frames that are complete and in turn.
  package mutating func advance() -> [AssembledFrame] {
    var frames: [AssembledFrame] = []
    while true {
      switch step() {
      case .frame(let frame): frames.append(frame)
      case .progress: continue
      case .blocked:
        if buffer.count <= rules.capacity {
          blockedSince = buffer.values.reduce(.never) { min($0, $1.arrivedAt) }
          return frames
        }
        giveUp()
      }
    }
  }

  /// When `expire` has something to do.
  package var nextDeadline: MonotonicInstant {
    guard blockedSince != .never else { return .never }
    if awaitsKeyFrame { return blockedSince + (wantsKeyFrame ? Self.keyFrameMemory : Self.keyFrameGrace) }
    return blockedSince + rules.patience
  }

  /// Gives up what has been waited for too long. Returns the frames that then are in turn.
  package mutating func expire(at now: MonotonicInstant) -> [AssembledFrame] {
    guard nextDeadline <= now else { return [] }
    if awaitsKeyFrame {
      wantsKeyFrame = true
      forget { $0.arrivedAt + Self.keyFrameMemory <= now }
    } else {
      giveUp()
    }
    return advance()
  }

  /// The source ended or changed: nothing that is missing now will come.
  package mutating func giveUpGaps() -> [AssembledFrame] {
    guard !buffer.isEmpty else { return [] }
    if !awaitsKeyFrame { giveUp() }
    wantsKeyFrame = false
    return advance()
  }

  /// A frame could not be opened: what builds on it cannot be decoded either.
  package mutating func requireKeyFrame() {
    guard rules.needsKeyFrames else { return }
    awaitsKeyFrame = true
    wantsKeyFrame = true
  }

  private enum Step {
    case frame(AssembledFrame)
    case progress
    case blocked
  }

  private mutating func step() -> Step {
    guard let position = next, !buffer.isEmpty else { return .blocked }
    if awaitsKeyFrame {
      guard let start = firstKeyFrameStart() else { return .blocked }
      guard start == position else {
        forget { $0.sequence < start }
        next = start
        return .progress
      }
    }
    guard let packet = buffer[position] else { return .blocked }
    guard packet.startsFrame else {
      buffer[position] = nil
      next = position + 1
      // Padding, or the rest of a frame whose start went with another source.
      if !packet.payload.isEmpty { lostFrame() }
      return .progress
    }
    return frame(from: packet)
  }

  private mutating func frame(from first: MediaPacket) -> Step {
    var payload = first.payload
    var arrivedAt = first.arrivedAt
    var end = first.sequence
    while buffer[end]?.endsFrame != true {
      end += 1
      guard let part = buffer[end] else { return .blocked }
      if part.startsFrame {
        // The source stopped in the middle of a frame and another one took over.
        for sequence in first.sequence..<end { buffer[sequence] = nil }
        next = end
        lostFrame()
        return .progress
      }
      payload += part.payload
      arrivedAt = max(arrivedAt, part.arrivedAt)
    }
    for sequence in first.sequence...end { buffer[sequence] = nil }
    next = end + 1
    hasConsumed = true
    awaitsKeyFrame = false
    wantsKeyFrame = false
    return .frame(
      AssembledFrame(
        timestamp: first.timestamp, isKeyFrame: first.isKeyFrame, payload: payload, arrivedAt: arrivedAt))
  }

  private mutating func lostFrame() {
    incompleteFrames += 1
    hasConsumed = true
    guard rules.needsKeyFrames, !awaitsKeyFrame else { return }
    awaitsKeyFrame = true
  }

  /// Goes on without the packet that is missing.
  private mutating func giveUp() {
    guard let position = next, let oldest = buffer.keys.min() else { return }
    if rules.needsKeyFrames {
      if awaitsKeyFrame {
        // Too much waits for a key frame: the older half will not be needed.
        let middle = oldest + Int64(rules.capacity) / 2
        forget { $0.sequence < middle }
      } else {
        lostFrame()
      }
      wantsKeyFrame = true
    } else {
      incompleteFrames += UInt64(max(1, oldest - position))
      hasConsumed = true
      if oldest == position { buffer[oldest] = nil }
      next = oldest == position ? oldest + 1 : oldest
    }
  }

  private func firstKeyFrameStart() -> Int64? {
    var first: Int64?
    for packet in buffer.values where packet.startsFrame && packet.isKeyFrame {
      first = min(first ?? .max, packet.sequence)
    }
    return first
  }

  private mutating func forget(_ condition: (MediaPacket) -> Bool) {
    for packet in buffer.values where condition(packet) {
      buffer[packet.sequence] = nil
      if packet.endsFrame { undecodableFrames += 1 }
      next = max(next ?? 0, packet.sequence + 1)
      hasConsumed = true
    }
    blockedSince = buffer.values.reduce(.never) { min($0, $1.arrivedAt) }
  }

  /// The stream jumped: its sender, or the relay, started anew.
  private mutating func restart(at sequence: Int64) {
    buffer.removeAll()
    next = sequence
    if rules.needsKeyFrames { awaitsKeyFrame = true }
    incompleteFrames += 1
  }
}
