import ArgumentParser
import E2EKeys
import FoundationEssentials
import LoadGen
import Testing
import WireBytes

/// Policy files as a test has them: at noon of 15 June 2030, one hour after the machine started.
enum Policies {
  static let now = MonotonicInstant(nanoseconds: 3_600_000_000_000)
  static let clock = WallClock(anchor: now, unixNanoseconds: 1_907_755_200_000_000_000)

  static func policy(_ text: String) throws(PolicyFileError) -> KeyPolicy {
    try policy(Array(text.utf8))
  }

  static func policy(_ bytes: [UInt8]) throws(PolicyFileError) -> KeyPolicy {
    try PolicyFile(path: "p.yaml", bytes: bytes).policy(clock: clock, at: now)
  }

  /// Everything of a policy as text, for comparison.
  static func describe(_ policy: KeyPolicy) -> String {
    let times = [
      policy.heartbeat, policy.silence, policy.failover, policy.overlap, policy.deadline, policy.adviceWait,
      policy.maximumEpochAge,
    ]
    return "\(policy.offered) \(policy.minimumSuite) \(policy.refuse768After) \(policy.sframeSuite) "
      + "\(policy.acceptedFrameSuites.map { "\($0)" }.sorted()) \(times.map(\.milliseconds))"
  }

  static var documented: [UInt8] {
    get throws {
      let root = #filePath.components(separatedBy: "/Tests/")[0]
      return try FileBytes.read("\(root)/Config/client-policy.yaml")
    }
  }
}

@Suite struct PolicyFileTests {
  @Test func `the documented file holds every key with its default`() throws {
    let bytes = try Policies.documented
    #expect(try Policies.describe(Policies.policy(bytes)) == Policies.describe(KeyPolicy()))
    let text = String(decoding: bytes, as: UTF8.self)
    for key in PolicyKey.allCases {
      #expect(text.split(separator: "\n").contains { $0.hasPrefix("\(key.rawValue): ") }, "\(key)")
    }
  }

  @Test(arguments: ["", "\n", "# only words\n", "---\n", "{}"])
  func `a file without keys leaves the defaults`(_ text: String) throws {
    #expect(try Policies.describe(Policies.policy(text)) == Policies.describe(KeyPolicy()))
  }

  @Test func `each key sets its part of the policy`() throws {
    let policy = try Policies.policy(
      """
      minimumSuite: x-wing
      offered: ["x-wing", x25519-mlkem1024]
      allow768Until: 2030-06-15
      frameSuite: AES_128_GCM_SHA256_128
      acceptedFrameSuites: [AES_256_GCM_SHA512_128, AES_128_CTR_HMAC_SHA256_80]
      heartbeat: 2s
      silence: 20s
      failover: 250ms
      overlap: 1500ms
      deadline: 1s
      maximumEpochAge: 1h
      """)
    #expect(policy.offered == [.x25519MLKEM1024, .xWing] && policy.minimumSuite == .xWing)
    #expect("\(policy.sframeSuite)" == "aes128GCMSHA256_128")
    #expect(
      policy.acceptedFrameSuites.map { "\($0)" }.sorted() == [
        "aes128CTRHMACSHA256_80", "aes128GCMSHA256_128", "aes256GCMSHA512_128",
      ])
    #expect(policy.heartbeat == .seconds(2) && policy.silence == .seconds(20))
    #expect(policy.failover == .milliseconds(250) && policy.overlap == .milliseconds(1_500))
    #expect(policy.deadline == .seconds(1) && policy.maximumEpochAge == .seconds(3_600))
    #expect(policy.refuse768After == Policies.now + .seconds(12 * 3_600), "to the end of the day")
  }

  @Test func `a lower minimum offers all from the strongest down to it`() throws {
    #expect(try Policies.policy("minimumSuite: mlkem768").offered == KeyAgreementSuite.allCases)
    #expect(try Policies.policy("minimumSuite: x25519-mlkem1024").offered == [.x25519MLKEM1024])
  }

  @Test(
    arguments: [
      ("2030-06-15T12:00:10Z", 10), ("2030-06-15t12:00:10.999z", 10), ("2030-06-15T14:00:10+02:00", 10),
      ("2030-06-15T06:30:10-05:30", 10), ("2030-06-16T00:00:00Z", 43_200), ("2030-06-15", 43_200),
      ("2032-02-29", 53_956_800),
    ] as [(String, UInt64)])
  func `the end of the 768 suites becomes a moment of the monotonic clock`(_ text: String, _ seconds: UInt64) throws {
    let policy = try Policies.policy("minimumSuite: mlkem768\nallow768Until: \(text)")
    #expect(policy.refuse768After == Policies.now + .seconds(seconds))
    #expect(policy.offered == KeyAgreementSuite.allCases)
  }

  @Test func `far off and no end at all are never`() throws {
    #expect(try Policies.policy("allow768Until: 9999-12-31").refuse768After == .never)
    #expect(try Policies.policy("allow768Until: \"\"").refuse768After == .never)
  }

  @Test(arguments: ["2030-06-14", "2030-06-15T12:00:00Z", "2030-06-15T11:59:59.9Z", "2000-01-01"])
  func `after the date the 768 suites are not offered, whatever the minimum`(_ text: String) throws {
    let policy = try Policies.policy("minimumSuite: mlkem768\nallow768Until: \(text)")
    #expect(policy.offered == [.x25519MLKEM1024, .mlkem1024])
    #expect(policy.refuse768After <= Policies.now)
  }

  @Test func `when nothing is left to offer the keys that bring it about are named`() throws {
    let error = #expect(throws: PolicyFileError.self) {
      try Policies.policy("minimumSuite: mlkem768\noffered: [mlkem768, x-wing]\nallow768Until: 2030-06-14")
    }
    #expect(error?.key == .allow768Until)
    for name in ["p.yaml:3", "minimumSuite", "offered", "allow768Until", "2030-06-14"] {
      #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `keys that contradict each other are refused`() throws {
    let cases: [(String, PolicyKey, String)] = [
      ("offered: [mlkem768]", .offered, "`minimumSuite`, which is mlkem1024"),
      ("minimumSuite: x25519-mlkem1024\noffered: [mlkem1024]", .offered, "minimumSuite"),
      ("heartbeat: 10s", .silence, "at least twice `heartbeat`, which is 10s"),
      ("silence: 9s", .silence, "`heartbeat`, which is 5s"), ("failover: 2s", .failover, "less than `deadline`"),
      ("deadline: 500ms", .failover, "`deadline`, which is 500ms"),
      ("deadline: 60s\nmaximumEpochAge: 1m", .maximumEpochAge, "more than `deadline`, which is 1m"),
    ]
    for (text, key, part) in cases {
      let error = #expect(throws: PolicyFileError.self) { try Policies.policy(text) }
      #expect(error?.key == key && error?.description.contains(part) == true, "\(error?.description ?? "")")
      #expect(error?.description.hasPrefix("p.yaml:") == true)
    }
  }

  @Test func `the command line takes a policy file or a suite, and not both`() throws {
    let folder = try TestFolder()
    let path = try folder.write("minimumSuite: mlkem768\noffered: [mlkem768]\n", to: "p.yaml")
    func policy(_ arguments: [String]) throws -> KeyPolicy { try CallCommand.parse(arguments).scenario().policy }
    #expect(try policy(["--policy", path]).offered == [.mlkem768])
    #expect(try Policies.describe(policy([])) == Policies.describe(KeyPolicy()))
    for suite in KeyAgreementSuite.allCases {
      let chosen = try policy(["--suite", suite.name])
      #expect(chosen.offered == [suite] && chosen.minimumSuite == suite)
    }
    let both = #expect(throws: CommandError.self) { try policy(["--policy", path, "--suite", "mlkem768"]) }
    #expect(both?.description.hasPrefix("--suite: not together with --policy") == true)
    let wrong = try folder.write("minimumSuite: 7\n", to: "wrong.yaml")
    let error = #expect(throws: CommandError.self) { try policy(["--policy", wrong]) }
    #expect(error?.description.hasPrefix("\(wrong):1: key `minimumSuite`: value `7`: allowed is one of x25519") == true)
    let missing = #expect(throws: CommandError.self) { try policy(["--policy", folder.path(of: "nowhere")]) }
    #expect(missing?.description.contains("nowhere: the policy file cannot be read") == true)
    #expect(throws: CommandError.self) { try policy(["--policy", "/dev/zero"]) }
  }
}
