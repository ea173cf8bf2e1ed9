import ClientEngine
import DatagramIO
import HopCrypto
import ICE
import NIOCore
import RTP
import SDP
import WireBytes

/// Janus with its videoroom plugin, as a server to measure: one connection to publish and one to receive, as its own
/// clients do it.
struct JanusServer: CallServer {
  let janus: JanusProcess
  let driver: MediaDriver
  let group: any EventLoopGroup
  private let control: JanusSession
  private let controlHandle: UInt64

  init(_ janus: JanusProcess, driver: MediaDriver, group: any EventLoopGroup) async throws {
    self.janus = janus
    self.driver = driver
    self.group = group
    control = try await JanusSession.open(port: janus.port, on: group)
    controlHandle = try await control.attach()
  }

  var process: ChildProcess { janus.process }

  func sendCounters() async -> SendCounters? { nil }

  static func number(_ room: Int) -> UInt64 { 1_000 + UInt64(room) }

  func open(room: Int) async throws {
    var body = JanusRequest.Body(request: "create", room: Self.number(room))
    // No cap on the bitrate, no key frames on a timer, and nobody is told of listeners: the least that a room can cost.
    (body.publishers, body.bitrate, body.fir_freq) = (1_000, 0, 0)
    (body.permanent, body.notify_joining) = (false, false)
    (body.audiocodec, body.videocodec) = ("opus", "vp8")
    try await control.message(body, to: controlHandle)
  }

  func enter(room: Int, plan: MemberPlan) async throws -> any CallMember {
    let startedAt = MonotonicClock.now()
    let session = try await JanusSession.open(port: janus.port, on: group)
    let member = JanusMember(
      startedAt: startedAt, session: session, room: Self.number(room), plan: plan, driver: driver)
    if plan.sends { try await member.publish() }
    return member
  }

  func stop() async -> String? {
    await control.close()
    return await janus.stop()
  }
}
