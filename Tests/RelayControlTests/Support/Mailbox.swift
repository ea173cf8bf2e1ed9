import NIOCore
import NIOPosix
import Synchronization

/// Values that arrive some time, to be awaited one by one; a wait that lasts too long fails.
final class Mailbox<Element: Sendable>: Sendable {
  struct TimedOut: Error {}

  private struct State {
    var arrived: [Element] = []
    var waiter: EventLoopPromise<Element>?
  }

  private let state = Mutex(State())

  func put(_ element: Element) {
    let waiter = state.withLock { state in
      if let waiter = state.waiter.take() { return waiter as EventLoopPromise<Element>? }
      state.arrived.append(element)
      return nil
    }
    waiter?.succeed(element)
  }

  /// The next value. One task at a time may wait.
  func next(within limit: TimeAmount = .seconds(30)) async throws -> Element {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: Element.self)
    let ready = state.withLock { state -> Element? in
      if !state.arrived.isEmpty { return state.arrived.removeFirst() }
      state.waiter = promise
      return nil
    }
    if let ready { promise.succeed(ready) }
    let timer = loop.scheduleTask(in: limit) { promise.fail(TimedOut()) }
    defer { timer.cancel() }
    return try await promise.futureResult.get()
  }

  /// What has arrived and was not awaited.
  var waiting: [Element] { state.withLock { $0.arrived } }
}
