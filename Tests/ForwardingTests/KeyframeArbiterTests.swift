import Forwarding
import Testing
import WireBytes

@Suite struct KeyframeArbiterTests {
  @Test func `the first request is sent at once`() {
    var arbiter = KeyframeArbiter()
    #expect(arbiter.nextDeadline == .never)
    #expect(arbiter.request(at: ms(1000)) == true)
  }

  @Test func `requests inside the window become one when it opens`() {
    var arbiter = KeyframeArbiter()
    var sent: [UInt64] = []
    for now in stride(from: UInt64(1000), to: 2400, by: 20) {
      if now == 1100 || now == 1600 { arbiter.arrived(at: ms(now)) }
      // Subscribers ask in the middle of each window.
      if (1200..<1300).contains(now) || (1700..<1800).contains(now) {
        if arbiter.request(at: ms(now)) { sent.append(now) }
      } else if now == 1000, arbiter.request(at: ms(now)) {
        sent.append(now)
      }
      if arbiter.nextDeadline <= ms(now), arbiter.expire(at: ms(now)) { sent.append(now) }
      if now == 2020 { arbiter.arrived(at: ms(now)) }
    }
    #expect(sent == [1000, 1500, 2000])
    #expect(arbiter.nextDeadline == .never)
  }

  @Test func `a key frame satisfies all who asked before it came`() {
    var arbiter = KeyframeArbiter()
    #expect(arbiter.request(at: ms(0)) == true)
    #expect(arbiter.request(at: ms(100)) == false)
    #expect(arbiter.retryAt == ms(500))
    arbiter.arrived(at: ms(150))
    #expect(arbiter.nextDeadline == .never)
    #expect(arbiter.expire(at: ms(500)) == false)
  }

  @Test func `a request after the key frame waits for the window`() {
    var arbiter = KeyframeArbiter()
    #expect(arbiter.request(at: ms(0)) == true)
    arbiter.arrived(at: ms(50))
    #expect(arbiter.request(at: ms(60)) == false)
    #expect(arbiter.nextDeadline == ms(500))
    #expect(arbiter.expire(at: ms(499)) == false)
    #expect(arbiter.expire(at: ms(500)) == true)
  }

  @Test func `an unanswered request is repeated every 500 ms, ten times at most`() {
    var arbiter = KeyframeArbiter()
    #expect(arbiter.request(at: ms(0)) == true)
    var sent: [UInt64] = [0]
    for now in UInt64(1)...20_000 where arbiter.expire(at: ms(now)) { sent.append(now) }
    #expect(sent == (0..<10).map { $0 * 500 })
    #expect(arbiter.nextDeadline == .never)
    #expect(arbiter.request(at: ms(30_000)) == true)
    #expect(arbiter.nextDeadline == ms(30_500))
  }

  @Test func `never two within 500 ms, however often it is asked`() {
    var arbiter = KeyframeArbiter()
    var last: UInt64?
    for now in UInt64(0)..<5000 {
      let isSent = arbiter.request(at: ms(now))
      if isSent, let last { #expect(now - last >= 500) }
      if isSent { last = now }
      if now % 90 == 0 { arbiter.arrived(at: ms(now)) }
    }
    #expect(last == 4500)
  }

  @Test func `somebody who still waits is not forgotten, at a slower pace`() {
    var arbiter = KeyframeArbiter()
    var sent: [UInt64] = []
    for now in stride(from: UInt64(0), through: 12_000, by: 100) {
      if now == 0, arbiter.request(at: ms(now)) { sent.append(now) }
      if arbiter.expire(at: ms(now)) { sent.append(now) }
      // Before the row of requests is over there is nothing to remind of.
      if arbiter.remind(at: ms(now)) { sent.append(now) }
    }
    #expect(sent == (0..<10).map { $0 * 500 } + [6_500, 8_500, 10_500])
    arbiter.arrived(at: ms(12_050))
    #expect(arbiter.remind(at: ms(12_100)) == false)
    #expect(arbiter.remind(at: ms(12_500)) == true)
    #expect(arbiter.nextDeadline == .never)
  }
}
