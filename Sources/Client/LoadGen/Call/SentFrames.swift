package import E2EKeys
import Synchronization
package import WireBytes

/// What every participant of one room has sealed, so that every receiver's frames can be checked for content, order
/// and completeness, and timed.
package final class SentFrames: Sendable {
  package struct Key: Hashable, Sendable {
    package let member: MemberID
    package let stream: MediaStream
    package let epoch: UInt32
    package let counter: UInt64

    package init(member: MemberID, stream: MediaStream, epoch: UInt32, counter: UInt64) {
      self.member = member
      self.stream = stream
      self.epoch = epoch
      self.counter = counter
    }
  }

  package struct Record: Sendable {
    /// Position in the sender's stream, from 0.
    package let ordinal: Int
    package let digest: UInt64
    package let sealedAt: MonotonicInstant
  }

  private struct Stream: Hashable {
    let member: MemberID
    let stream: MediaStream
  }

  private struct State {
    var records: [Key: Record] = [:]
    /// Keys in the order of sealing, so that old records can go.
    var order: [Key] = []
    var oldest = 0
    var next: [Stream: Int] = [:]
    var times: [Stream: [MonotonicInstant]] = [:]
    var total: UInt64 = 0
  }

  /// Frames that took longer than this to arrive count as missing: no call waits for them.
  private static let memory = TimeInterval.seconds(10)

  private let state = Mutex(State())

  package init() {}

  package func record(_ key: Key, plaintext: [UInt8], at now: MonotonicInstant) {
    let digest = Self.digest(plaintext)
    state.withLock { state in
      let stream = Stream(member: key.member, stream: key.stream)
      let ordinal = state.next[stream, default: 0]
      state.next[stream] = ordinal + 1
      state.times[stream, default: []].append(now)
      state.records[key] = Record(ordinal: ordinal, digest: digest, sealedAt: now)
      state.order.append(key)
      state.total += 1
      while let first = state.records[state.order[state.oldest]], first.sealedAt + Self.memory < now {
        state.records[state.order[state.oldest]] = nil
        state.oldest += 1
      }
      if state.oldest > 65_536 {
        state.order.removeFirst(state.oldest)
        state.oldest = 0
      }
    }
  }

  package func find(_ key: Key) -> Record? { find([key])[0] }

  /// The records of `keys`, in their order. One lock for many: a room of fifty has a hundred thousand look-ups a second.
  package func find(_ keys: [Key]) -> [Record?] { state.withLock { state in keys.map { state.records[$0] } } }

  /// How many frames of the stream were sealed before `deadline`.
  package func count(_ member: MemberID, _ stream: MediaStream, before deadline: MonotonicInstant) -> Int {
    state.withLock { state in
      guard let times = state.times[Stream(member: member, stream: stream)] else { return 0 }
      var (low, high) = (0, times.count)
      while low < high {
        let middle = (low + high) / 2
        if times[middle] < deadline { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  package var total: UInt64 { state.withLock { $0.total } }

  /// FNV-1a over 8-byte words: tells frames apart; no adversary chooses them.
  package static func digest(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    var index = 0
    while index + 8 <= bytes.count {
      var word: UInt64 = 0
      for offset in 0..<8 { word = word << 8 | UInt64(bytes[index + offset]) }
      hash = (hash ^ word) &* 0x100_0000_01B3
      hash ^= hash >> 29
      index += 8
    }
    while index < bytes.count {
      hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
      index += 1
    }
    return hash
  }
}
