import Forwarding
import Testing

@Suite struct RewriteLogTests {
  @Test func `an empty log knows nothing`() {
    let log = RewriteLog()
    for out in UInt16.min ... .max { #expect(log.source(of: out) == nil) }
  }

  @Test(arguments: [0, 300, 65_000, 65_535] as [UInt16])
  func `the latest 512 are known, with source and encoding, through wrap-around`(first: UInt16) {
    var log = RewriteLog()
    for step in UInt16(0)..<2000 {
      log.record(out: first &+ step, source: step &* 3, encoding: UInt8(step % 3))
    }
    for step in UInt16(2000 - 512)..<2000 {
      let found = log.source(of: first &+ step)
      #expect(found?.sequence == step &* 3)
      #expect(found?.encoding == UInt8(step % 3))
    }
    for step in UInt16(0)..<(2000 - 512) { #expect(log.source(of: first &+ step) == nil) }
    #expect(log.source(of: first &+ 2000) == nil)
    log.removeAll()
    #expect(log.source(of: first &+ 1999) == nil)
  }

  @Test func `numbers and encodings at the ends of their ranges survive`() {
    var log = RewriteLog()
    log.record(out: .max, source: .max, encoding: .max)
    log.record(out: 0, source: 0, encoding: 0)
    #expect(log.source(of: .max)?.sequence == .max)
    #expect(log.source(of: .max)?.encoding == .max)
    #expect(log.source(of: 0)?.sequence == 0)
    #expect(log.source(of: 0)?.encoding == 0)
  }
}
