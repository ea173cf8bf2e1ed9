/// Where a participant's video frames come from.
package enum VideoClip: Sendable {
  case file(IVFFile)
  case generated(VideoGenerator.Shape)

  package var frameRate: Double {
    switch self {
    case .file(let file): file.frameRate
    case .generated(let shape): shape.frameRate
    }
  }

  package var size: (width: UInt16, height: UInt16) {
    switch self {
    case .file(let file): (file.width, file.height)
    case .generated(let shape): (shape.width, shape.height)
    }
  }
}

/// One participant's position in its clip.
package struct VideoSource {
  package struct Frame {
    package let bytes: [UInt8]
    package let isKeyFrame: Bool
  }

  private let clip: VideoClip
  private var index = 0
  private var generator: VideoGenerator?
  private var keyFrameWanted = false

  package init(_ clip: VideoClip, seed: UInt64) {
    self.clip = clip
    if case .generated(let shape) = clip { generator = VideoGenerator(shape, seed: seed) }
  }

  package mutating func requestKeyFrame() { keyFrameWanted = true }

  package mutating func next() -> Frame {
    defer { keyFrameWanted = false }
    switch clip {
    case .file(let file):
      // A clip holds key frames only where its encoder put them: a request goes on at the nearest one before.
      if keyFrameWanted, !file.frames[index].isKeyFrame {
        index = file.frames[..<index].lastIndex { $0.isKeyFrame } ?? 0
      }
      let frame = file.frames[index]
      index = (index + 1) % file.frames.count
      return Frame(bytes: frame.bytes, isKeyFrame: frame.isKeyFrame)
    case .generated:
      let wanted = keyFrameWanted
      return generator?.next(isKeyFrame: wanted) ?? Frame(bytes: [], isKeyFrame: false)
    }
  }
}
