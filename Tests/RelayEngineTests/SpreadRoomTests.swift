import CallKit
import RTP
import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// One room on two shards: the publisher on one, receivers on both.
@Suite struct SpreadRoomTests {
  private let call: HopCall
  /// On the home shard; the receivers alternate, beginning with the other shard.
  private let publisher: HopPeer
  private let receivers: [HopPeer]
  private var camera = VideoSource(.first, ssrc: 0x1111)

  init() throws { try self.init(ringBytes: 1 << 20) }

  private init(ringBytes: Int) throws {
    let call = try HopCall(seed: 91, shards: 2, ringBytes: ringBytes)
    self.call = call
    publisher = try call.connect(
      [.sending(.audio, "a", ssrc: 0x3333), .sending(.video, "v", ssrc: 0x1111, rtx: 0x2222)],
      publishing: [
        Publish.Track(id: "mic", source: .microphone, mid: "a"),
        Publish.Track(id: "camera", source: .camera, mid: "v"),
      ])
    receivers = try (0..<4).map { _ in
      try call.connect([.receiving(.audio, "a0"), .receiving(.video, "v0")], .second)
    }
  }

  private var far: [HopPeer] { [receivers[0], receivers[2]] }
  private var near: [HopPeer] { [receivers[1], receivers[3]] }
  private func engine(_ shard: Int) -> ShardEngine { call.shards.engines[shard] }

  private func speak(_ peer: HopPeer, ssrc: UInt32, steps: UInt16 = 30) throws {
    for step in 0..<steps {
      let packet = WirePacket(
        payloadType: peer.dialect.opus, sequence: 100 + step, timestamp: 960 * UInt32(step), ssrc: SSRC(ssrc),
        audioLevel: 0x80 | 10, payload: [UInt8](repeating: 3, count: 60))
      try call.send([packet], from: peer)
      try call.run(for: .milliseconds(20))
    }
  }

  @Test mutating func `members of both shards are one room, and get the same media by ports of their own`() throws {
    #expect(Set(([publisher] + receivers).compactMap { $0.member }).count == 5)
    #expect(engine(0).gauges.participants == 3 && engine(1).gauges.participants == 2)
    #expect(engine(0).gauges.rooms == 1 && engine(1).gauges.rooms == 0)
    #expect(receivers[0].answer?.candidates.first?.port == 20_001)
    #expect(receivers[1].answer?.candidates.first?.port == 20_000)
    for step in 0..<10 { try call.send(camera.frame(isKey: step == 0), from: publisher) }
    let sent = receivers[1].media.map(\.payload)
    #expect(sent.count >= 10)
    for receiver in receivers {
      #expect(receiver.media.map(\.payload) == sent)
      #expect(receiver.media.allSatisfy { $0.mid == "v0" })
    }
    // One copy for all receivers over there.
    #expect(engine(0).counters.packetsLinked == UInt64(sent.count))
    #expect(engine(0).counters.packetsForwarded == UInt64(2 * sent.count))
    #expect(engine(1).counters.packetsForwarded == UInt64(2 * sent.count))
  }

  @Test mutating func `a lost packet is sent again from the receiver's own shard`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    for _ in 0..<3 { try call.send(camera.frame(isKey: false), from: publisher) }
    let lost = try #require(far[0].media.last)
    let media = try #require(far[0].section("v0")?.ssrc)
    far[0].media.removeAll()
    publisher.control.removeAll()
    try call.sendControl(from: far[0]) {
      RTCPWriter.nack(sender: SSRC(2), media: media, lost: [lost.header.sequenceNumber], into: &$0)
    }
    let repair = try #require(far[0].media.first)
    #expect(repair.header.payloadType.rawValue == far[0].dialect.rtx)
    #expect(Array(repair.payload.dropFirst(2)) == lost.payload)
    #expect(engine(1).counters.rtxSent == 1 && engine(0).counters.rtxSent == 0)
    #expect(publisher.control.isEmpty)
  }

  @Test mutating func `the key-frame requests of another shard reach the publisher, as one`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .milliseconds(600))
    publisher.control.removeAll()
    for receiver in far {
      let media = try #require(receiver.section("v0")?.ssrc)
      try call.sendControl(from: receiver) { RTCPWriter.pli(sender: SSRC(2), media: media, into: &$0) }
    }
    #expect(publisher.keyFrameRequests == [SSRC(0x1111)])
    // Unanswered, it is repeated; the key frame ends that.
    try call.run(for: .milliseconds(600))
    #expect(publisher.keyFrameRequests.count == 2)
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .seconds(3))
    #expect(publisher.keyFrameRequests.count == 2)
    // One who comes later is let in by a key frame of its own.
    let late = try call.connect([.receiving(.video, "v0")], .second)
    #expect(call.shards.endpoint(of: late.connection).port == 20_001)
    #expect((3...4).contains(publisher.keyFrameRequests.count), "one, and one more while it goes unanswered")
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(late.media.count > 0)
  }

  @Test func `what a member on the other shard publishes goes to all, its own shard included`() throws {
    // The next member comes to the other shard.
    let far = try call.connect(
      [.sending(.video, "v", ssrc: 0x7777), .sending(.audio, "a", ssrc: 0x8888), .receiving(.video, "v1")],
      publishing: [
        Publish.Track(id: "screen", source: .screen, mid: "v"), Publish.Track(id: "mic", source: .microphone, mid: "a"),
      ])
    #expect(call.shards.endpoint(of: far.connection).port == 20_001)
    let both = try [0, 1].map { _ in try call.connect([.receiving(.video, "v0"), .receiving(.video, "v1")], .second) }
    var screen = VideoSource(.first, ssrc: 0x7777)
    try call.send(screen.frame(isKey: true), from: far)
    for receiver in both { #expect(receiver.media.contains { $0.mid == "v1" }, "\(receiver.number)") }
    #expect(both[0].joined?.published.map(\.track).sorted() == ["camera", "mic", "mic", "screen"])
    // Its voice is heard at the home, by packets when someone there takes them and by their levels when not.
    try speak(far, ssrc: 0x8888)
    let member = try #require(far.member)
    for receiver in receivers {
      let named = receiver.messages.compactMap {
        if case .speakers(let speakers) = $0 { speakers.members } else { nil }
      }
      #expect(named.first == [member])
      #expect(receiver.slots["a0"]?.member == member)
    }
    // What it withdraws goes everywhere.
    try call.send(.unpublish(Unpublish(tracks: ["screen"])), from: far)
    for receiver in both { #expect(receiver.slots["v1"]?.member == nil) }
    #expect(engine(0).gauges.publications + engine(1).gauges.publications == 3)
  }

  @Test func `levels alone make a speaker when nobody at the home takes the audio`() throws {
    let call = try HopCall(seed: 92, shards: 2)
    let listener = try call.connect([.receiving(.video, "v0")])
    let speaker = try call.connect(
      [.sending(.audio, "a", ssrc: 0x8888)], publishing: [Publish.Track(id: "mic", source: .microphone, mid: "a")])
    try speak(speaker, in: call)
    #expect(call.shards.engines[1].counters.packetsLinked == 0)
    let named = listener.messages.compactMap { if case .speakers(let speakers) = $0 { speakers.members } else { nil } }
    #expect(named.first == [try #require(speaker.member)])
  }

  private func speak(_ peer: HopPeer, in call: HopCall) throws {
    for step in 0..<30 as Range<UInt16> {
      let packet = WirePacket(
        payloadType: peer.dialect.opus, sequence: 100 + step, timestamp: 960 * UInt32(step), ssrc: SSRC(0x8888),
        audioLevel: 0x80 | 10, payload: [UInt8](repeating: 3, count: 60))
      try call.send([packet], from: peer)
      try call.run(for: .milliseconds(20))
    }
  }

  @Test func `all members hear of joins, leaves, epochs and sealed messages in one order`() throws {
    let sender = try #require(receivers[0].member)
    for number in 0..<3 {
      let body = Blob([UInt8(number)])
      try call.send(.sealed(SealedToMember(to: nil, body: body)), from: receivers[0])
      try call.send(.sealed(SealedToMember(to: receivers[2].member, body: body)), from: receivers[0])
      try call.send(.sealed(SealedToMember(to: receivers[1].member, body: body)), from: receivers[0])
    }
    try call.send(
      .sealed(SealedToMember(to: MemberID(bundleHash: [UInt8](repeating: 1, count: 32)), body: Blob([1]))),
      from: receivers[0])
    #expect(receivers[0].errors.map(\.code) == [.notFound])
    func sealed(_ peer: HopPeer) -> [[UInt8]] {
      peer.messages.compactMap { message in
        guard case .sealed(let sealed) = message, sealed.from == sender else { return nil }
        return sealed.body.bytes
      }
    }
    #expect(sealed(receivers[1]) == [[0], [0], [1], [1], [2], [2]])
    #expect(sealed(receivers[2]) == [[0], [0], [1], [1], [2], [2]])
    #expect(sealed(receivers[3]) == [[0], [1], [2]] && sealed(publisher) == [[0], [1], [2]])
    #expect(sealed(receivers[0]).isEmpty)
    try call.send(.leave, from: receivers[2])
    try call.run(for: .milliseconds(600))
    func story(_ peer: HopPeer) -> [String] {
      peer.messages.compactMap { message in
        switch message {
        case .membership(let change): "\(change.entry.kind) \(change.entry.n)"
        case .rekey(let rekey): "\(rekey.phase) \(rekey.epoch) \(rekey.cause)"
        default: nil
        }
      }
    }
    let last = story(receivers[3]).suffix(3)
    #expect(last.count == 3 && last.last?.hasPrefix("execute") == true && last.first?.hasPrefix("leave") == true)
    for peer in [publisher, receivers[0], receivers[1]] { #expect(story(peer).suffix(3) == last) }
    #expect(receivers[2].goodbyes == [.left])
  }

  @Test mutating func `a shard whose members have all left is forgotten by the publisher, and may come back`() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    for receiver in far { try call.send(.leave, from: receiver) }
    let linked = engine(0).counters.packetsLinked
    #expect(linked > 0)
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(engine(0).counters.packetsLinked == linked)
    #expect(engine(1).gauges.participants == 0 && engine(1).gauges.subscriptions == 0)
    let back = try call.connect([.receiving(.video, "v0")], .second)
    #expect(call.shards.endpoint(of: back.connection).port == 20_001)
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(back.media.count > 0)
    for peer in [publisher, near[0], near[1], back] { try call.send(.leave, from: peer) }
    #expect(engine(0).gauges.rooms == 0)
    #expect(call.events.contains { if case .roomClosed = $0 { true } else { false } })
    #expect(call.shards.slabs.allSatisfy { $0.inUse == 0 })
  }

  @Test func `a member on the other shard resumes there, with what was said meanwhile`() throws {
    let member = far[0]
    let token = try #require(member.joined?.resumeToken)
    try call.command(.disconnected(member.connection))
    try call.send(.sealed(SealedToMember(to: member.member, body: Blob([9]))), from: near[0])
    member.connection = ConnectionID(rawValue: 77)
    try call.join(member, resume: token)
    let joined = try #require(member.joined)
    #expect(joined.resumed && joined.roster.count == 5 && joined.resumeToken == token)
    #expect(member.messages.contains { if case .sealed(let sealed) = $0 { sealed.body == Blob([9]) } else { false } })
    #expect(near[0].notices.map(\.code) == [.reconnecting, .reconnected])
    #expect(engine(1).counters.resumes == 1 && engine(0).counters.leaves.isEmpty)
    // A wrong bundle, or a token of a member that is gone, resumes nothing.
    try call.send(.leave, from: member)
    let stranger = try call.addPeer(.second)
    try call.join(stranger, resume: token)
    #expect(stranger.errors.map(\.code) == [.resumeRefused])
  }

  @Test func `what a client says before its join is answered waits for the answer`() throws {
    // The command goes to the shard, and the shard's question is not carried before the next drain.
    let late = try call.addPeer(.second)
    let join = Join(room: try #require(HopCall.room), token: nil, bundle: late.bundle)
    call.shards.handle(
      .join(late.connection, AdmittedJoin(join: join, canPublish: true, canSubscribe: true)), at: call.now)
    #expect(call.shards.endpoint(of: late.connection).port == 20_001)
    let text = late.offer([.receiving(.video, "v0")])
    call.shards.handle(.offer(late.connection, try OfferedSession(parsing: text)), at: call.now)
    for _ in 0..<100 {
      call.shards.handle(.message(late.connection, .ready(Ready(epoch: 1))), at: call.now)
    }
    try call.run(for: .milliseconds(600))
    #expect(late.joined != nil && late.answer != nil && late.isConnected)
    #expect(late.errors.count == 69, "32 commands are kept, the offer one of them")
  }

  @Test func `one who hangs up before the join is answered leaves nothing behind`() throws {
    let call = try HopCall(seed: 93, shards: 2) { $0.resumeWindow = .seconds(2) }
    let first = try call.connect([.receiving(.video, "v0")])
    let late = try call.addPeer(.second)
    let join = Join(room: try #require(HopCall.room), token: nil, bundle: late.bundle)
    call.shards.handle(
      .join(late.connection, AdmittedJoin(join: join, canPublish: true, canSubscribe: true)), at: call.now)
    call.shards.handle(.disconnected(late.connection), at: call.now)
    try call.run(for: .seconds(3))
    #expect(call.shards.engines[1].gauges.participants == 0)
    #expect(first.joined != nil && call.engine.counters.leaves == [.disconnected: 1])
  }

  @Test func `a room that is full, and a bundle that is used, are refused on every shard`() throws {
    let call = try HopCall(seed: 94, shards: 2) { $0.maxMembersPerRoom = 2 }
    try call.join(try call.addPeer())
    let second = try call.addPeer()
    try call.join(second)
    #expect(second.joined != nil)
    let third = try call.addPeer()
    let fourth = try call.addPeer()
    try call.join(third)
    try call.join(fourth)
    #expect(third.errors.map(\.code) == [.roomFull] && fourth.errors.map(\.code) == [.roomFull])
    let handled = call.events.count { if case .joinHandled = $0 { true } else { false } }
    #expect(handled == 4, "each join is reported once")
  }

  @Test func `a full ring drops, counts, and asks for a key frame`() throws {
    var tests = try SpreadRoomTests(ringBytes: 4_096)
    try tests.fillRing()
  }

  private mutating func fillRing() throws {
    try call.send(camera.frame(isKey: true), from: publisher)
    try call.run(for: .milliseconds(600))
    publisher.control.removeAll()
    // The harness carries links when a call returns; so many packets at once overfill the ring before that.
    let packets = (0..<40).flatMap { _ in camera.frame(isKey: false) }
    for packet in packets {
      call.shards.receive(
        publisher.protectedRTP(packet.bytes(publisher.dialect.ids)), from: publisher.endpoint,
        to: call.shards.endpoint(of: publisher.connection), at: call.now)
    }
    try call.run(for: .milliseconds(50))
    #expect(engine(0).counters.drops(.linkFull) > 0)
    #expect(publisher.keyFrameRequests == [SSRC(0x1111)])
    far[0].media.removeAll()
    try call.send(camera.frame(isKey: true), from: publisher)
    #expect(far[0].media.count > 0)
  }
}
