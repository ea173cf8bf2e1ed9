import Foundation
import Testing

/// An independent implementation to compare with: `reference.py`, in the Python environment of the tests.
final class Reference {
  private struct Question: Encodable {
    let op: String
    let algorithm: String
    let fields: [String: String]
  }

  private let process = Process()
  private let questions = Pipe()
  private let answers = Pipe()

  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let python = root.appending(path: ".build/python/bin/python").path
    try #require(
      FileManager.default.isExecutableFile(atPath: python),
      "the tests' Python environment is missing: run Tests/Support/python.sh")
    let script = try #require(Bundle.module.url(forResource: "reference", withExtension: "py"))
    process.executableURL = URL(filePath: python)
    process.arguments = [script.path]
    process.standardInput = questions
    process.standardOutput = answers
    try process.run()
  }

  deinit {
    questions.fileHandleForWriting.closeFile()
    process.waitUntilExit()
  }

  /// Asks one question and waits for its answer.
  func ask(_ op: String, _ algorithm: String, _ fields: [String: [UInt8]]) throws -> [String: [UInt8]] {
    let question = Question(op: op, algorithm: algorithm, fields: fields.mapValues(Self.hex))
    var line = try JSONEncoder().encode(question)
    line.append(10)
    try questions.fileHandleForWriting.write(contentsOf: line)
    var reply = Data()
    while reply.last != 10 {
      let more = answers.fileHandleForReading.availableData
      try #require(!more.isEmpty, "the reference ended; its error is above")
      reply.append(more)
    }
    let texts = try JSONDecoder().decode([String: String].self, from: reply)
    return try texts.mapValues { try #require(Self.bytes($0)) }
  }

  private static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

  private static func bytes(_ hex: String) -> [UInt8]? {
    guard hex.count.isMultiple(of: 2) else { return nil }
    let digits = hex.compactMap(\.hexDigitValue)
    guard digits.count == hex.count else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }
}
