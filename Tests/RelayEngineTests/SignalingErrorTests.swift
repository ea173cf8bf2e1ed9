import RelayEngine
import SDP
import Signaling
import Testing
import WireBytes

/// What the relay refuses over signalling, with which code, and that a refusal changes nothing.
@Suite struct SignalingErrorTests {
  private static let sections: [ClientOffer.Section] = [
    .sending(.video, "v", ssrc: 0x1111), .sending(.audio, "a", ssrc: 0x2222), .receiving(.video, "v0"),
  ]

  private func codes(of peer: HopPeer) -> [SignalingError.Code] { peer.errors.map(\.code) }

  private func publish(_ tracks: [Publish.Track], by peer: HopPeer, on call: HopCall) throws {
    try call.send(.publish(Publish(tracks: tracks)), from: peer)
  }

  private func camera(_ id: String = "camera", mid: String = "v", rids: [String]? = nil) -> Publish.Track {
    Publish.Track(id: id, source: .camera, mid: mid, rids: rids)
  }

  @Test func `who may not publish is refused, and may still watch`() throws {
    let call = try HopCall(seed: 60)
    let watcher = try call.addPeer()
    try call.join(watcher, canPublish: false)
    try call.offer(watcher.offer(Self.sections), from: watcher)
    try publish([camera()], by: watcher, on: call)
    #expect(watcher.errors.map(\.about) == ["publish"])
    #expect(codes(of: watcher) == [.forbidden])
    #expect(watcher.section("v")?.direction == .inactive)
    #expect(watcher.section("v0")?.direction == .sendonly)
    let mute = try call.addPeer()
    try call.join(mute, canSubscribe: false)
    try call.offer(mute.offer(Self.sections), from: mute)
    #expect(mute.section("v")?.direction == .recvonly)
    #expect(mute.section("v0")?.direction == .inactive)
    #expect(mute.section("v0")?.ssrc == nil)
  }

  @Test(arguments: ["", "a b", "café", "a/b", String(repeating: "x", count: 33)])
  func `a track id of other characters or length is malformed`(id: String) throws {
    let call = try HopCall(seed: 61)
    let peer = try call.connect(Self.sections)
    try publish([camera(id)], by: peer, on: call)
    try publish([camera(mid: String(repeating: "m", count: 17))], by: peer, on: call)
    try publish([camera(rids: ["a", "b", "c", "d"])], by: peer, on: call)
    #expect(codes(of: peer) == [.malformed, .malformed, .malformed])
    #expect(call.engine.gauges.publications == 0)
  }

  @Test func `a track is published once, under one m-line, and a refused list leaves nothing behind`() throws {
    let call = try HopCall(seed: 62) { $0.maxTracksPerMember = 2 }
    let peer = try call.connect(Self.sections)
    let other = try call.connect(Self.sections)
    try publish([camera(), camera("second")], by: peer, on: call)
    #expect(codes(of: peer) == [.badState])
    #expect(call.engine.gauges.publications == 0)
    try publish([camera()], by: peer, on: call)
    try publish([camera("camera", mid: "w")], by: peer, on: call)
    try publish([camera("third", mid: "v")], by: peer, on: call)
    #expect(codes(of: peer) == [.badState, .badState, .badState])
    let microphone = Publish.Track(id: "mic", source: .microphone, mid: "a")
    try publish([microphone, camera("fourth", mid: "w")], by: peer, on: call)
    #expect(codes(of: peer).count == 4)
    try publish([microphone], by: peer, on: call)
    #expect(codes(of: peer).count == 4)
    #expect(call.engine.gauges.publications == 2)
    let published = other.messages.compactMap {
      if case .published(let published) = $0 { published.tracks } else { nil }
    }
    #expect(published.map { $0.map(\.track) } == [["camera"], ["mic"]])
    try call.send(.unpublish(Unpublish(tracks: ["camera", "unknown"])), from: peer)
    try publish([camera("again")], by: peer, on: call)
    #expect(codes(of: peer).count == 4)
    #expect(call.engine.gauges.publications == 2)
  }

  @Test func `a track whose m-line is missing or of the other kind waits for an offer`() throws {
    let call = try HopCall(seed: 63)
    let peer = try call.connect(Self.sections)
    try publish([camera("camera", mid: "later"), camera("wrong", mid: "a")], by: peer, on: call)
    #expect(codes(of: peer) == [])
    #expect(call.engine.gauges.publications == 0)
    try call.offer(peer.offer(Self.sections + [.sending(.video, "later", ssrc: 0x7777)]), from: peer)
    #expect(call.engine.gauges.publications == 1)
  }

  @Test func `sealed messages go to members of the room only, up to their limit`() throws {
    let call = try HopCall(seed: 64) { $0.maxSealedBytes = 100 }
    let (a, b) = (try call.connect(Self.sections), try call.connect(Self.sections))
    let target = try #require(b.member)
    func seal(_ to: MemberID, _ count: Int) throws {
      try call.send(.sealed(SealedToMember(to: to, body: Blob([UInt8](repeating: 1, count: count)))), from: a)
    }
    try seal(MemberID(bundleHash: [UInt8](repeating: 9, count: 32)), 10)
    try seal(try #require(a.member), 10)
    try seal(target, 101)
    #expect(codes(of: a) == [.notFound, .notFound, .tooLarge])
    #expect(a.errors.allSatisfy { $0.about == "sealed" })
    try seal(target, 100)
    #expect(call.counters.sealedMessages == 1)
    #expect(call.counters.sealedBytes == 100)
    let got = b.messages.compactMap { if case .sealed(let sealed) = $0 { sealed } else { nil } }
    #expect(got.map(\.from) == [try #require(a.member)])
    #expect(got.map(\.body.bytes.count) == [100])
  }

  @Test func `one connection joins once, and one bundle serves one join`() throws {
    let call = try HopCall(seed: 65)
    let peer = try call.connect(Self.sections)
    try call.join(peer)
    #expect(codes(of: peer) == [.badState])
    let copy = try call.addPeer()
    copy.bundle = peer.bundle
    try call.join(copy)
    #expect(codes(of: copy) == [.badState])
    copy.bundle = Blob([])
    try call.join(copy)
    copy.bundle = Blob([UInt8](repeating: 0, count: 32 * 1024 + 1))
    try call.join(copy)
    #expect(codes(of: copy) == [.badState, .tooLarge, .tooLarge])
    #expect(call.engine.gauges.participants == 1)
    #expect(call.counters.joins == 1)
  }

  @Test func `only who knows the token resumes, with the same bundle in the same room`() throws {
    let call = try HopCall(seed: 66)
    let peer = try call.connect(Self.sections)
    let token = try #require(peer.joined?.resumeToken)
    try call.command(.disconnected(peer.connection))
    peer.connection = ConnectionID(rawValue: 900)
    try call.join(peer, resume: "A" + token.dropFirst())
    try call.join(peer, resume: "")
    try call.join(peer, room: RoomID(bytes: [UInt8](repeating: 8, count: 16)), resume: token)
    let thief = try call.addPeer()
    try call.join(thief, resume: token)
    #expect(codes(of: peer) == [.resumeRefused, .resumeRefused, .resumeRefused])
    #expect(codes(of: thief) == [.resumeRefused])
    #expect(call.counters.resumes == 0)
    #expect(call.engine.gauges.rooms == 1)
    try call.join(peer, resume: token)
    #expect(peer.joined?.resumed == true)
    #expect(call.counters.resumes == 1)
    // The connection before is replaced, not left to speak for the member.
    let old = peer.connection
    peer.connection = ConnectionID(rawValue: 901)
    try call.join(peer, resume: token)
    let closed = call.events.contains {
      if case .close(let id, let reason) = $0 { id == old && reason == .replaced } else { false }
    }
    #expect(closed)
    #expect(call.counters.joins == 1)
  }

  @Test func `a full room, a full relay and a draining one take nobody in`() throws {
    let call = try HopCall(seed: 67) {
      $0.maxMembersPerRoom = 2
      $0.maxRooms = 1
    }
    let members = [try call.connect(Self.sections), try call.connect(Self.sections)]
    let late = try call.addPeer()
    try call.join(late)
    try call.join(late, room: RoomID(bytes: [UInt8](repeating: 8, count: 16)))
    #expect(codes(of: late) == [.roomFull, .roomFull])
    try call.send(.leave, from: members[0])
    #expect(members[0].goodbyes == [.left])
    try call.command(.drain)
    #expect(members[1].goodbyes == [.shutdown])
    try call.join(late)
    #expect(codes(of: late).last == .shuttingDown)
    #expect(late.errors.allSatisfy { $0.about == "join" })
    #expect(call.events.contains { if case .drained = $0 { true } else { false } })
  }

  @Test func `what makes no sense harms nobody`() throws {
    let call = try HopCall(seed: 68)
    let (a, b) = (try call.connect(Self.sections), try call.connect(Self.sections))
    let heard = (a.messages.count, b.messages.count)
    let epochs = call.counters.rekeyTriggers
    for epoch in [0, 1, 77, UInt32.max] { try call.send(.ready(Ready(epoch: epoch)), from: a) }
    try call.send(.unknown(type: "dance"), from: a)
    try call.send(.ping(Ping(id: 1)), from: a)
    let nobody = TrackReference(member: MemberID(bundleHash: [UInt8](repeating: 9, count: 32)), track: "x")
    try call.send(.subscribe(TrackSelection(tracks: [nobody])), from: a)
    try call.send(.unsubscribe(TrackSelection(tracks: [nobody])), from: a)
    try call.send(.unpublish(Unpublish(tracks: ["x"])), from: a)
    try call.run(for: .seconds(3))
    #expect((a.messages.count, b.messages.count) == heard)
    #expect(call.counters.rekeyTriggers == epochs)
    try call.send(.constraints(Constraints(member: nobody.member, track: "x", maxHeight: 1)), from: a)
    try call.send(.mute(Mute(track: "x", muted: true)), from: a)
    #expect(codes(of: a) == [.notFound, .notFound])
  }

  @Test func `who has not joined is told so, whatever it says`() throws {
    let call = try HopCall(seed: 69) { $0.maxReceiveSlots = 1 }
    let peer = try call.addPeer()
    try call.send(.leave, from: peer)
    try publish([camera()], by: peer, on: call)
    try call.offer(peer.offer(Self.sections), from: peer)
    try call.command(.disconnected(peer.connection))
    #expect(peer.errors.map(\.about) == ["leave", "publish", "offer"])
    #expect(codes(of: peer) == [.badState, .badState, .badState])
    try call.join(peer)
    try call.offer(peer.offer(Self.sections + [.receiving(.video, "v1")]), from: peer)
    #expect(codes(of: peer).last == .badOffer)
    #expect(peer.answer == nil)
  }
}
