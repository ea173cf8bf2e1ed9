import RTP
import Testing
import WireBytes

struct ShortTextTests {
  @Test(arguments: ["", "0", "video-1", "12345678", "123456789", "0123456789abcdef", "größe"])
  func `text comes back as it went in`(text: String) throws {
    let short = try #require(ShortText(text))
    #expect(short.string == text)
    #expect(short.count == text.utf8.count)
    #expect((0..<short.count).map { short.byte(at: $0) } == Array(text.utf8))
    #expect(ShortText(Array(text.utf8).span) == short)
  }

  @Test func `seventeen bytes do not fit`() {
    #expect(ShortText("0123456789abcdefg") == nil)
    #expect(ShortText([UInt8](repeating: 65, count: 17).span) == nil)
  }

  @Test func `length is part of equality`() {
    #expect(ShortText("a") != ShortText("a\0"))
    #expect(ShortText("") != ShortText("\0"))
    #expect(Set([ShortText("f"), ShortText("h"), ShortText("f")]).count == 2)
  }

  @Test func `bytes that are not UTF-8 are kept, and repaired as text`() throws {
    let text = ShortText([0xFF, 0x41].span)
    let short = try #require(text)
    #expect(short.byte(at: 0) == 0xFF)
    #expect(short.string == "\u{FFFD}A")
  }
}
