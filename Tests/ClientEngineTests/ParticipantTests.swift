import ClientEngine
import DTLS
import E2EKeys
import SDP
import Signaling
import TestKit
import Testing
import WireBytes

/// A participant alone, with the test in the place of the relay.
private final class Bench {
  let participant: Participant
  let slab = PacketSlab(capacity: 64)
  let batch = EgressBatch(capacity: 64)

  init(_ adjust: (inout ParticipantConfiguration) -> Void = { _ in }) throws {
    var random = SeededRandom(seed: 21)
    var configuration = ParticipantConfiguration(invite: InviteSecret(random: random.source))
    _ = random.next()
    configuration.audioSlots = 3
    configuration.videoSlots = 2
    adjust(&configuration)
    participant = try Participant(
      configuration, identity: MemberIdentity(), dtls: DTLSIdentity(), slab: slab,
      clock: WallClock(anchor: milliseconds(0), unixNanoseconds: 1_700_000_000_000_000_000), random: random.source,
      at: milliseconds(0))
  }

  func signals() -> [ClientMessage] {
    participant.takeEvents().compactMap { event in
      guard case .signal(let message) = event else { return nil }
      return message
    }
  }

  func join() -> Join? {
    participant.connected(at: milliseconds(0))
    guard case .join(let join) = signals().first else { return nil }
    return join
  }

  func joined(_ join: Join, resumed: Bool = false) -> RelayMessage {
    let head = LogHead(n: 1, hash: Blob([UInt8](repeating: 9, count: 32)))
    return .joined(
      Joined(
        member: participant.member, room: join.room, epoch: 0,
        roster: [RosterMember(joinIndex: 1, member: participant.member, bundle: join.bundle)], head: head,
        published: [], resumeToken: "token", resumed: resumed,
        limits: Joined.Limits(maxMembers: 10, maxSealedBytes: 49_152, maxVideoBitrate: 1, resumeWindowMs: 30_000)))
  }
}

@Suite struct ParticipantTests {
  @Test func `a participant joins, then offers what it sends and its slots, then publishes`() throws {
    let bench = try Bench { $0.token = "jwt" }
    let join = try #require(bench.join())
    #expect(join.token == "jwt")
    #expect(join.resume == nil)
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    let signals = bench.signals()
    guard case .offer(let offer) = signals.first else {
      Issue.record("the first message after joined is no offer")
      return
    }
    let session = try OfferedSession(parsing: offer.sdp)
    #expect(session.sections.map(\.mid) == ["0", "1", "2", "3", "4", "5", "6"])
    #expect(session.sections.map(\.kind) == [.audio, .video, .audio, .audio, .audio, .video, .video])
    #expect(session.sections.map(\.sends) == [true, true, false, false, false, false, false])
    #expect(session.sections.map(\.receives) == [false, false, true, true, true, true, true])
    #expect(session.sections[1].rtxSSRCs.count == 1)
    let publish = Publish(tracks: [
      Publish.Track(id: "microphone", source: .microphone, mid: "0"),
      Publish.Track(id: "camera", source: .camera, mid: "1"),
    ])
    #expect(signals.dropFirst().first == .publish(publish))
  }

  @Test func `a participant that publishes nothing offers slots alone`() throws {
    let bench = try Bench {
      $0.publishAudio = false
      $0.publishVideo = false
    }
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    let signals = bench.signals()
    #expect(!signals.contains { if case .publish = $0 { true } else { false } })
    guard case .offer(let offer) = signals.first else {
      Issue.record("no offer")
      return
    }
    #expect(try OfferedSession(parsing: offer.sdp).sections.allSatisfy { $0.receives && !$0.sends })
  }

  @Test func `a refused join ends the call`() throws {
    let bench = try Bench()
    _ = try #require(bench.join())
    let error = SignalingError(code: .roomFull, message: "the room is full", about: "join")
    bench.participant.receive(.error(error), at: milliseconds(1), into: bench.batch)
    let ends = bench.participant.takeEvents().compactMap { if case .ended(let reason) = $0 { reason } else { nil } }
    #expect(ends == [.joinRefused(.roomFull)])
    #expect(bench.participant.nextDeadline == .never)
  }

  @Test func `an answer that is no session description ends the call`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    _ = bench.signals()
    bench.participant.receive(.answer(Answer(sdp: "v=1\r\n")), at: milliseconds(2), into: bench.batch)
    #expect(
      bench.participant.takeEvents().contains { if case .ended(.hopFailed) = $0 { true } else { false } })
  }

  @Test func `nothing is sent before the hop and the keys are there`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    #expect(!bench.participant.isMediaReady)
    #expect(
      bench.participant.sendAudio([1, 2, 3], duration: 960, level: nil, at: milliseconds(2), into: bench.batch) == nil)
    #expect(
      bench.participant.sendVideo([1], isKeyFrame: true, timestamp90k: 0, at: milliseconds(2), into: bench.batch) == nil
    )
    #expect(bench.batch.count == 0)
    #expect(bench.slab.inUse == 0)
  }

  @Test func `messages wait while signalling is away and follow the resume`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    _ = bench.signals()
    bench.participant.signalingLost(at: milliseconds(10))
    let wish = ClientMessage.mute(Mute(track: "camera", muted: true))
    bench.participant.signal(wish)
    #expect(bench.signals().isEmpty)
    bench.participant.resume(at: milliseconds(20))
    let resumes = bench.signals()
    #expect(resumes == [.join(Join(room: join.room, token: nil, bundle: join.bundle, resume: "token"))])
    bench.participant.receive(bench.joined(join, resumed: true), at: milliseconds(21), into: bench.batch)
    let signals = bench.signals()
    #expect(signals.first == wish)
    #expect(signals.contains { if case .offer = $0 { true } else { false } })
    #expect(!signals.contains { if case .publish = $0 { true } else { false } })
  }

  @Test func `a silent call is kept alive with pings`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    _ = bench.signals()
    var pings = 0
    for time in stride(from: UInt64(1_000), through: 60_000, by: 500) {
      bench.participant.expire(at: milliseconds(time), into: bench.batch)
      pings += bench.signals().count { if case .ping = $0 { true } else { false } }
    }
    #expect(pings == 4)
  }

  @Test func `hostile datagrams are dropped, counted and leave no slot behind`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    var random = SeededRandom(seed: 5)
    let from = Endpoint(ipv4: 0x0A00_0001, port: 4_000)
    for index in 0..<2_000 {
      var bytes = random.bytes(Int.random(in: 0...200, using: &random))
      if !bytes.isEmpty { bytes[0] = [0, 1, 22, 128, 144, 200][index % 6] }
      let slot = try #require(bench.slab.take())
      bench.slab.fill(slot, with: bytes)
      bench.participant.receive(slot, from: from, at: milliseconds(2), into: bench.batch)
    }
    #expect(bench.slab.inUse == bench.batch.count)
    #expect(bench.participant.statistics.datagramsDropped > 1_000)
    #expect(bench.participant.statistics.framesReceived == 0)
  }

  @Test func `after close nothing is left to do`() throws {
    let bench = try Bench()
    let join = try #require(bench.join())
    bench.participant.receive(bench.joined(join), at: milliseconds(1), into: bench.batch)
    _ = bench.participant.takeEvents()
    bench.participant.close()
    #expect(bench.participant.nextDeadline == .never)
    #expect(!bench.participant.canOpen([0, 1, 2, 3], at: milliseconds(3)))
    bench.participant.receive(bench.joined(join), at: milliseconds(4), into: bench.batch)
    #expect(bench.participant.takeEvents().isEmpty)
  }
}
