import NIOCore
import NIOPosix
import Synchronization

/// A value that arrives some time; a wait that lasts too long fails.
final class Mailbox<Element: Sendable>: Sendable {
  struct TimedOut: Error {}

  private let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Element.self)

  /// A promise keeps the first result it is given.
  func put(_ element: Element) { promise.succeed(element) }

  func take(within limit: TimeAmount = .seconds(30)) async throws -> Element {
    let timer = promise.futureResult.eventLoop.scheduleTask(in: limit) { [promise] in promise.fail(TimedOut()) }
    defer { timer.cancel() }
    return try await promise.futureResult.get()
  }
}
