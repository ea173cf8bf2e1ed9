/// A moving picture that a person can check at a glance: bars in a colour of its own, the bot's number in large blocks,
/// a clock whose hand goes round once in ten seconds, and a ball that bounces. In I420.
///
/// Everything that moves is small, so that drawing and encoding cost little.
package struct TestPicture: Sendable {
  /// Y, U and V.
  package struct Colour: Sendable, Equatable {
    package let y: UInt8
    package let u: UInt8
    package let v: UInt8

    static let light = Colour(y: 225, u: 128, v: 128)
    static let dark = Colour(y: 40, u: 128, v: 128)
    static let red = Colour(y: 90, u: 96, v: 210)
  }

  package static let width = 640
  package static let height = 360
  package static let frameRate = 20

  /// The rows of Y, then those of U, then those of V.
  package private(set) var pixels: [UInt8]
  private var background: [UInt8] = []

  /// `number`: of the bot, shown with up to three digits.
  package init(number: Int) {
    pixels = [UInt8](repeating: 16, count: Self.width * Self.height * 3 / 2)
    drawBars(Self.baseColour(of: number))
    drawNumber(number)
    disc(x: Self.clock.x, y: Self.clock.y, radius: Self.clock.radius, .dark)
    background = pixels
  }

  /// Draws the picture of the frame with this number, from 0.
  package mutating func draw(frame: Int) {
    pixels.replaceSubrange(0..<pixels.count, with: background)
    let seconds = Double(frame) / Double(Self.frameRate)
    let angle = 2 * Double.pi * seconds / 10
    let (dx, dy) = (MathFunctions.sin(angle), -MathFunctions.sin(angle + .pi / 2))
    for step in 0..<16 {
      let distance = Double(Self.clock.radius - 16) * Double(step) / 15
      let (x, y) = (Self.clock.x + Int(dx * distance), Self.clock.y + Int(dy * distance))
      fill(x: x - 4, y: y - 4, width: 8, height: 8, .light)
    }
    let (x, y) = Self.ball(at: frame)
    disc(x: x, y: y, radius: Self.ballRadius, .red)
    // A line at the lower edge that grows for a second: frames that are missing show as jumps.
    let part = frame % Self.frameRate + 1
    fill(x: 0, y: Self.height - 10, width: Self.width * part / Self.frameRate, height: 10, .light)
  }

  private static let clock = (x: 500, y: 150, radius: 90)
  private static let ballRadius = 26

  /// The ball's middle: to and fro at even speeds whose periods have no common short multiple.
  package static func ball(at frame: Int) -> (x: Int, y: Int) {
    func bounce(_ position: Int, _ range: Int) -> Int {
      let place = position % (2 * range)
      return place < range ? place : 2 * range - place
    }
    return (
      x: ballRadius + bounce(frame * 6, width - 2 * ballRadius),
      y: ballRadius + bounce(frame * 4, height - 2 * ballRadius - 12)
    )
  }

  /// Colours of neighbouring numbers are far apart.
  package static func baseColour(of number: Int) -> Colour {
    let angle = Double(number) * 2.399_963
    let (u, v) = (128 + 50 * MathFunctions.sin(angle), 128 + 50 * MathFunctions.sin(angle + .pi / 2))
    return Colour(y: 110, u: UInt8(u), v: UInt8(v))
  }

  private mutating func drawBars(_ base: Colour) {
    let bars = 8
    for bar in 0..<bars {
      let (left, right) = (Self.width * bar / bars, Self.width * (bar + 1) / bars)
      let brightness = UInt8(Int(base.y) - 32 + 9 * bar)
      fill(
        x: left, y: 0, width: right - left, height: Self.height, Colour(y: brightness, u: base.u, v: base.v))
    }
  }

  /// Three columns and five rows for each digit, the upper left cell in the highest bit.
  private static let digits: [UInt16] = [
    0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111, 0b101_101_111_001_001,
    0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_010_010_010, 0b111_101_111_101_111, 0b111_101_111_001_111,
  ]

  private mutating func drawNumber(_ number: Int) {
    let text = String(number % 1_000)
    let cell = text.count == 1 ? 44 : text.count == 2 ? 32 : 28
    for (place, digit) in text.compactMap(\.wholeNumberValue).enumerated() {
      for index in 0..<15 where Self.digits[digit] & (1 << UInt16(14 - index)) != 0 {
        fill(
          x: 40 + (place * 4 + index % 3) * cell, y: 60 + index / 3 * cell, width: cell - 4, height: cell - 4, .light)
      }
    }
  }

  private mutating func disc(x: Int, y: Int, radius: Int, _ colour: Colour) {
    // Two rows at a time: chroma has half of them.
    for row in stride(from: -radius, to: radius, by: 2) {
      let half = Int(Double(radius * radius - row * row).squareRoot())
      fill(x: x - half, y: y + row, width: 2 * half, height: 2, colour)
    }
  }

  /// A rectangle, cut off at the edges and moved to even places, since four pixels share one chroma value.
  private mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    let (left, right) = (max(0, x) & ~1, min(Self.width, x + width) & ~1)
    let (top, bottom) = (max(0, y) & ~1, min(Self.height, y + height) & ~1)
    guard left < right, top < bottom else { return }
    for row in top..<bottom { fillRow(row * Self.width + left, count: right - left, colour.y) }
    let luma = Self.width * Self.height
    let quarter = luma / 4
    for row in (top / 2)..<(bottom / 2) {
      let start = luma + row * Self.width / 2 + left / 2
      fillRow(start, count: (right - left) / 2, colour.u)
      fillRow(start + quarter, count: (right - left) / 2, colour.v)
    }
  }

  private mutating func fillRow(_ start: Int, count: Int, _ value: UInt8) {
    for index in start..<(start + count) { pixels[index] = value }
  }
}
