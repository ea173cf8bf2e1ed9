import E2EKeys
import LoadGen
import TestKit
import Testing

/// Policy files that are not what they should be: always an error of one line, never a trap and never a weaker policy.
@Suite struct PolicyFileSweepTests {
  private static let good: [PolicyKey: String] = [
    .minimumSuite: "mlkem1024", .offered: "[mlkem1024]", .allow768Until: "2031-01-01T00:00:00Z",
    .frameSuite: "AES_256_GCM_SHA512_128", .acceptedFrameSuites: "[AES_256_GCM_SHA512_128]", .heartbeat: "5s",
    .silence: "15s", .failover: "500ms", .overlap: "5s", .deadline: "2s", .maximumEpochAge: "12m",
  ]
  private static let long = String(repeating: "x", count: 20_000)
  /// No key may hold any of these.
  private static let wrong = [
    "", "~", "null", "true", "7", "-1", "0", "1e9", ".inf", ".nan", "0x10", "words", "\"words\"", "[]", "[[]]", "[7]",
    "[mlkem1024, mlkem1024]", "[AES_256_GCM_SHA512_128, AES_256_GCM_SHA512_128]", "[mlkem1024, {}]", "{}",
    "{mlkem1024: 5s}", "[5s]", "MLKEM1024", "5", "5 s", "-5s", "0s", "5d", "99999999999999999999s", "1ns",
    "2h3m", "25h", "1ms", "2030", "2030-13-01", "2030-02-30", "2031-02-29", "1999-12-31", "10000-01-01", "2030-1-1",
    "2030-06-15 12:00:00Z", "2030-06-15T12:00:00", "2030-06-15T24:00:00Z", "2030-06-15T12:60:00Z",
    "2030-06-15T12:00:00.Z", "2030-06-15T12:00:00+0200", "2030-06-15T12:00:00+24:00", "２０３０-06-15", long,
    "\"\(long)\"", "[\(long)]", "|\n  5s\n  5s", "!!binary aGVsbG8=",
  ]

  @Test(arguments: PolicyKey.allCases)
  func `a value of another type or out of range is named with its key and what is allowed`(_ key: PolicyKey) throws {
    for value in Self.wrong {
      let error = #expect(throws: PolicyFileError.self, "\(value.prefix(40))") {
        try Policies.policy("# first line\n\(key.rawValue): \(value)\n")
      }
      #expect(error?.key == key, "\(value.prefix(40)): \(error?.description ?? "")")
      let line = error?.description ?? ""
      #expect(line.hasPrefix("p.yaml:2: key `\(key.rawValue)`: value `"), "\(line)")
      #expect(line.contains("allowed is") && !line.contains("\n") && line.count < 800, "\(line)")
    }
  }

  @Test(arguments: PolicyKey.allCases)
  func `a key that is cut, doubled or mistyped is an error`(_ key: PolicyKey) throws {
    let value = try #require(Self.good[key])
    _ = try Policies.policy("\(key.rawValue): \(value)\n")
    for length in 1..<key.rawValue.count {
      let cut = key.rawValue.prefix(length)
      let error = #expect(throws: PolicyFileError.self) { try Policies.policy("\(cut): \(value)\n") }
      #expect(error?.description.contains("key `\(cut)` is unknown: allowed are minimumSuite") == true)
    }
    let twice = #expect(throws: PolicyFileError.self) {
      try Policies.policy("\(key.rawValue): \(value)\n\(key.rawValue): \(value)\n")
    }
    #expect(twice?.description.contains("more than once") == true, "\(twice?.description ?? "")")
    for name in [key.rawValue.uppercased(), "? [\(key.rawValue)]\n", "\"\(Self.long)\"", "? {a: b}\n", "1"] {
      let error = #expect(throws: PolicyFileError.self) { try Policies.policy("\(name): \(value)\n") }
      #expect(error?.description.contains("\n") == false && (error?.description.count ?? 0) < 800)
    }
  }

  @Test(arguments: PolicyKey.allCases)
  func `a value that is cut is an error or the value that is left`(_ key: PolicyKey) throws {
    let value = try #require(Self.good[key])
    for length in 0..<value.count {
      let cut = value.prefix(length)
      do throws(PolicyFileError) {
        _ = try Policies.policy("\(key.rawValue): \(cut)\n")
        #expect(cut == "2031-01-01", "\(key): \(cut)")
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test(
    arguments: [
      "- mlkem1024", "just words", "7", "minimumSuite", ": :", "minimumSuite: [", "minimumSuite: \"", "\t: x",
      "%YAML 9",
      "minimumSuite: mlkem1024\n---\nminimumSuite: mlkem768\n", "a: &a [x]\nb: *a", "minimumSuite: *x",
      String(repeating: "[", count: 60_000), String(repeating: "- ", count: 30_000),
      String(repeating: "{a: ", count: 15_000), String(repeating: "? ", count: 30_000), "\u{FEFF}\u{FEFF}a: b",
      "minimumSuite: mlkem1024\0",
    ])
  func `what is no mapping of keys is one line about the file`(_ text: String) throws {
    let error = #expect(throws: PolicyFileError.self) { try Policies.policy(text) }
    let line = error?.description ?? ""
    #expect(line.hasPrefix("p.yaml") && !line.contains("\n") && line.count < 400, "\(line)")
  }

  @Test func `a file that is too large or no text is refused`() throws {
    let large = [UInt8](repeating: 0x20, count: PolicyFile.maximumBytes + 1)
    let error = #expect(throws: PolicyFileError.self) { try Policies.policy(large) }
    #expect(error?.description == "p.yaml: the policy file is larger than 64 KiB")
    _ = try Policies.policy(Array(large.dropLast()))
    #expect(throws: PolicyFileError.self) { try Policies.policy([0xFF, 0xFE]) }
  }

  @Test func `cut and changed files never trap and never weaken what they do not say`() throws {
    let bytes = try Policies.documented
    for changed in MalformedSweep.truncations(of: bytes) + MalformedSweep.mutations(of: bytes, count: 3_000, seed: 5) {
      do throws(PolicyFileError) {
        let policy = try Policies.policy(changed)
        #expect(policy.minimumSuite.is1024 && policy.offered.allSatisfy(\.is1024))
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }
}
