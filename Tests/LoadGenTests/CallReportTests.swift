import FoundationEssentials
import LoadGen
import Testing

@Suite struct CallReportTests {
  private static let promised: Set<String> = [
    "participants", "duration_s", "frames_sent", "frames_decrypted", "frames_missing", "decrypt_failures",
    "content_mismatches", "suites", "rekeys", "removal_window_ms", "latency_us", "join_ms", "packets_forwarded",
    "relay_cpu_us_per_packet", "relay_rss_bytes", "loss_percent", "mos", "verdict", "failures",
  ]
  private static let more: Set<String> = [
    "rooms", "frames_duplicated", "out_of_order", "departed_frames_tried", "departed_frames_opened", "relay_drops",
    "keys", "rekey_converged_ms", "setup_rekey_converged_ms", "changes",
  ]

  private enum Value: Decodable, Equatable {
    case null, number(Double), text(String), list([Value]), object([String: Value])

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if value.decodeNil() {
        self = .null
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let list = try? value.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try value.decode([String: Value].self))
      }
    }

    subscript(_ name: String) -> Value? { if case .object(let fields) = self { fields[name] } else { nil } }
    var names: Set<String> { if case .object(let fields) = self { Set(fields.keys) } else { [] } }
    var first: Value? { if case .list(let values) = self { values.first } else { nil } }
  }

  private func written(_ report: CallReport) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(report.json))
  }

  @Test("the JSON has the fields that are promised, and the values of the report")
  func fields() throws {
    let json = try written(ReportFixture.report())
    #expect(json.names == Self.promised.union(Self.more))
    #expect(json["latency_us"]?.names == ["audio", "video"])
    #expect(json["latency_us"]?["video"]?.names == ["p50", "p95", "p99"])
    #expect(json["join_ms"]?.names == ["p50", "p95"] && json["removal_window_ms"]?.names == ["p50", "p95"])
    #expect(json["mos"]?.names == ["min", "p50"])
    #expect(json["rekeys"]?.first?.names == ["room", "epoch", "cause", "at_s", "converged_ms"])
    #expect(json["rekey_converged_ms"]?.names == ["count", "p50", "p95", "max", "by_cause"])
    #expect(json["keys"]?["pq_join_ms"]?.names == ["p50", "p95"])
    #expect(json == (try JSONDecoder().decode(Value.self, from: Data(ReportFixture.json.utf8))))
    #expect(try ReportFixture.report().json.last == UInt8(ascii: "\n"))
  }

  @Test("what is unknown is null in the JSON and said to be unknown in the text")
  func unknown() throws {
    let report = try ReportFixture.report {
      $0.packets_forwarded = nil
      $0.relay_cpu_us_per_packet = nil
      $0.relay_rss_bytes = nil
      $0.loss_percent = nil
      $0.rekeys[0].converged_ms = nil
    }
    let json = try written(report)
    #expect(json.names == Self.promised.union(Self.more))
    for name in ["packets_forwarded", "relay_cpu_us_per_packet", "relay_rss_bytes", "loss_percent"] {
      #expect(json[name] == .null)
    }
    #expect(json["rekeys"]?.first?["converged_ms"] == .null)
    let text = CallReportText.render(report)
    #expect(text.split(separator: "\n").filter { $0.hasSuffix(" unknown") }.count == 4)
    #expect(text.contains("never converged"))
  }

  @Test("the text says the numbers as people write them")
  func text() throws {
    let text = CallReportText.render(try ReportFixture.report())
    for part in [
      "8 participants in one room, 20.0 s", "1,234,567", "8,641,969", "3 / 0 / 0",
      "p50 210 us, p95 700 us, p99 1500 us", "p50 60 ms, p95 140 ms", "min 4.31, p50 4.37",
      "81.3 ms  (leave, at 10.0 s)",
      "p50 75 ms, p95 90 ms", "opened 0 of 1,200", "98,765", "4.13 us", "30.0 MiB", "0.000 %", "late_for_slot",
      "verdict: pass",
    ] { #expect(text.contains(part), "\(part)") }
    #expect(!text.contains("paddingless"))
    let failed = CallReportText.render(
      try ReportFixture.report {
        $0.verdict = "fail"
        $0.failures = ["one", "two"]
        ($0.mos.min, $0.mos.p50) = (0, 0)
      })
    #expect(failed.hasSuffix("verdict: FAIL\n  - one\n  - two"))
    #expect(failed.contains("no audio heard"))
  }

  @Test("numbers are rounded to the digits asked for")
  func fixed() {
    #expect(CallReportText.fixed(1.005, 1) == "1.0" && CallReportText.fixed(0.05, 1) == "0.1")
    #expect(CallReportText.fixed(9.996, 2) == "10.00" && CallReportText.fixed(2.5, 0) == "3")
    #expect(CallReportText.fixed(-1.25, 2) == "-1.25" && CallReportText.fixed(-0.001, 1) == "0.0")
    #expect(CallReportText.fixed(0.007, 3) == "0.007" && CallReportText.fixed(1_234.5, 1) == "1234.5")
    #expect(CallReportText.fixed(.nan, 1) == "-" && CallReportText.fixed(.infinity, 1) == "-")
    #expect(CallReportText.fixed(1e300, 1) == "-")
  }
}

@Suite struct ThresholdsTests {
  private func failures(drops: UInt64 = 0, _ change: (inout CallReport) -> Void) throws -> [String] {
    Thresholds().failures(of: try ReportFixture.report(change), relayDrops: drops)
  }

  @Test("a good report meets the defaults")
  func good() throws { #expect(try failures { _ in }.isEmpty) }

  @Test("each unmet expectation is one sentence with its numbers")
  func each() throws {
    let cases: [((inout CallReport) -> Void, String)] = [
      ({ $0.frames_missing = 100_000 }, "1.144 % of the frames are missing; 0.100 % are allowed"),
      ({ $0.decrypt_failures = 2 }, "2 frames could not be decrypted; 0 are allowed"),
      ({ $0.content_mismatches = 1 }, "1 frames differ from what was sent"),
      ({ $0.frames_duplicated = 4 }, "4 frames came more than once"),
      ({ $0.out_of_order = 3 }, "3 frames came out of order"),
      ({ $0.rekeys[1].converged_ms = nil }, "room 0: epoch 9 (leave) never converged"),
      ({ $0.rekeys[1].converged_ms = 2_600.4 }, "room 0: epoch 9 took 2600 ms; 2500 allowed"),
      ({ $0.rekey_converged_ms.p95 = 1_001 }, "rekey p95 is 1001 ms; 1000 allowed"),
      ({ $0.removal_window_ms.p95 = 1_251 }, "removal window p95 is 1251 ms; 1250 allowed"),
      ({ $0.departed_frames_opened = 1 }, "departed members opened 1 later frames"),
      ({ $0.latency_us.audio.p95 = 50_001 }, "audio latency p95 is 50001 us; 50000 allowed"),
      ({ $0.mos.min = 3.79 }, "a listener's MOS is 3.79; 3.80 is the least allowed"),
      ({ $0.join_ms.p95 = 3_001 }, "join p95 is 3001 ms; 3000 allowed"),
    ]
    for (change, sentence) in cases { #expect(try failures(change) == [sentence]) }
    #expect(
      try failures(drops: 7) { _ in } == ["the relay dropped 7 packets that it should have forwarded"])
    #expect(
      try failures {
        $0.frames_decrypted = 0
        $0.frames_missing = 0
      } == ["no frame was decrypted", "100.000 % of the frames are missing; 0.100 % are allowed"])
  }

  @Test("what happened before the measured call has no share in its 95th percentile, and a fallback is no failure")
  func notJudged() throws {
    #expect(try failures { $0.setup_rekey_converged_ms.p95 = 2_000 }.isEmpty)
    #expect(try failures { $0.keys.calls_with_fallback = 1 }.isEmpty)
  }

  @Test("a call without audio is not judged by how it sounds")
  func noAudio() throws {
    #expect(try failures { ($0.mos.min, $0.mos.p50) = (0, 0) }.isEmpty)
  }
}
