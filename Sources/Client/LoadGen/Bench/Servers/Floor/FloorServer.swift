import DatagramIO
import HopCrypto
import SDP
import SRTP
import WireBytes

/// The forwarder in C that sets the floor: no signalling, no handshakes, one thread.
struct FloorServer: CallServer {
  /// As long as the relay's own tick under load.
  private static let coalescing = 500
  private static let (keyBytes, saltBytes) = (32, 12)
  /// How a registration begins; see `Bench/floor/main.c`.
  private static let registration: UInt8 = 1

  let process: ChildProcess
  private let endpoint: Endpoint
  private let driver: MediaDriver

  static func start(driver: MediaDriver) throws -> FloorServer {
    let port = try FreePorts.udp(count: 1)
    let process = try ChildProcess(
      executable: try OwnRelay.beside("sfu-floor"), arguments: ["\(port)", "\(coalescing)"], logPath: "/dev/null")
    TerminationGuard.protect(process)
    return FloorServer(process: process, endpoint: Endpoint(ipv4: 0x7F00_0001, port: UInt16(port)), driver: driver)
  }

  func sendCounters() async -> SendCounters? { nil }
  func open(room: Int) async throws {}
  func stop() async -> String? { await process.end(patience: 20).map { "the C floor \($0)" } }

  func enter(room: Int, plan: MemberPlan) async throws -> any CallMember {
    // The process has opened its socket by then, or the datagram is refused and no media comes.
    try await Task.sleep(for: .milliseconds(5))
    let random = RandomSource.openSSL
    let (key, salt) = (
      [random.bytes(Self.keyBytes), random.bytes(Self.keyBytes)],
      [random.bytes(Self.saltBytes), random.bytes(Self.saltBytes)]
    )
    var registration: [UInt8] = [Self.registration]
    registration.append(u32: UInt32(room))
    registration += key[0] + salt[0] + key[1] + salt[1]
    let leg = try await driver.query { [endpoint, registration] driver, now in
      let (number, _) = try driver.makeLeg()
      guard let leg = driver.leg(number) else { preconditionFailure("a leg that was just made") }
      let sender = try SRTPSender(profile: .aeadAES256GCM, masterKey: key[0], masterSalt: salt[0])
      let receiver = try SRTPReceiver(profile: .aeadAES256GCM, masterKey: key[1], masterSalt: salt[1])
      let audio = plan.audio.map { SendPart(shape: $0, mid: "0", payloadType: ClientOffer.opus.payloadType) }
      let video = plan.video.map { SendPart(shape: $0, mid: "1", payloadType: ClientOffer.vp8.payloadType) }
      leg.prepare([audio, video].compactMap(\.self))
      leg.send(registration, to: endpoint)
      leg.flush()
      leg.connect(to: endpoint, sender: sender, receiver: receiver)
      leg.didConnect(at: now)
      return number
    }
    return FloorMember(startedAt: MonotonicClock.now(), leg: leg, plan: plan, driver: driver)
  }
}

private struct FloorMember: CallMember {
  let startedAt: MonotonicInstant
  let leg: Int
  let plan: MemberPlan
  let driver: MediaDriver

  var sendingLeg: Int? { plan.sends ? leg : nil }
  var receivingLeg: Int? { plan.receives ? leg : nil }
  func receiveOthers() async throws {}
  func leave() async { driver.perform { [leg] driver, _ in driver.removeLeg(leg) } }
}
