import LoadGen
import TestKit
import Testing

@Suite struct IVFFileTests {
  static func clip(_ frames: Int = 12, keyEvery: Int = 5) -> IVFFile {
    var random = SeededRandom(seed: 3)
    return IVFFile(
      width: 640, height: 360, frameRate: 25,
      frames: (0..<frames).map { index in
        IVFFile.Frame(bytes: [index.isMultiple(of: keyEvery) ? 0x10 : 0x11] + random.bytes(20 + index))
      })
  }

  private func parse(_ bytes: [UInt8]) throws -> IVFFile { try IVFFile(bytes: bytes, path: "clip.ivf") }

  @Test("what is written is read again: size, rate and every byte")
  func roundTrip() throws {
    let clip = Self.clip()
    let read = try parse(clip.encoded)
    #expect(read.frames == clip.frames)
    #expect((read.width, read.height) == (640, 360))
    #expect(read.frameRate == 25)
    #expect(read.frames.map(\.isKeyFrame) == (0..<12).map { $0.isMultiple(of: 5) })
  }

  @Test("the header is the one that players know")
  func header() {
    let bytes = Self.clip().encoded
    #expect(Array(bytes.prefix(12)) == Array("DKIF".utf8) + [0, 0, 32, 0] + Array("VP80".utf8))
    #expect(Array(bytes[12..<16]) == [0x80, 0x02, 0x68, 0x01])
    #expect(Array(bytes[24..<32]) == [12, 0, 0, 0, 0, 0, 0, 0])
    #expect(Array(bytes[32..<44]) == [21, 0, 0, 0] + [UInt8](repeating: 0, count: 8))
  }

  @Test("timestamps in milliseconds give the rate as well as those that count frames")
  func millisecondTimestamps() throws {
    var bytes = Self.clip().encoded
    bytes.replaceSubrange(16..<24, with: [0xE8, 3, 0, 0, 1, 0, 0, 0])
    var offset = 32
    for index in 0..<12 {
      let time = index * 40
      bytes[offset + 4] = UInt8(time & 255)
      bytes[offset + 5] = UInt8(time >> 8)
      offset += 12 + 21 + index
    }
    #expect(try parse(bytes).frameRate == 25)
  }

  @Test("what cannot be sent is refused with a sentence that names the file")
  func refused() {
    func changed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
      var bytes = Self.clip().encoded
      change(&bytes)
      return bytes
    }
    func file(_ frames: [[UInt8]]) -> [UInt8] {
      IVFFile(width: 64, height: 64, frameRate: 30, frames: frames.map { IVFFile.Frame(bytes: $0) }).encoded
    }
    let cases: [([UInt8], String)] = [
      ([], "IVF"), (changed { $0[0] = 0 }, "IVF"), (changed { $0[11] = UInt8(ascii: "9") }, "VP8"),
      (changed { $0[6] = 31 }, "IVF"),
      (changed { $0.replaceSubrange(20..<24, with: [0, 0, 0, 0]) }, "frames per second"),
      (changed { $0[18] = 0xFF }, "frames per second"), (file([]), "key frame"), (file([[0x11, 1]]), "key frame"),
      (file([[0x10], []]), "empty"), (file([[UInt8](repeating: 0, count: 262_145)]), "256 KiB"),
    ]
    for (bytes, part) in cases {
      let error = #expect(throws: MediaFileError.self) { try parse(bytes) }
      #expect(error?.description.hasPrefix("clip.ivf: ") == true && error?.problem.contains(part) == true, "\(part)")
    }
  }

  @Test("a file cut anywhere but between frames is refused")
  func truncated() {
    let clip = Self.clip(6)
    var ends: [Int] = [32]
    for frame in clip.frames { ends.append((ends.last ?? 0) + 12 + frame.bytes.count) }
    for (length, bytes) in MalformedSweep.truncations(of: clip.encoded).enumerated() {
      let read = try? parse(bytes)
      #expect((read != nil) == (length > 32 && ends.contains(length)), "\(length)")
    }
  }

  @Test("changed bytes never do more than be refused")
  func mutated() {
    for bytes in MalformedSweep.mutations(of: Self.clip(4).encoded, count: 5_000, seed: 11) {
      guard let file = try? parse(bytes) else { continue }
      #expect(file.frameRate > 0 && file.frames.first?.isKeyFrame == true)
    }
  }
}
