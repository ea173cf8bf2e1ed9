import NIOCore
import NIOPosix

/// Where the process's tasks run.
package enum ConcurrencyPool {
  /// Lets tasks run on the event loops, which have threads anyway. Dispatch's pool, once a task has used it, is looked
  /// after once a second for as long as the process lives: a fifth of the wake-ups of a relay with one idle call.
  ///
  /// Call once, on the main thread, before the first task. Where Swift's runtime has no such hook nothing changes.
  package static func useEventLoops() {
    NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
  }
}
