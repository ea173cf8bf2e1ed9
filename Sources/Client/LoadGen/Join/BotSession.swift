import ClientEngine
import DTLS
import DatagramIO
import E2EKeys
import HopCrypto
import NIOCore
import Signaling
import Synchronization
import WireBytes

/// One stay of a bot in the call: its queue, its socket, its WebSocket, which may be lost and come back.
final class BotSession: Sendable {
  private enum Turn: Sendable {
    case signalingLost
    case ended(String)
  }

  /// The relay keeps a membership for a while when its WebSocket is gone.
  private static let resumePatience = 30
  /// How long the relay may take to answer a `leave` with its goodbye, in units of 10 ms.
  private static let goodbyePatience = 50

  private let environment: JoinEnvironment
  private let loop: DatagramLoop<BotHost>
  private let outbox: SignalOutbox
  private let turns: AsyncStream<Turn>
  private let feed: AsyncStream<Turn>.Continuation
  private let isConnected = Atomic(false)

  /// Opens the socket and makes keys.
  init(number: Int, _ environment: JoinEnvironment) throws {
    self.environment = environment
    let outbox = SignalOutbox()
    let (turns, feed) = AsyncStream.makeStream(of: Turn.self)
    (self.outbox, self.turns, self.feed) = (outbox, turns, feed)
    let name = environment.plan.name(of: number)
    let outputs = BotHost.Outputs(
      signal: { outbox.send($0) },
      news: { [board = environment.board] news in
        Self.tell(board, name, news)
        if case .ended(let reason) = news { feed.yield(.ended(reason)) }
      })
    let port = try UDPPort(
      binding: environment.plan.relay.localAddress, receiveBufferBytes: 4 << 20, sendBufferBytes: 1 << 20,
      notesArrival: true)
    let media = try BotMedia(number: number, plan: environment.plan, silence: environment.silence)
    let configuration = Self.configuration(environment.plan, name)
    loop = try DatagramLoop(
      label: "bot.\(number)", port: port, slabCapacity: 512, batchCapacity: 256,
      target: environment.queues[number % environment.queues.count]
    ) { slab throws in
      BotHost(
        name: name,
        participant: try Participant(
          configuration, identity: try MemberIdentity(), dtls: try DTLSIdentity(), slab: slab,
          clock: MonotonicClock.wallClock(), random: .openSSL, at: MonotonicClock.now()),
        media: media, floor: environment.floor, seat: number - 1, outputs: outputs)
    }
  }

  private static func configuration(_ plan: JoinPlan, _ name: String) -> ParticipantConfiguration {
    var configuration = ParticipantConfiguration(invite: plan.invite)
    configuration.displayName = name
    configuration.token = plan.token
    configuration.publishAudio = plan.sendsAudio
    configuration.publishVideo = plan.sendsVideo
    configuration.videoWidth = UInt16(TestPicture.width)
    configuration.videoHeight = UInt16(TestPicture.height)
    return configuration
  }

  private static func tell(_ board: CallBoard, _ name: String, _ news: BotNews) {
    switch news {
    case .joined(let member, resumed: false): board.botJoined(name, as: member)
    case .joined(_, resumed: true): board.line("\(name) is back")
    case .key(let event): board.note(event)
    case .mediaInterrupted: board.line("\(name): the relay does not answer")
    case .mediaRestored: board.line("\(name): the relay answers again")
    case .refused(let message): board.line("\(name): the relay said: \(message)")
    // Said when it is known what comes next.
    case .ended: break
    }
  }

  /// Joins and stays. Returns why the call ended, or nil when the task was cancelled. Throws when the relay cannot be
  /// reached.
  func stay() async throws -> String? {
    loop.start()
    try await connect { host, now in host.participant.connected(at: now) }
    for await turn in turns {
      switch turn {
      case .ended(let reason): return reason
      case .signalingLost:
        guard try await resume() else { return "signalling was lost for \(Self.resumePatience) s" }
      }
    }
    return nil
  }

  private func connect(_ body: @escaping @Sendable (BotHost, MonotonicInstant) -> Void) async throws {
    let (loop, feed) = (loop, feed)
    let client = try await SignalingClient.connect(to: environment.plan.relay, on: environment.group) { [self] event in
      switch event {
      case .message(let message):
        loop.perform { host, now, batch in host.participant.receive(message, at: now, into: batch) }
      case .closed:
        isConnected.store(false, ordering: .releasing)
        // On the queue, so that it comes after the relay's last words.
        loop.perform { host, now, _ in
          host.participant.signalingLost(at: now)
          feed.yield(.signalingLost)
        }
      }
    }
    isConnected.store(true, ordering: .releasing)
    outbox.attach(client)
    loop.perform { host, now, _ in body(host, now) }
  }

  /// A new WebSocket for the same membership. False if there is none in time. Throws only when cancelled.
  private func resume() async throws -> Bool {
    for _ in 0..<Self.resumePatience {
      do {
        try await connect { host, now in host.participant.resume(at: now) }
        return true
      } catch is SignalingConnectionError {
        try await Task.sleep(for: .seconds(1))
      }
    }
    return false
  }

  /// Leaves, wipes the keys and closes the sockets. Returns what was sent and received.
  func leave() async -> BotAccount {
    loop.perform { host, now, batch in host.leave(at: now, into: batch) }
    for _ in 0..<Self.goodbyePatience where isConnected.load(ordering: .acquiring) {
      try? await Task.sleep(for: .milliseconds(10))
    }
    let account = await loop.query { host, _ in host.account }
    loop.perform { host, _, _ in host.participant.close() }
    loop.stop()
    feed.finish()
    outbox.abort()
    return account
  }
}
