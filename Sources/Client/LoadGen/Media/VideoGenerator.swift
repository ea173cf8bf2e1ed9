/// Frames with the sizes of a real encoder's output and content that tells them apart.
///
/// The size pattern is that of a talking head: key frames of eight mean sizes, after each a debt that the rate control
/// pays back, and delta frames that vary by a third around the mean.
package struct VideoGenerator: Sendable {
  package struct Shape: Sendable {
    package var width: UInt16
    package var height: UInt16
    package var frameRate: Double
    /// Bits per second.
    package var bitrate: Double

    package init(width: UInt16, height: UInt16, frameRate: Double, bitrate: Double) {
      self.width = width
      self.height = height
      self.frameRate = frameRate
      self.bitrate = bitrate
    }

    /// 720p, 30 frames per second, 1.2 Mbit/s.
    package static let hd = Shape(width: 1280, height: 720, frameRate: 30, bitrate: 1_200_000)
  }

  private static let keyFrameFactor = 8.0
  private let shape: Shape
  private var random: SplitMix64
  private var index: UInt64 = 0
  /// Bytes that the last key frame took beyond the mean and that delta frames give back.
  private var debt = 0.0
  private let texture: [UInt8]

  package init(_ shape: Shape, seed: UInt64) {
    self.shape = shape
    random = SplitMix64(seed: seed)
    var filler = SplitMix64(seed: seed ^ 0x5EED)
    texture = (0..<8_192).flatMap { _ -> [UInt8] in
      let word = filler.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
    }
  }

  package mutating func next(isKeyFrame: Bool) -> VideoSource.Frame {
    let isKeyFrame = isKeyFrame || index == 0
    let mean = shape.bitrate / 8 / shape.frameRate
    var size: Double
    if isKeyFrame {
      size = mean * Self.keyFrameFactor
      debt += size - mean
    } else {
      size = mean * (0.67 + Double(random.next() % 1_000) / 1_500)
      let payback = min(debt, size * 0.3)
      size -= payback
      debt -= payback
    }
    let count = max(64, Int(size))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    // The first byte says key or delta as VP8 does; then the number of the frame.
    bytes.append(isKeyFrame ? 0x10 : 0x11)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: index >> UInt64(8 * shift))) }
    var offset = Int(random.next() % UInt64(texture.count))
    while bytes.count < count {
      let part = min(count - bytes.count, texture.count - offset)
      bytes += texture[offset..<(offset + part)]
      offset = 0
    }
    index += 1
    return VideoSource.Frame(bytes: bytes, isKeyFrame: isKeyFrame)
  }
}
