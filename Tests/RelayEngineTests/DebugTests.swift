import ClientEngine
import RelayEngine
import RTP
import Testing
import WireBytes
@Suite struct DebugTests {
  @Test func dbg() throws {
    let call = try VirtualCall(seed: 31)
    var lossOn = false
    var n = 0
    call.onHopPacket = { p in
      if lossOn, p.header.payloadType.rawValue == 111, n < 400, p.member == 1 || p.member == 0 { n += 1
        print("\(call.now.nanoseconds/1000) m\(p.member) \(p.direction) ssrc \(p.header.ssrc) seq \(p.header.sequenceNumber)") }
      return nil
    }
    call.onDatagram = { d, m, b in if lossOn, n < 400, DatagramKind(b.span) == .rtcp { print("\(call.now.nanoseconds/1000) m\(m) \(d) rtcp \(b.count)") }; return b }
    let members = try call.join(2)
    for m in members { m.media.sendsVideo = false; m.startSending(at: call.now) }
    try call.run(for: .seconds(1))
    lossOn = true
    call.conditions.loss = 0.05
    try call.run(for: .seconds(4))
    call.conditions = NetworkConditions()
    try call.run(for: .seconds(1))
    for m in members { print(m.participant.statistics, "\n") }
    print(call.relay.counters)
    for d in DropReason.allCases where call.relay.counters.drops(d) > 0 { print(d, call.relay.counters.drops(d)) }
  }
}
