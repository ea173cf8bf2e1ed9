import Testing

/// What was waited for did not come.
struct NeverHappened: Error, CustomStringConvertible {
  let description: String
}

/// Asks again until the answer is there. Tests of running processes cannot do without; none waits longer than it must.
@discardableResult
func eventually<Answer>(
  _ what: String, within patience: Duration = .seconds(15), _ answer: () async throws -> Answer?
) async throws -> Answer {
  let end = ContinuousClock.now + patience
  while true {
    if let answer = try await answer() { return answer }
    guard ContinuousClock.now < end else { throw NeverHappened(description: "within \(patience): \(what)") }
    try await Task.sleep(for: .milliseconds(20))
  }
}

func eventually(_ what: String, within patience: Duration = .seconds(15), _ condition: () async throws -> Bool)
  async throws
{
  try await eventually(what, within: patience) { () async throws -> Void? in try await condition() ? () : nil }
}
