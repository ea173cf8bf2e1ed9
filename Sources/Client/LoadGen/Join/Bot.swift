import WireBytes

/// One bot: in the call until its task is cancelled, and in it again when it was thrown out.
struct Bot: Sendable {
  /// How a bot's run ended.
  struct Outcome: Sendable {
    var account: BotAccount
    /// Why it was not in the call until the end; nil if it was.
    var gaveUp: String?
  }

  /// Without a stay in the call for so many attempts, five seconds apart, a bot stays away.
  private static let attempts = 12
  private static let pause = Duration.seconds(5)

  let number: Int
  let environment: JoinEnvironment

  private var name: String { environment.plan.name(of: number) }

  /// Returns when the task is cancelled or there is no way into the call.
  func run() async -> Outcome {
    var outcome = Outcome(account: BotAccount(name: name))
    var failures = 0
    while true {
      let (reason, stay) = await attempt()
      if let stay { outcome.account.add(stay) }
      let wasIn = stay.map { $0.framesSent > 0 || $0.framesOpened > 0 } ?? false
      failures = wasIn ? 1 : failures + 1
      guard !Task.isCancelled, let reason else { return outcome }
      // Who never got in has been told a wrong address, a wrong token or a full room.
      guard outcome.account.framesSent > 0, failures <= Self.attempts else {
        environment.board.botIsOut(name, because: reason)
        outcome.gaveUp = reason
        return outcome
      }
      environment.board.botIsOut(name, because: "\(reason); it will try again")
      try? await Task.sleep(for: Self.pause)
      if Task.isCancelled {
        outcome.gaveUp = reason
        return outcome
      }
    }
  }

  /// One stay; why it ended (nil: cancelled) and what came of it (nil: there was none).
  private func attempt() async -> (reason: String?, account: BotAccount?) {
    let session: BotSession
    do { session = try BotSession(number: number, environment) } catch { return ("\(error)", nil) }
    var reason: String?
    do { reason = try await session.stay() } catch { reason = Task.isCancelled ? nil : "\(error)" }
    // In a task of its own: cancelling a bot must not keep it from leaving as it should.
    let account = await Task { await session.leave() }.value
    if reason == nil { environment.board.botLeft(name) }
    return (reason, account)
  }
}
