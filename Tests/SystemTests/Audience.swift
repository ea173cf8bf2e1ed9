import DTLS
import DatagramIO
import Dispatch
import HopCrypto
import ICE
import LoadGen
import NIOPosix
import RTP
import SDP
import SRTP
import Signaling
import Synchronization
import WireBytes

/// One presenter and many who watch: clients reduced to their hop, so that a large room costs the machine little beyond
/// what the relay does. They join, negotiate, and complete ICE and DTLS; nothing is sealed end to end.
final class Audience: Sendable {
  let room: RoomID
  private let loops: [DatagramLoop<Watcher>]
  private let connections = Mutex<[SignalingClient]>([])

  /// Makes the presenter and so many watchers; two queues serve them all.
  init(watchers: Int) throws {
    guard let room = RoomID(bytes: RandomSource.openSSL.bytes(RoomID.byteCount)) else {
      throw NeverHappened(description: "so many bytes are a room")
    }
    self.room = room
    let queues = (0..<2).map { DispatchQueue(label: "audience.\($0)") }
    let identity = try DTLSIdentity()
    loops = try (0...watchers).map { number in
      let port = try UDPPort(
        binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 19, sendBufferBytes: 1 << 19)
      return DatagramLoop(
        label: "watcher.\(number)", port: port, slabCapacity: 256, batchCapacity: 64,
        pacing: .every(.milliseconds(20)), target: queues[number % queues.count]
      ) { Watcher(number: number, identity: identity, slab: $0) }
    }
    for loop in loops { loop.start() }
  }

  deinit { for loop in loops { loop.stop() } }

  /// Connects members `range`; the presenter is member 0.
  func join(_ relay: TestRelay, _ range: Range<Int>) async throws {
    for number in range {
      let loop = loops[number]
      let client = try await SignalingClient.connect(
        to: try relay.address, on: MultiThreadedEventLoopGroup.singleton
      ) { event in
        guard case .message(let message) = event else { return }
        loop.perform { watcher, now, _ in watcher.receive(message, at: now) }
      }
      connections.withLock { $0.append(client) }
      loop.perform { [room] watcher, _, _ in
        watcher.signal = { client.send($0) }
        watcher.join(room)
      }
    }
  }

  /// The presenter sends so many packets in every burst, one burst in 20 ms, until it is stopped by 0.
  func present(burst: Int) {
    loops[0].perform { watcher, now, _ in watcher.present(burst: burst, at: now) }
  }

  func leave(_ number: Int) { loops[number].perform { watcher, _, _ in watcher.signal(.leave) } }

  var connected: Int { get async { await count { $0.isConnected ? 1 : 0 } } }
  /// Media packets that each watcher has opened.
  var received: [Int] {
    get async {
      var counts: [Int] = []
      for loop in loops.dropFirst() { counts.append(await loop.query { watcher, _ in watcher.received }) }
      return counts
    }
  }
  /// The relay's ports that media comes from.
  var relayPorts: Set<UInt16> {
    get async {
      var ports: Set<UInt16> = []
      for loop in loops { if let port = await loop.query({ watcher, _ in watcher.relay?.port }) { ports.insert(port) } }
      return ports
    }
  }

  private func count(_ value: @escaping @Sendable (Watcher) -> Int) async -> Int {
    var sum = 0
    for loop in loops { sum += await loop.query { watcher, _ in value(watcher) } }
    return sum
  }
}

/// One client of the audience, on its queue.
final class Watcher: DatagramHandler {
  private static let ssrc = SSRC(0x1234_5678)
  private static let burstInterval = TimeInterval.milliseconds(20)

  private let number: Int
  private let slab: PacketSlab
  private let identity: DTLSIdentity
  private let credentials = ICECredentials.random(.openSSL)
  private var ice: ICEClientAgent
  private var dtls: DTLSSession?
  private var sender: SRTPSender?
  private var receiver: SRTPReceiver?
  var signal: (ClientMessage) -> Void = { _ in }
  private(set) var relay: Endpoint?
  private(set) var received = 0
  private var burst = 0
  private var nextBurst = MonotonicInstant.never
  private var sent = 0

  init(number: Int, identity: DTLSIdentity, slab: PacketSlab) {
    self.number = number
    self.identity = identity
    self.slab = slab
    ice = ICEClientAgent(local: credentials, tieBreaker: UInt64(number), random: .openSSL)
  }

  var isConnected: Bool { sender != nil }

  var nextDeadline: MonotonicInstant {
    let handshake = dtls.map { $0.isConnected ? .never : $0.deadline } ?? .never
    return min(ice.nextDeadline, nextBurst, handshake)
  }

  func join(_ room: RoomID) {
    signal(.join(Join(room: room, token: nil, bundle: Blob(RandomSource.openSSL.bytes(64)))))
  }

  func present(burst: Int, at now: MonotonicInstant) {
    self.burst = burst
    nextBurst = burst > 0 ? now : .never
  }

  func receive(_ message: RelayMessage, at now: MonotonicInstant) {
    switch message {
    case .joined: offer()
    case .answer(let answer):
      guard let answer = try? AnsweredSession(parsing: answer.sdp) else { return }
      ice.setRemote(ICECredentials(ufrag: answer.iceUfrag, pwd: answer.icePwd), candidates: answer.candidates, at: now)
      dtls = try? DTLSSession(role: .client, identity: identity, peerFingerprint: answer.fingerprint)
    case .rekey(let rekey) where rekey.phase == .prepare: signal(.ready(Ready(epoch: rekey.epoch)))
    default: return
    }
  }

  private func offer() {
    let presents = number == 0
    let section = ClientOffer.Section(
      mid: "v", kind: .video, sends: presents, ssrc: presents ? Self.ssrc : nil, rtxSSRC: nil)
    let offer = ClientOffer(
      iceUfrag: credentials.ufrag, icePwd: credentials.pwd, fingerprint: identity.fingerprint, setup: .actpass,
      sections: [section])
    signal(.offer(Offer(sdp: offer.render())))
    if presents { signal(.publish(Publish(tracks: [Publish.Track(id: "screen", source: .screen, mid: "v")]))) }
  }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    defer { slab.release(slot) }
    switch slab.read(slot, { DatagramKind($0) }) {
    case .stun:
      let wasSelected = ice.selected != nil
      slab.read(slot) { try? ice.receive($0, from: endpoint, at: now) }
      if !wasSelected, ice.selected != nil { try? dtls?.start(at: now) }
    case .dtls:
      slab.read(slot) { bytes in try? dtls?.receive(bytes, at: now) }
      guard let dtls, dtls.isConnected, sender == nil, let srtp = try? dtls.makeSRTP() else { break }
      (sender, receiver) = (srtp.sender, srtp.receiver)
    case .rtp:
      let length = slab.length(of: slot)
      let opened = slab.edit(slot) { bytes in try? receiver?.unprotectRTP(&bytes, length: length) }
      if opened != nil {
        received += 1
        relay = endpoint
      }
    case .rtcp, .unknown: break
    }
    flush(into: batch)
  }

  func expire(at now: MonotonicInstant, into batch: EgressBatch) {
    ice.expire(at: now)
    if let dtls, !dtls.isConnected, dtls.deadline <= now { try? dtls.expire(at: now) }
    flush(into: batch)
    guard nextBurst <= now else { return }
    nextBurst = now + Self.burstInterval
    for index in 0..<burst { send(isFirst: index == 0, isLast: index == burst - 1, into: batch) }
  }

  func drained(at now: MonotonicInstant) {}

  private func flush(into batch: EgressBatch) {
    while let (datagram, endpoint) = ice.nextTransmit() { put(datagram, to: endpoint, into: batch) }
    guard let endpoint = ice.selected else { return }
    while let datagram = dtls?.nextDatagram() { put(datagram, to: endpoint, into: batch) }
  }

  private func put(_ datagram: [UInt8], to endpoint: Endpoint, into batch: EgressBatch) {
    guard let slot = slab.take() else { return }
    slab.fill(slot, with: datagram)
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }

  /// Every burst is a key frame: the relay starts whoever comes with the next one.
  private func send(isFirst: Bool, isLast: Bool, into batch: EgressBatch) {
    guard let sender, let endpoint = ice.selected, let slot = slab.take() else { return }
    let frame = UInt16(truncatingIfNeeded: sent / max(burst, 1))
    var header = EgressHeader(
      marker: isLast, payloadType: ClientOffer.vp8.payloadType, sequenceNumber: UInt16(truncatingIfNeeded: sent),
      timestamp: UInt32(truncatingIfNeeded: sent / max(burst, 1) * 1_800), ssrc: Self.ssrc)
    header.ids.dependencyDescriptor = ClientOffer.extensions.dependencyDescriptor
    let descriptor = DependencyDescriptorWriter.write(
      startOfFrame: isFirst, endOfFrame: isLast, isKeyFrame: isFirst, frameNumber: frame, width: 1_280, height: 720)
    sent += 1
    let final = header
    let length = slab.edit(slot) { final.write(into: &$0, dependencyDescriptor: descriptor.span) } + 1_000
    let sealed = slab.edit(slot) { bytes in try? sender.protectRTP(&bytes, length: length) }
    guard let sealed else { return slab.release(slot) }
    slab.setLength(sealed, of: slot)
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }
}
