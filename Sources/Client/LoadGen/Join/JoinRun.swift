import DatagramIO
import Dispatch
import Glibc
import NIOCore
import NIOPosix
import UnixSignals
import WireBytes

/// Takes bots into a call and out again.
package struct JoinRun: Sendable {
  /// Joins are spread out, so that each change of keys is one of its own.
  private static let joinSpacing = Duration.milliseconds(150)

  private let plan: JoinPlan
  private let say: @Sendable (String) -> Void

  /// `say` is given a line for each thing that happens, from any thread.
  package init(_ plan: JoinPlan, say: @escaping @Sendable (String) -> Void) {
    self.plan = plan
    self.say = say
  }

  /// Returns when the duration is over, the process was told to end, or no bot is left.
  package func run() async throws -> JoinReport {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    defer { group.shutdownGracefully { _ in } }
    let silence = plan.sendsAudio ? SilenceClip() : nil
    if plan.sendsAudio, silence == nil { throw MediaFileError(path: "libopus", problem: "cannot encode silence") }
    let start = MonotonicClock.now()
    let environment = JoinEnvironment(
      plan: plan, board: CallBoard(say: say),
      floor: TalkFloor(
        // One bot alone has pauses as well.
        talkers: plan.talkers, seats: max(2, plan.participants), duration: plan.duration ?? .seconds(3_600), at: start),
      silence: silence, group: group,
      queues: (0..<max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))).map {
        DispatchQueue(label: "bots.\($0)", qos: .userInteractive)
      })
    let outcomes = await outcomes(environment)
    let seconds = Double(MonotonicClock.now().nanoseconds(since: start)) / 1e9
    return JoinReport(
      seconds: seconds, accounts: outcomes.map(\.account),
      gaveUp: outcomes.compactMap { outcome in outcome.gaveUp.map { "\(outcome.account.name): \($0)" } },
      name: { environment.board.name(of: $0) })
  }

  private func outcomes(_ environment: JoinEnvironment) async -> [Bot.Outcome] {
    let bots = Task {
      await withTaskGroup(of: (Int, Bot.Outcome).self) { group in
        for number in 1...plan.participants {
          group.addTask { (number, await Bot(number: number, environment: environment).run()) }
          if number < plan.participants { try? await Task.sleep(for: Self.joinSpacing) }
        }
        var outcomes: [(Int, Bot.Outcome)] = []
        for await outcome in group { outcomes.append(outcome) }
        return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
      }
    }
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let watcher = Task {
      var isFirst = true
      for await _ in signals {
        // Who asks twice does not want to wait for goodbyes.
        if !isFirst { Glibc.exit(130) }
        isFirst = false
        bots.cancel()
      }
    }
    let timer = plan.duration.map { duration in
      Task {
        try await Task.sleep(for: .nanoseconds(Int64(clamping: duration.nanoseconds)))
        bots.cancel()
      }
    }
    defer {
      watcher.cancel()
      timer?.cancel()
    }
    return await bots.value
  }
}
