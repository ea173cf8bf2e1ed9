import LoadGen
import Testing

@Suite struct TestPictureTests {
  @Test func `the picture moves, and a frame follows from its number`() {
    var picture = TestPicture(number: 1)
    var frames: [[UInt8]] = []
    for frame in 0..<40 {
      picture.draw(frame: frame)
      frames.append(picture.pixels)
    }
    #expect(frames.allSatisfy { $0.count == 640 * 360 * 3 / 2 })
    #expect(Set(frames).count == 40)
    picture.draw(frame: 7)
    #expect(picture.pixels == frames[7])
  }

  @Test func `bots are told apart by colour and number`() {
    let pictures = (1...20).map { number in
      var picture = TestPicture(number: number)
      picture.draw(frame: 0)
      return picture.pixels
    }
    #expect(Set(pictures).count == 20)
    let colours = (1...6).map(TestPicture.baseColour)
    for first in 0..<6 {
      for second in 0..<first {
        let distance =
          abs(Int(colours[first].u) - Int(colours[second].u)) + abs(Int(colours[first].v) - Int(colours[second].v))
        #expect(distance > 20, "bots \(first + 1) and \(second + 1) look alike")
      }
    }
  }

  @Test func `the ball stays in the picture`() {
    for frame in 0..<20_000 {
      let (x, y) = TestPicture.ball(at: frame)
      #expect((26...614).contains(x) && (26...334).contains(y))
    }
  }

  @Test func `very large numbers are drawn as well`() {
    for number in [0, 9, 10, 99, 100, 999, 1_000, 123_456] {
      var picture = TestPicture(number: number)
      picture.draw(frame: 1_000_000_000)
      #expect(picture.pixels.count == 640 * 360 * 3 / 2)
    }
  }
}
