import ClientEngine
import E2EKeys
import Signaling
import Synchronization
import WireBytes

/// Keeps what one receiver decrypted, per sender, and writes it as files that a person can play.
final class CallRecorder: Sendable {
  private struct Stream: Hashable {
    let member: MemberID
    let isAudio: Bool
  }

  private struct Frame {
    let bytes: [UInt8]
    let timestamp: UInt32
  }

  /// Gaps beyond this are no silence but somebody who was away, seconds.
  private static let longestGap = 60

  private let frames = Mutex<[Stream: [Frame]]>([:])
  private let frameRate: Double
  private let size: (width: UInt16, height: UInt16)
  private let preSkip: UInt16

  init(frameRate: Double, size: (width: UInt16, height: UInt16), preSkip: UInt16) {
    self.frameRate = frameRate
    self.size = size
    self.preSkip = preSkip
  }

  func add(_ frame: ReceivedFrame) {
    let stream = Stream(member: frame.member, isAudio: frame.stream.source.kind == .audio)
    let frame = Frame(bytes: frame.plaintext, timestamp: frame.rtpTimestamp)
    frames.withLock { $0[stream, default: []].append(frame) }
  }

  /// Writes `audio-N.opus` and `video-N.ivf` for each sender; `names` maps members to N. Returns the paths.
  func write(to folder: String, names: [MemberID: Int]) throws(MediaFileError) -> [String] {
    try FileBytes.makeDirectory(folder)
    let recorded = frames.withLock { $0 }
    var paths: [String] = []
    for (stream, packets) in recorded {
      guard let name = names[stream.member] else { continue }
      let path: String
      let bytes: [UInt8]
      if stream.isAudio {
        path = "\(folder)/audio-\(name).opus"
        var writer = OggOpusWriter(serial: UInt32(name) + 1, preSkip: preSkip)
        for packet in Self.withSilence(packets) { writer.append(packet: packet) }
        writer.finish()
        bytes = writer.bytes
      } else {
        path = "\(folder)/video-\(name).ivf"
        bytes =
          IVFFile(
            width: size.width, height: size.height, frameRate: frameRate,
            frames: packets.map { IVFFile.Frame(bytes: $0.bytes) }
          ).encoded
      }
      try FileBytes.write(bytes, to: path)
      paths.append(path)
    }
    return paths.sorted()
  }

  /// The packets with empty ones (a TOC byte alone, RFC 7845 section 4.1) where the sender left some out or some were
  /// lost, so that a player keeps time.
  private static func withSilence(_ packets: [Frame]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var last: UInt32?
    for packet in packets {
      if let last, let toc = packet.bytes.first {
        let gap = Int(packet.timestamp &- last) / OpusEncoder20ms.samplesPerPacket
        if (2...(longestGap * 50)).contains(gap) {
          // The lowest two bits are the number of frames: 0 is one.
          result += [[UInt8]](repeating: [toc & 0xFC], count: gap - 1)
        }
      }
      result.append(packet.bytes)
      last = packet.timestamp
    }
    return result
  }
}
