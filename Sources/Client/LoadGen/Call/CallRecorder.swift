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

  private let frames = Mutex<[Stream: [[UInt8]]]>([:])
  private let frameRate: Double
  private let size: (width: UInt16, height: UInt16)
  private let preSkip: UInt16

  init(frameRate: Double, size: (width: UInt16, height: UInt16), preSkip: UInt16) {
    self.frameRate = frameRate
    self.size = size
    self.preSkip = preSkip
  }

  func add(_ plaintext: [UInt8], from member: MemberID, stream: MediaStream) {
    let isAudio = stream.source.kind == .audio
    frames.withLock { $0[Stream(member: member, isAudio: isAudio), default: []].append(plaintext) }
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
        for packet in packets { writer.append(packet: packet) }
        writer.finish()
        bytes = writer.bytes
      } else {
        path = "\(folder)/video-\(name).ivf"
        bytes =
          IVFFile(
            width: size.width, height: size.height, frameRate: frameRate,
            frames: packets.map { IVFFile.Frame(bytes: $0) }
          ).encoded
      }
      try FileBytes.write(bytes, to: path)
      paths.append(path)
    }
    return paths.sorted()
  }
}
