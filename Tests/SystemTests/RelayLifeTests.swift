import ClientEngine
import E2EKeys
import LoadGen
import Signaling
import Testing
import WireBytes

extension SystemTests {
  @Suite("sfu-relay: its end, its log and its metrics") struct RelayLifeTests {
    @Test("SIGTERM: everyone is told goodbye and the process ends in time with exit code 0")
    func termination() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: ["shutdown.deadlineSeconds=5"])
      let call = try await TestCall.start(relay)
      relay.process.terminate()
      for caller in call.callers {
        try await eventually("caller \(caller.number) is told") { await caller.record.goodbyes == [.shutdown] }
      }
      #expect(try await relay.process.waitForExit(within: .seconds(7)) == 0)
      for caller in call.callers {
        try await eventually("the connection is closed") { await caller.record.closedConnections == 1 }
      }
    }

    @Test("a client that does not close its connection does not hold up the end")
    func stubbornClient() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder, settings: ["shutdown.deadlineSeconds=1"])
      let stubborn = try await SilentConnection.open(port: relay.signalingPort)
      relay.process.terminate()
      #expect(try await relay.process.waitForExit(within: .seconds(4)) == 0)
      try await stubborn.close()
    }

    @Test("no log of a call tells who, where or what", arguments: ["info", "trace"])
    func discretion(_ level: String) async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.production(
        folder, settings: ["log.level=\(level)"] + MemberLossTests.impatience)
      var tokens: [String] = []
      var call = try await TestCall.start(relay, count: 3) { room in
        tokens.append(try await AdmissionTests.token(for: room, folder))
        return tokens[0]
      }
      let everyone = call.callers
      let intruder = try Caller(9, in: call.invite, token: "a-wrong-token")
      try await intruder.join(relay)
      try await eventually("it is refused") { await intruder.record.ended != nil }
      everyone[0].say(.offer(Offer(sdp: "v=0 an-offer-that-is-none")))
      try await eventually("it is refused") { await !everyone[0].record.errors.isEmpty }
      everyone[2].vanish()
      call.remove(everyone[2])
      try await call.waitUntilGone(everyone[2])
      relay.process.terminate()
      #expect(try await relay.process.waitForExit() == 0)

      let log = relay.process.output
      #expect(log.contains("room opened") && log.contains("relay has stopped"))
      var secrets = [
        "127.0.0.1", "::1", call.invite.room.text, call.invite.text, "a-wrong-token", "an-offer-that-is-none",
      ]
      secrets += tokens + tokens.flatMap { $0.split(separator: ".").map(String.init) }
      for caller in everyone + [intruder] { secrets += [caller.member.text, ":\(caller.mediaPort)"] }
      for caller in everyone { secrets += await caller.record.joins.map(\.resumeToken) }
      for secret in secrets { #expect(!log.contains(secret), "the log holds \(secret)") }
      #expect(try !log.contains(folder.read("secret").prefix(20)))
    }

    /// What operators are promised, by the issue that asked for it.
    static let families = [
      "rooms", "participants", "packets_received_total", "received_bytes_total", "packets_forwarded_total",
      "forwarded_bytes_total", "packets_dropped_total", "rtp_expected_packets_total", "rtp_lost_packets_total",
      "rtp_jitter_seconds", "forward_latency_seconds", "dtls_handshakes_total", "dtls_handshake_duration_seconds",
      "srtp_sessions_total", "rekey_triggers_total", "rekey_convergence_seconds", "rekey_laggards_total",
      "pli_received_total", "pli_sent_total", "nack_received_packets_total", "nack_sent_packets_total",
      "rtx_sent_total", "rtx_missed_total", "rtx_received_total", "udp_kernel_drops_total", "udp_slab_drops_total",
      "udp_send_would_block_total", "signaling_connections", "signaling_closed_total", "build_info",
    ]

    @Test("every family of metrics has HELP and TYPE, and a call shows in them")
    func metrics() async throws {
      let folder = try ScratchFolder()
      let relay = try await TestRelay.development(folder)
      let call = try await TestCall.start(relay)
      try await eventually("reports have come in") { try await relay.metric("sfu_rtp_jitter_seconds_count") > 0 }
      let lines = try await relay.metricsPage().split(separator: "\n")
      var (helped, typed): (Set<Substring>, [Substring: Substring]) = ([], [:])
      for line in lines {
        let words = line.split(separator: " ", maxSplits: 3)
        if line.hasPrefix("# HELP "), words.count == 4 {
          helped.insert(words[2])
        } else if line.hasPrefix("# TYPE ") {
          typed[words[2]] = words[3]
        } else {
          var name = line.prefix { $0 != "{" && $0 != " " }
          for suffix in ["_bucket", "_sum", "_count"] where typed[name] == nil && name.hasSuffix(suffix) {
            name = name.dropLast(suffix.count)
          }
          #expect(helped.contains(name) && typed[name] != nil, "\(line)")
          #expect(name.hasPrefix("sfu_") && line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
        }
      }
      for family in Self.families { #expect(helped.contains("sfu_\(family)"), "\(family) is missing") }
      #expect(helped.allSatisfy { typed[$0] != "counter" || $0.hasSuffix("_total") })
      for caller in call.callers { #expect(!lines.contains { $0.contains(caller.member.text) }) }
      #expect(try await relay.metric("sfu_participants") == 4)
      #expect(try await relay.metric("sfu_dtls_handshakes_total") == 4)
      try await eventually("forwarding is timed") { try await relay.metric("sfu_forward_latency_seconds_count") > 100 }
      #expect(lines.contains("sfu_srtp_sessions_total{profile=\"AEAD_AES_256_GCM\"} 4"))
    }
  }
}
