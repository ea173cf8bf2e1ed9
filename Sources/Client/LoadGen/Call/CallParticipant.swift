import ClientEngine
import DTLS
import DatagramIO
import E2EKeys
import HopCrypto
import NIOCore
import Signaling
import WireBytes

/// One participant of a running call: its queue, its socket, its WebSocket.
final class CallParticipant: Sendable {
  let number: Int
  let room: CallRoom
  private let loop: DatagramLoop<ParticipantHost>
  private let outbox: SignalOutbox

  /// Arrival times come from the kernel, so that reading in bunches leaves the measured latency as it is.
  private static let readInterval = TimeInterval.milliseconds(4)

  /// Opens the socket and makes keys; `connect` joins.
  init(number: Int, room: CallRoom, environment: CallEnvironment) throws {
    self.number = number
    self.room = room
    let outbox = SignalOutbox()
    self.outbox = outbox
    let configuration = Self.configuration(for: room, environment)
    let port = try UDPPort(
      binding: environment.localAddress, receiveBufferBytes: 4 << 20, sendBufferBytes: 1 << 20, notesArrival: true)
    let now = MonotonicClock.now()
    let outputs = ParticipantHost.Outputs(
      signal: { outbox.send($0) }, sealed: { [ghosts = room.ghosts] frame in ghosts.offer(frame) },
      failed: { environment.failures.add($0) })
    let media = environment.media.media(for: room.index * 1_000 + number, seed: environment.scenario.seed)
    loop = try DatagramLoop(
      label: "participant.\(room.index).\(number)", port: port, slabCapacity: 512, batchCapacity: 256,
      pacing: .every(Self.readInterval),
      target: environment.queues[(room.index + number) % environment.queues.count]
    ) { slab throws in
      ParticipantHost(
        number: number,
        participant: try Participant(
          configuration, identity: try MemberIdentity(), dtls: try DTLSIdentity(), slab: slab,
          clock: MonotonicClock.wallClock(), random: .openSSL, at: now),
        media: media, room: room,
        recorder: number == 0 && room.index == 0 ? environment.recorder : nil, outputs: outputs, at: now)
    }
  }

  private static func configuration(for room: CallRoom, _ environment: CallEnvironment) -> ParticipantConfiguration {
    let slots = environment.scenario.receiveSlots
    var configuration = ParticipantConfiguration(invite: room.invite)
    configuration.policy = environment.scenario.policy
    configuration.stopwatch = Stopwatch { MonotonicClock.now().nanoseconds }
    configuration.token = environment.scenario.token
    configuration.publishAudio = environment.media.audio != nil
    configuration.publishVideo = environment.media.video != nil
    configuration.audioSlots = environment.media.audio == nil ? 0 : slots
    configuration.videoSlots = environment.media.video == nil ? 0 : slots
    if let size = environment.media.video?.size {
      configuration.videoWidth = size.width
      configuration.videoHeight = size.height
    }
    return configuration
  }

  /// Opens the WebSocket and joins. Throws when the relay cannot be reached.
  func connect(_ environment: CallEnvironment) async throws {
    loop.start()
    loop.perform { host, now, _ in host.begin(at: now) }
    let (loop, outbox) = (loop, outbox)
    let client = try await SignalingClient.connect(to: environment.relay, on: environment.group) { event in
      switch event {
      case .message(let message):
        loop.perform { host, now, batch in host.receive(message, at: now, into: batch) }
      case .closed:
        outbox.noteClosed()
        loop.perform { host, now, _ in host.signalingClosed(at: now) }
      }
    }
    outbox.attach(client)
    loop.perform { host, now, _ in host.participant.connected(at: now) }
  }

  /// Asks on the participant's queue.
  func query<Answer: Sendable>(_ body: @escaping @Sendable (ParticipantHost) -> Answer) async -> Answer {
    await loop.query { host, _ in body(host) }
  }

  func stopSending() { loop.perform { host, _, _ in host.stopSending() } }

  /// Leaves the call, and from then on tries to open what the others seal.
  func leaveAndHaunt() {
    let (loop, ghosts) = (loop, room.ghosts)
    loop.perform { host, now, batch in
      let lastEpoch = host.leave(at: now, into: batch)
      ghosts.add(lastEpoch: lastEpoch) { frame in
        loop.perform { host, now, _ in
          ghosts.tried(opened: host.participant.canOpen(frame.bytes, at: now))
        }
      }
    }
  }

  /// How long the relay may take to answer a `leave` with its goodbye.
  private static let goodbyePatience = 50

  /// Leaves and wipes the keys.
  func leave() { loop.perform { host, now, batch in host.close(at: now, into: batch) } }

  /// Closes the sockets, once the relay has said goodbye.
  func close() async {
    for _ in 0..<Self.goodbyePatience where !outbox.isClosed { try? await Task.sleep(for: .milliseconds(10)) }
    loop.stop()
    outbox.abort()
  }
}
