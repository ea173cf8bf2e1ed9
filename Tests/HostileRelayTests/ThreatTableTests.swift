import Foundation
import Testing

/// The table of attacks in `THREATS.md` and the tests say the same.
@Suite struct ThreatTableTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  private static let table = folder.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources/Client/E2EKeys/THREATS.md")

  /// The text between the marks, for each line that begins with `prefix`.
  private func names(in text: String, linesWith prefix: String) -> [String] {
    text.components(separatedBy: "\n").filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix(prefix) }
      .compactMap { line in
        let parts = line.components(separatedBy: "`")
        return parts.count >= 3 ? parts[parts.count - 2] : nil
      }
  }

  @Test func `every attack in the table has its test, and every test is in the table`() throws {
    let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
    let sources = try files.filter { $0.pathExtension == "swift" && $0.lastPathComponent != "ThreatTableTests.swift" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let tests = Set(sources.flatMap { names(in: $0, linesWith: "@Test func `") + names(in: $0, linesWith: "func `") })
    let rows = try String(contentsOf: Self.table, encoding: .utf8).components(separatedBy: "\n")
      .filter { $0.hasPrefix("|") && !$0.hasPrefix("| attack") && !$0.hasPrefix("|-") && !$0.hasPrefix("|  -") }
    let listed = rows.flatMap { names(in: $0, linesWith: "|") }
    #expect(listed.count == rows.count, "each row ends with its test's name")
    #expect(Set(listed).count == listed.count, "each test stands in one row")
    #expect(Set(listed).subtracting(tests) == [], "named in the table and not to be found")
    #expect(tests.subtracting(listed) == [], "attacks that the table leaves out")
    #expect(tests.count >= 25, "the patterns find nothing: this test could not fail")
    let outcomes = ["harmless", "detected", "failed closed"]
    for row in rows { #expect(outcomes.contains { row.contains("**\($0)**") }, "no outcome: \(row)") }
  }
}
