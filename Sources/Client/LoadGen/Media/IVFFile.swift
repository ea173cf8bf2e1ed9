import WireBytes

/// Frames of an IVF file, the simplest container of VP8: a 32-byte header, then size, timestamp and bytes per frame.
package struct IVFFile: Sendable {
  package struct Frame: Sendable, Equatable {
    package let bytes: [UInt8]
    /// VP8's inverse key-frame bit is the lowest of the first byte (RFC 6386 section 9.1).
    package var isKeyFrame: Bool { bytes.first.map { $0 & 1 == 0 } ?? false }

    package init(bytes: [UInt8]) { self.bytes = bytes }
  }

  /// What a participant sends as one frame at most.
  private static let maximumFrame = 256 * 1024

  package let width: UInt16
  package let height: UInt16
  /// Frames per second.
  package let frameRate: Double
  package let frames: [Frame]

  package init(width: UInt16, height: UInt16, frameRate: Double, frames: [Frame]) {
    self.width = width
    self.height = height
    self.frameRate = frameRate
    self.frames = frames
  }

  package init(path: String) throws(MediaFileError) { try self.init(bytes: try FileBytes.read(path), path: path) }

  package init(bytes: [UInt8], path: String) throws(MediaFileError) {
    guard let file = (try? Self.parse(bytes)) ?? nil else {
      throw MediaFileError(path: path, problem: "is not a complete IVF file of VP8 frames")
    }
    self = file
    guard let first = frames.first, first.isKeyFrame else {
      throw MediaFileError(path: path, problem: "does not start with a key frame")
    }
    guard frames.allSatisfy({ (1...Self.maximumFrame).contains($0.bytes.count) }) else {
      throw MediaFileError(path: path, problem: "has a frame that is empty or larger than 256 KiB")
    }
    guard frameRate > 0, frameRate <= 240 else {
      throw MediaFileError(path: path, problem: "says \(frameRate) frames per second; up to 240 are allowed")
    }
  }

  private static func parse(_ bytes: [UInt8]) throws(ByteError) -> IVFFile? {
    var reader = ByteReader(bytes.span)
    guard try reader.array(4) == Array("DKIF".utf8) else { return nil }
    try reader.skip(2)
    let headerSize = Int(try reader.u16().byteSwapped)
    guard try reader.array(4) == Array("VP80".utf8), headerSize >= 32 else { return nil }
    let width = try reader.u16().byteSwapped
    let height = try reader.u16().byteSwapped
    let rate = Double(try reader.u32().byteSwapped)
    let scale = Double(try reader.u32().byteSwapped)
    try reader.skip(8 + headerSize - 32)
    var frames: [Frame] = []
    var times: [UInt64] = []
    while !reader.isAtEnd {
      let size = Int(try reader.u32().byteSwapped)
      times.append(try reader.u64().byteSwapped)
      frames.append(Frame(bytes: try reader.array(size)))
    }
    // Timestamps count in units of scale / rate, which is a frame's duration for some writers and 1 ms for others.
    let span = times.count > 1 && times[times.count - 1] > times[0] ? times[times.count - 1] - times[0] : 0
    let step = span > 0 ? Double(span) / Double(times.count - 1) : 1
    return IVFFile(width: width, height: height, frameRate: scale > 0 ? rate / scale / step : 0, frames: frames)
  }

  /// The file's bytes, with timestamps that count frames.
  package var encoded: [UInt8] {
    var bytes = Array("DKIF".utf8)
    func little(_ value: UInt32) { bytes.append(u32: value.byteSwapped) }
    func little(_ value: UInt16) { bytes.append(u16: value.byteSwapped) }
    little(UInt16(0))
    little(UInt16(32))
    bytes += Array("VP80".utf8)
    little(width)
    little(height)
    little(UInt32((frameRate * 1000).rounded()))
    little(UInt32(1000))
    little(UInt32(frames.count))
    little(UInt32(0))
    for (index, frame) in frames.enumerated() {
      little(UInt32(frame.bytes.count))
      little(UInt32(index))
      little(UInt32(0))
      bytes += frame.bytes
    }
    return bytes
  }
}
