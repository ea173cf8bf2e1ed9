import DatagramIO
import Signaling
import Synchronization
import WireBytes

/// The network between one client and the relay: it passes every datagram on, keeps a copy of it, and can be cut.
final class HopPath: Sendable {
  enum Direction: Hashable, Sendable { case toRelay, toClient }

  struct Datagram: Sendable {
    let direction: Direction
    let bytes: [UInt8]
  }

  private struct State {
    var isOpen = true
    var relay: Endpoint?
    var client: Endpoint?
    var captured: [Datagram] = []
  }

  private let state = Mutex(State())
  /// The ends that the client and the relay see.
  private let near: DatagramLoop<PathEnd>
  private let far: DatagramLoop<PathEnd>

  init() throws {
    near = try PathEnd.loop("path.near")
    far = try PathEnd.loop("path.far")
    let toRelay: PathEnd.Forward = { [weak self] in self?.pass($0, from: $1, .toRelay) }
    let toClient: PathEnd.Forward = { [weak self] in self?.pass($0, from: $1, .toClient) }
    near.perform { end, _, _ in end.forward = toRelay }
    far.perform { end, _, _ in end.forward = toClient }
    near.start()
    far.start()
  }

  deinit {
    near.stop()
    far.stop()
  }

  /// Everything that went over it, in order.
  var captured: [Datagram] { state.withLock { $0.captured } }

  /// From now on nothing gets through; nobody is told.
  func cut() { state.withLock { $0.isOpen = false } }
  func mend() { state.withLock { $0.isOpen = true } }

  /// The answer with this path in the place of the relay's address.
  func lead(_ answer: Answer) -> Answer {
    let lines = answer.sdp.split(separator: "\r\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.hasPrefix("a=candidate:") else { return String(line) }
      var fields = line.split(separator: " ").map(String.init)
      guard fields.count > 5, let port = UInt16(fields[5]) else { return String(line) }
      state.withLock { $0.relay = Endpoint(address: fields[4], port: port) }
      fields[4] = near.local.address
      fields[5] = String(near.local.port)
      return fields.joined(separator: " ")
    }
    return Answer(sdp: lines.joined(separator: "\r\n"))
  }

  private func pass(_ bytes: [UInt8], from source: Endpoint, _ direction: Direction) {
    let target = state.withLock { state -> Endpoint? in
      guard state.isOpen else { return nil }
      state.captured.append(Datagram(direction: direction, bytes: bytes))
      if direction == .toRelay { state.client = source }
      return direction == .toRelay ? state.relay : state.client
    }
    guard let target else { return }
    (direction == .toRelay ? far : near).perform { end, _, batch in end.send(bytes, to: target, into: batch) }
  }
}

/// A UDP socket that hands on what it receives and sends what it is given.
final class PathEnd: DatagramHandler {
  typealias Forward = @Sendable ([UInt8], Endpoint) -> Void

  private let slab: PacketSlab
  var forward: Forward = { _, _ in }

  init(_ slab: PacketSlab) { self.slab = slab }

  static func loop(_ label: String) throws -> DatagramLoop<PathEnd> {
    let port = try UDPPort(
      binding: Endpoint(ipv4: 0x7F00_0001, port: 0), receiveBufferBytes: 1 << 20, sendBufferBytes: 1 << 20)
    return DatagramLoop(label: label, port: port, slabCapacity: 512, batchCapacity: 256) { PathEnd($0) }
  }

  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch) {
    let bytes = slab.read(slot) { $0.toArray() }
    slab.release(slot)
    forward(bytes, endpoint)
  }

  func send(_ bytes: [UInt8], to endpoint: Endpoint, into batch: EgressBatch) {
    guard let slot = slab.take() else { return }
    slab.fill(slot, with: bytes)
    if !batch.append(slot, to: endpoint) { slab.release(slot) }
  }

  var nextDeadline: MonotonicInstant { .never }
  func expire(at now: MonotonicInstant, into batch: EgressBatch) {}
  func drained(at now: MonotonicInstant) {}
}
