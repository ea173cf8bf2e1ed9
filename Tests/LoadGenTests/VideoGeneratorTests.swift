import LoadGen
import Testing

@Suite struct VideoGeneratorTests {
  private func frames(_ count: Int, seed: UInt64, bitrate: Double = 1_200_000, keyEvery: Int = .max) -> [[UInt8]] {
    var shape = VideoGenerator.Shape.hd
    shape.bitrate = bitrate
    var generator = VideoGenerator(shape, seed: seed)
    return (0..<count).map { generator.next(isKeyFrame: $0 > 0 && $0.isMultiple(of: keyEvery)).bytes }
  }

  @Test(
    "ten seconds have the bitrate that was asked for, within 10 %",
    arguments: [
      100_000.0, 1_200_000, 5_000_000,
    ])
  func bitrate(_ asked: Double) {
    for seed in [1, 2, 3] as [UInt64] {
      for keyEvery in [Int.max, 90] {
        let bytes = frames(300, seed: seed, bitrate: asked, keyEvery: keyEvery).reduce(0) { $0 + $1.count }
        #expect((0.9...1.1).contains(Double(bytes) * 8 / 10 / asked), "\(asked) \(seed) \(keyEvery) \(bytes)")
      }
    }
  }

  @Test("the first frame is a key frame, then only those that are asked for, and they are large")
  func keyFrames() {
    var generator = VideoGenerator(.hd, seed: 4)
    let frames = (0..<60).map { generator.next(isKeyFrame: $0 == 30) }
    #expect(frames.indices.filter { frames[$0].isKeyFrame } == [0, 30])
    #expect(frames.allSatisfy { IVFFile.Frame(bytes: $0.bytes).isKeyFrame == $0.isKeyFrame })
    let largestDelta = frames.filter { !$0.isKeyFrame }.map(\.bytes.count).max() ?? 0
    #expect(frames[30].bytes.count > 4 * largestDelta)
  }

  @Test("equal seeds give equal frames, other seeds others, and no two frames are alike")
  func determinism() {
    let first = frames(100, seed: 7)
    #expect(first == frames(100, seed: 7))
    #expect(first != frames(100, seed: 8))
    #expect(Set(first).count == 100)
  }
}

@Suite struct VideoSourceTests {
  @Test("a clip runs in a loop")
  func loop() {
    let clip = IVFFileTests.clip(12, keyEvery: 5)
    var source = VideoSource(.file(clip), seed: 1)
    #expect((0..<30).map { _ in source.next().bytes } == (0..<30).map { clip.frames[$0 % 12].bytes })
  }

  @Test("on request a clip goes back to the nearest key frame, once")
  func backToKeyFrame() {
    let clip = IVFFileTests.clip(12, keyEvery: 5)
    var source = VideoSource(.file(clip), seed: 1)
    for _ in 0..<8 { _ = source.next() }
    source.requestKeyFrame()
    let frames = (0..<3).map { _ in source.next() }
    #expect(frames.map(\.isKeyFrame) == [true, false, false])
    #expect(frames.map(\.bytes) == clip.frames[5..<8].map(\.bytes))
  }

  @Test("a request just before a key frame goes on with that one")
  func alreadyThere() {
    let clip = IVFFileTests.clip(12, keyEvery: 5)
    var source = VideoSource(.file(clip), seed: 1)
    for _ in 0..<10 { _ = source.next() }
    source.requestKeyFrame()
    #expect(source.next().bytes == clip.frames[10].bytes)
  }

  @Test("a generator makes a key frame on request")
  func generated() {
    var source = VideoSource(.generated(.hd), seed: 1)
    #expect(source.next().isKeyFrame)
    #expect(!source.next().isKeyFrame)
    source.requestKeyFrame()
    #expect(source.next().isKeyFrame)
    #expect(!source.next().isKeyFrame)
  }
}
