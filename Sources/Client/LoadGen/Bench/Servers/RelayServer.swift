import ClientEngine
import DatagramIO
import DTLS
import HopCrypto
import ICE
import NIOCore
import RTP
import SDP
import Signaling
import Synchronization
import WireBytes

/// The relay of this project, as a server to measure.
struct RelayServer: CallServer {
  /// As large as a real bundle; the relay stores it and passes it on.
  static let bundleBytes = 4096

  private let relay: OwnRelay
  private let driver: MediaDriver
  private let group: any EventLoopGroup
  private let rooms = RoomNames()
  private let bundleBytes: Int

  init(_ relay: OwnRelay, driver: MediaDriver, group: any EventLoopGroup, bundleBytes: Int = Self.bundleBytes) {
    self.relay = relay
    self.driver = driver
    self.group = group
    self.bundleBytes = bundleBytes
  }

  var process: ChildProcess { relay.process }

  func sendCounters() async -> SendCounters? {
    let text = try? await PlainHTTP.get(host: "127.0.0.1", port: relay.metricsPort, path: "/metrics", on: group)
    return text.map { RelayMeasurements(prometheusText: $0).sending }
  }

  func open(room: Int) async throws { _ = rooms.name(room) }

  func enter(room: Int, plan: MemberPlan) async throws -> any CallMember {
    let (leg, local) = try await driver.query { driver, _ in try driver.makeLeg() }
    let member = RelayMember(
      leg: leg, local: local, plan: plan, driver: driver, answered: group.next().makePromise(of: String.self))
    let name = rooms.name(room)
    let bundle = Blob(RandomSource.openSSL.bytes(bundleBytes))
    try await member.enter(relay.address, on: group, join: Join(room: name, token: nil, bundle: bundle))
    return member
  }

  func stop() async -> String? { await relay.stop() }
}

/// Names of rooms by their numbers.
private final class RoomNames: Sendable {
  private let names = Mutex<[Int: RoomID]>([:])

  func name(_ room: Int) -> RoomID {
    names.withLock { names in
      if let name = names[room] { return name }
      guard let name = RoomID(bytes: RandomSource.openSSL.bytes(RoomID.byteCount)) else {
        preconditionFailure("a room's name has \(RoomID.byteCount) bytes")
      }
      names[room] = name
      return name
    }
  }
}

/// A member without end-to-end keys: it says `ready` to every key change at once. The relay cannot tell.
private final class RelayMember: CallMember {
  let startedAt = MonotonicClock.now()
  private let leg: Int
  private let local: MediaLeg.Local
  private let plan: MemberPlan
  private let driver: MediaDriver
  private let outbox = SignalOutbox()
  private let answered: EventLoopPromise<String>

  init(
    leg: Int, local: MediaLeg.Local, plan: MemberPlan, driver: MediaDriver, answered: EventLoopPromise<String>
  ) {
    self.leg = leg
    self.local = local
    self.plan = plan
    self.driver = driver
    self.answered = answered
  }

  var sendingLeg: Int? { plan.sends ? leg : nil }
  var receivingLeg: Int? { plan.receives ? leg : nil }

  func enter(_ relay: RelayAddress, on group: any EventLoopGroup, join: Join) async throws {
    let client = try await SignalingClient.connect(to: relay, on: group) { [self] event in
      switch event {
      case .message(let message): handle(message)
      case .closed:
        outbox.noteClosed()
        answered.fail(CommandError("the relay closed the signalling connection"))
      }
    }
    outbox.attach(client)
    outbox.send(.join(join))
    let answer = try AnsweredSession(parsing: try await answered.futureResult.get())
    try await driver.connect(leg, to: MediaLeg.Remote(answer), sending: answer.parts(of: plan))
  }

  func receiveOthers() async throws {}

  func leave() async {
    outbox.send(.leave)
    driver.perform { [leg] driver, _ in driver.removeLeg(leg) }
    for _ in 0..<100 where !outbox.isClosed { try? await Task.sleep(for: .milliseconds(10)) }
    outbox.abort()
  }

  private func handle(_ message: RelayMessage) {
    switch message {
    case .joined:
      outbox.send(.offer(Offer(sdp: offer.render())))
      let tracks = sections.filter(\.sends).map {
        Publish.Track(id: $0.kind.rawValue, source: $0.kind == .audio ? .microphone : .camera, mid: $0.mid)
      }
      if !tracks.isEmpty { outbox.send(.publish(Publish(tracks: tracks))) }
    case .answer(let answer): answered.succeed(answer.sdp)
    case .rekey(let rekey) where rekey.phase == .prepare: outbox.send(.ready(Ready(epoch: rekey.epoch)))
    case .error(let error): answered.fail(CommandError("the relay said: \(error.message)"))
    case .goodbye(let goodbye): answered.fail(CommandError("the relay said goodbye: \(goodbye.reason.rawValue)"))
    default: break
    }
  }

  private var sections: [ClientOffer.Section] { ClientOffer.Section.sections(of: plan, local) }

  private var offer: ClientOffer {
    ClientOffer(
      iceUfrag: local.credentials.ufrag, icePwd: local.credentials.pwd, fingerprint: local.fingerprint,
      sections: sections)
  }
}
