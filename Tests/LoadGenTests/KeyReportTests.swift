import E2EKeys
import LoadGen
import Testing
import WireBytes

@Suite struct KeyReportTests {
  private func metrics(
    _ suite: KeyAgreementSuite, made: UInt64, opened: UInt64, joinMilliseconds: UInt64? = nil
  ) -> KeyMetrics {
    var metrics = KeyMetrics()
    metrics.handshakes[suite, default: HandshakeCounts()].made = made
    metrics.handshakes[suite, default: HandshakeCounts()].opened = opened
    metrics.joinCost = joinMilliseconds.map { .milliseconds($0) }
    metrics.messagesSent = 10
    metrics.bytesSent = 1_000
    return metrics
  }

  @Test func `handshakes count together over all members, and those at 1024 have a share`() {
    let report = KeyReport(
      [
        metrics(.x25519MLKEM1024, made: 20, opened: 30), metrics(.mlkem1024, made: 5, opened: 5),
        metrics(.mlkem768, made: 10, opened: 10),
      ], fallbacks: [[], [.mlkem768], [.xWing, .x25519MLKEM768], []])
    #expect(report.handshakes_at_1024_percent == 75)
    #expect(report.calls_at_1024_percent == 50 && report.calls_with_fallback == 2)
    #expect(report.fallback_suites == ["x25519-mlkem768", "x-wing", "mlkem768"])
    #expect(report.handshakes["mlkem1024"].map { [$0.made, $0.opened, $0.refused] } == [5, 5, 0])
    #expect(report.sealed_messages == 30 && report.sealed_bytes == 3_000)
  }

  @Test func `what did not take place has not missed the goal`() {
    let report = KeyReport([KeyMetrics()], fallbacks: [[]])
    #expect(report.handshakes_at_1024_percent == 100 && report.calls_at_1024_percent == 100)
    #expect(report.pq_join_ms.p95 == 0 && report.operations_ms.isEmpty && report.decrypt_failures.isEmpty)
  }

  @Test func `a join costs the joiner's time and the committer's mean encapsulation and signature`() {
    var committer = metrics(.x25519MLKEM1024, made: 2, opened: 0)
    for time: UInt64 in [100_000, 300_000] {
      committer.durations[.encapsulate, default: DurationHistogram()].record(nanoseconds: time)
    }
    committer.durations[.sign, default: DurationHistogram()].record(nanoseconds: 800_000)
    let joiners = [2, 4].map { metrics(.x25519MLKEM1024, made: 0, opened: 1, joinMilliseconds: $0) }
    let report = KeyReport([committer] + joiners, fallbacks: [[]])
    #expect(abs(report.pq_join_ms.p50 - 3) < 1e-9 && abs(report.pq_join_ms.p95 - 5) < 1e-9)
    #expect(report.operations_ms["encapsulate"]?.count == 2)
    #expect((0.7...0.9).contains(report.operations_ms["sign"]?.p95 ?? 0))
  }

  @Test func `failures are listed by cause and age`() {
    var first = KeyMetrics()
    first.openFailures = [
      OpenFailure(cause: .unknownKey, age: .older): 2, OpenFailure(cause: .replayed, age: .current): 1,
    ]
    var second = KeyMetrics()
    second.openFailures = [OpenFailure(cause: .unknownKey, age: .older): 3]
    let failures = KeyReport([first, second], fallbacks: [[]]).decrypt_failures
    #expect(
      failures.map { "\($0.count) x \($0.cause), \($0.age)" } == ["1 x replayed, current", "5 x unknownKey, older"])
  }

  @Test func `a fallback is said loudly, at the top and at the verdict`() throws {
    let calm = CallReportText.render(try ReportFixture.report())
    #expect(!calm.contains("FALLBACK") && calm.contains("100.0 % of handshakes, 1 of 1 calls (goal: all)"))
    let text = CallReportText.render(
      try ReportFixture.report {
        $0.keys.calls_with_fallback = 1
        $0.keys.fallback_suites = ["mlkem768"]
        $0.keys.handshakes_at_1024_percent = 0
      })
    let lines = text.split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("!! FALLBACK to ML-KEM-768 in 1 of 1 calls (mlkem768)") }.count == 2)
    #expect(lines.suffix(2).first?.hasPrefix("!! FALLBACK") == true && lines.last == "verdict: pass")
    #expect(text.contains("0.0 % of handshakes, 0 of 1 calls"))
  }

  @Test func `the text says what keys cost and how long changes took`() throws {
    let text = CallReportText.render(try ReportFixture.report())
    for part in [
      "57 wrapped, 56 unwrapped, 1 refused", "p50 3.25 ms, p95 4.50 ms", "p50 0.061 ms, p95 0.075 ms, 1,057 times",
      "2,345, 1,024 KiB", "12 x unknownKey, epoch: older", "1: p50 81 ms, p95 81 ms, max 81 ms",
      "1: p50 44 ms, p95 44 ms, max 44 ms",
    ] { #expect(text.contains(part), "\(part)") }
    #expect(!text.contains("epoch 8"), "what went before the call is only summed up")
  }

  @Test func `of many key changes the text names the slowest, in order`() throws {
    let report = try ReportFixture.report { report in
      report.rekeys = (0..<60).map { number in
        var rekey = report.rekeys[1]
        rekey.epoch = UInt32(number)
        rekey.at_s = Double(number)
        rekey.cause = number.isMultiple(of: 2) ? "join" : "leave"
        rekey.converged_ms = number == 17 ? nil : Double(number == 40 ? 900 : 50 + number)
        return rekey
      }
      report.rekey_converged_ms = CallReport.Convergence(report.rekeys)
    }
    let text = CallReportText.render(report)
    let named = text.split(separator: "\n").filter { $0.contains("  epoch ") }.map { $0.split(separator: " ")[1] }
    #expect(named == ["17", "40", "59"])
    #expect(report.rekey_converged_ms.count == 60 && report.rekey_converged_ms.max == 900)
    #expect(report.rekey_converged_ms.p50 == 80 && report.rekey_converged_ms.p95 == 108)
    #expect(report.rekey_converged_ms.by_cause["join"]?.count == 30)
  }
}

@Suite struct CallPictureTests {
  @Test func `each key change of the call, each join and leave, and both latencies are drawn`() throws {
    let report = try ReportFixture.report { report in
      report.rekeys += [report.rekeys[1], report.rekeys[1]]
      report.rekeys[2].converged_ms = nil
      report.changes.append(report.changes[0])
      report.changes[1].kind = "join"
    }
    let svg = String(decoding: CallPicture.draw(report), as: UTF8.self)
    #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
    func count(_ part: String) -> Int { svg.ranges(of: part).count }
    #expect(count("<circle ") == 2 && count(">never<") == 1, "the change before the call is left out")
    #expect(count("<polygon ") == 2 + 2, "two changes and the legend")
    #expect(svg.contains("p95 81.3 ms") && svg.contains("0.21 / 0.70 / 1.50") && svg.contains("0.40 / 0.90 / 2.50"))
    #expect(count("<") == count(">"))
  }

  @Test func `a call without changes and sound gives a picture too`() throws {
    let report = try ReportFixture.report { report in
      report.rekeys = []
      report.changes = []
      report.rekey_converged_ms = CallReport.Convergence([])
      report.latency_us.audio.p99 = 0
      report.latency_us.video.p99 = 0
      report.duration_s = 0
    }
    let svg = String(decoding: CallPicture.draw(report), as: UTF8.self)
    #expect(svg.contains("none in this call") && !svg.contains("nan") && !svg.contains("inf"))
  }
}
