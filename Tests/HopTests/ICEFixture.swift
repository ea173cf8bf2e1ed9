import HopCrypto
import ICE
import STUN
import TestKit
import WireBytes

/// A client and a lite agent joined by a path with delay and loss, in virtual time.
struct ICEFixture {
  static let relayCredentials = ICECredentials(ufrag: "relayufr", pwd: "relay-password-of-24-byt")
  static let clientCredentials = ICECredentials(ufrag: "client", pwd: "client-password-of-24-by")
  static let relayAddress = Endpoint(ipv4: 0xC000_0201, port: 3478)
  static let clientAddress = Endpoint(ipv4: 0xC633_6401, port: 40_000)

  var now = MonotonicInstant(nanoseconds: 9_000_000_000_000)
  var relay: ICELiteAgent
  var client: ICEClientAgent
  var clientAddress = ICEFixture.clientAddress
  /// Addresses at which the relay can be reached.
  var reachable: Set<Endpoint> = [ICEFixture.relayAddress]
  /// Of a hundred datagrams, in each direction.
  var lossPercent = 0
  var delay = TimeInterval.milliseconds(10)
  private(set) var requests: [(at: MonotonicInstant, to: Endpoint)] = []
  private(set) var nominations = 0
  private var inFlight: [(at: MonotonicInstant, bytes: [UInt8], from: Endpoint, to: Endpoint)] = []
  private var random: SeededRandom

  init(seed: UInt64 = 1, clientPassword: String? = nil) {
    random = SeededRandom(seed: seed)
    relay = ICELiteAgent(
      local: Self.relayCredentials, remoteUfrag: Self.clientCredentials.ufrag, remotePwd: Self.clientCredentials.pwd,
      consentTimeout: .seconds(15))
    client = ICEClientAgent(local: Self.clientCredentials, tieBreaker: 42, random: random.source)
  }

  mutating func connect(
    _ candidates: [Endpoint] = [ICEFixture.relayAddress], password: String = ICEFixture.relayCredentials.pwd
  ) {
    client.setRemote(
      ICECredentials(ufrag: Self.relayCredentials.ufrag, pwd: password), candidates: candidates, at: now)
    drain()
  }

  /// Lets time pass, event by event.
  mutating func run(_ interval: TimeInterval, until isDone: (Self) -> Bool = { _ in false }) {
    let end = now + interval
    while !isDone(self) {
      let next = min(client.nextDeadline, inFlight.map(\.at).min() ?? .never)
      guard next <= end else { break }
      now = max(now, next)
      while let index = inFlight.firstIndex(where: { $0.at <= now }) { arrive(inFlight.remove(at: index)) }
      client.expire(at: now)
      drain()
    }
    if !isDone(self) { now = end }
  }

  private mutating func arrive(_ packet: (at: MonotonicInstant, bytes: [UInt8], from: Endpoint, to: Endpoint)) {
    if packet.to == clientAddress {
      do throws(ICEError) { try client.receive(packet.bytes.span, from: packet.from, at: now) } catch {}
      drain()
    } else if reachable.contains(packet.to) {
      do throws(ICEError) {
        switch try relay.receive(packet.bytes.span, from: packet.from, at: now) {
        case .reply(let response): transmit(response, from: packet.to, to: packet.from)
        case .replyAndSelected(let response, _):
          nominations += 1
          transmit(response, from: packet.to, to: packet.from)
        }
      } catch {}
    }
  }

  private mutating func drain() {
    while let (datagram, target) = client.nextTransmit() {
      requests.append((now, target))
      transmit(datagram, from: clientAddress, to: target)
    }
  }

  private mutating func transmit(_ bytes: [UInt8], from: Endpoint, to: Endpoint) {
    guard Int.random(in: 0..<100, using: &random) >= lossPercent else { return }
    inFlight.append((now + delay, bytes, from, to))
  }

  /// A check as a browser might send it.
  static func check(
    username: String = "relayufr:client", password: String = relayCredentials.pwd, nominate: Bool = false,
    controlled: Bool = false, id: UInt8 = 1
  ) -> [UInt8] {
    var request = STUNMessageBuilder(messageClass: .request, transactionID: [UInt8](repeating: id, count: 12))
    request.username(username)
    request.priority(1)
    if controlled { request.controlled(7) } else { request.controlling(7) }
    if nominate { request.useCandidate() }
    return finish(request, password: password)
  }

  /// What MESSAGE-INTEGRITY covers, and itself: all but the header's length and the FINGERPRINT behind it, which comes
  /// last and may be damaged or missing without harm.
  static func authenticPart(_ message: [UInt8]) -> [UInt8] { message.prefix(2) + message.dropFirst(4).dropLast(8) }

  static func finish(_ message: STUNMessageBuilder, password: String) -> [UInt8] {
    message.finish { HopHMAC.sha1(key: Array(password.utf8), message: $0) }
  }
}

extension ICELiteAgent {
  /// Parses and answers, as the relay does in two steps.
  mutating func receive(
    _ datagram: Span<UInt8>, from endpoint: Endpoint, at now: MonotonicInstant
  ) throws(ICEError) -> Outcome {
    let message: STUNMessage
    do throws(STUNError) { message = try STUNMessage(parsing: datagram) } catch { throw .malformed }
    return try receive(message, of: datagram, from: endpoint, at: now)
  }
}
