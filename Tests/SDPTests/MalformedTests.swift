import SDP
import TestKit
import Testing
import WireBytes

/// Hostile input may be refused; it may not trap, and what is accepted must render to something that reads back.
@Suite struct MalformedTests {
  private static func survive(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? AnsweredSession(parsing: text)
    guard let offer = try? OfferedSession(parsing: text) else { return }
    let rendered = answer(to: offer).render()
    let read = try AnsweredSession(parsing: rendered)
    #expect(read.sections.map(\.mid) == offer.sections.map(\.mid))
    #expect(read.sections.map(\.accepted) == offer.sections.map { !$0.rejected })
  }

  @Test(arguments: Offers.plain)
  func `every truncation of an offer`(_ browser: Offers) throws {
    for bytes in MalformedSweep.truncations(of: Array(try browser.text().utf8)) { try Self.survive(bytes) }
  }

  @Test(arguments: Offers.plain)
  func `random changes of an offer`(_ browser: Offers) throws {
    for bytes in MalformedSweep.mutations(of: Array(try browser.text().utf8), count: 1000, seed: 23) {
      try Self.survive(bytes)
    }
  }

  @Test func `random changes of an offer of a client and of an answer`() throws {
    let offer = ClientNegotiationTests.offer.render()
    let reply = answer(to: try OfferedSession(parsing: offer)).render()
    for text in [offer, reply] {
      for bytes in MalformedSweep.mutations(of: Array(text.utf8), count: 1000, seed: 5) { try Self.survive(bytes) }
      for bytes in MalformedSweep.truncations(of: Array(text.utf8)) { try Self.survive(bytes) }
    }
  }

  @Test func `whole lines doubled, dropped and moved`() throws {
    let lines = try Offers.chromium.text().sections.joined().map { $0 + "\r\n" }
    var random = SeededRandom(seed: 99)
    for _ in 0..<800 {
      var variant = lines
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let index = Int.random(in: 0..<variant.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: variant.remove(at: index)
        case 1: variant.insert(variant[index], at: Int.random(in: 0...variant.count, using: &random))
        default: variant.swapAt(index, Int.random(in: 0..<variant.count, using: &random))
        }
      }
      try Self.survive(Array(variant.joined().utf8))
    }
  }
}
