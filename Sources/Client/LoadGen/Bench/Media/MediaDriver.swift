import DTLS
import DatagramIO
import Dispatch
import Glibc
import HopCrypto
import ICE
import Synchronization
import WireBytes

/// Drives every leg of a load test on one thread that looks at the clock, not at sockets: it sends what is due and
/// reads all sockets at a fixed interval.
///
/// Arrival times come from the kernel, so that reading late costs no precision; and a server is not charged for waking
/// a reader. Everything but `perform` and its relatives is confined to the thread, which is what makes the unchecked
/// Sendable conformance true.
final class MediaDriver: @unchecked Sendable {
  /// Frames due within one tick leave together; finer ticks would only cost wake-ups.
  private static let tick = TimeInterval.microseconds(500)
  /// Legs that are not measured now are read in one round of so many.
  private static let idleRounds: UInt64 = 10
  private static let slots = 4096
  private static let batchCapacity = 1024

  typealias Job = @Sendable (MediaDriver, MonotonicInstant) -> Void

  private let jobs = Mutex<[Job]>([])
  private let isStopped = Atomic(false)
  let localAddress: Endpoint
  let readInterval: TimeInterval
  private let slab = PacketSlab(capacity: slots)
  private let batch = EgressBatch(capacity: batchCapacity)
  private let identity: DTLSIdentity
  private let clock = MonotonicClock.wallClock()
  private var legs: [Int: MediaLeg] = [:]
  private var nextNumber = 0
  private var nextRead = MonotonicInstant(nanoseconds: 0)
  private var rounds: UInt64 = 0
  /// How much later than due frames left, microseconds.
  private(set) var lateness = Samples()

  /// Legs are bound to `localAddress`, each to a port of its own.
  init(localAddress: Endpoint, readInterval: TimeInterval = .milliseconds(2)) throws(DTLSError) {
    self.localAddress = localAddress
    self.readInterval = readInterval
    identity = try DTLSIdentity()
    DispatchQueue(label: "media driver", qos: .userInteractive).async { [self] in run() }
  }

  /// Ends the thread; legs close their sockets with it.
  func stop() { isStopped.store(true, ordering: .releasing) }

  /// Runs `job` on the thread, soon. What it makes a leg send, it flushes.
  func perform(_ job: @escaping Job) { jobs.withLock { $0.append(job) } }

  /// Runs `body` on the thread and gives its answer.
  func query<Answer: Sendable>(
    _ body: @escaping @Sendable (MediaDriver, MonotonicInstant) throws -> Answer
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      perform { driver, now in continuation.resume(with: Result { try body(driver, now) }) }
    }
  }

  /// Makes a leg, on the thread as all that follows.
  func makeLeg() throws -> (number: Int, local: MediaLeg.Local) {
    let leg = try MediaLeg(
      binding: localAddress, identity: identity, slab: slab, batch: batch, clock: clock, random: .openSSL)
    nextNumber += 1
    legs[nextNumber] = leg
    return (nextNumber, leg.local)
  }

  func leg(_ number: Int) -> MediaLeg? { legs[number] }

  func removeLeg(_ number: Int) {
    legs[number]?.close()
    legs[number] = nil
  }

  var everyLeg: some Collection<MediaLeg> { legs.values }

  func forgetLateness() { lateness = Samples() }

  private func run() {
    // Before the servers, where the system allows it: a generator that waits for them sends something else than the
    // scenario says. For this thread alone (setpriority(2), notes on Linux); refused, lateness tells.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -10)
    while !isStopped.load(ordering: .acquiring) {
      let waiting = jobs.withLock { jobs in
        defer { jobs.removeAll(keepingCapacity: true) }
        return jobs
      }
      for job in waiting { job(self, MonotonicClock.now()) }
      var nextFrame = sendDueFrames()
      if nextRead <= MonotonicClock.now() {
        nextFrame = readSockets(frameDue: nextFrame)
        nextRead = MonotonicClock.now() + readInterval
      }
      pause(until: min(nextFrame, nextRead))
    }
    for number in Array(legs.keys) { removeLeg(number) }
  }

  /// Returns when the next frame is due.
  private func sendDueFrames() -> MonotonicInstant {
    var next = MonotonicInstant.never
    for leg in legs.values where leg.isActive && !leg.streams.isEmpty {
      for index in leg.streams.indices {
        var due = leg.streams[index].due
        while due <= MonotonicClock.now() {
          let now = MonotonicClock.now()
          lateness.add(Double(now.nanoseconds(since: due)) / 1_000)
          leg.sendFrame(of: index, at: now)
          leg.flush()
          due = leg.streams[index].due
        }
        next = min(next, due)
      }
    }
    return next
  }

  /// Frames that become due meanwhile are not kept waiting: reading a thousand sockets takes longer than they may be
  /// late. Returns when the next is due.
  private func readSockets(frameDue: MonotonicInstant) -> MonotonicInstant {
    rounds &+= 1
    let includesIdle = rounds % Self.idleRounds == 0
    var frameDue = frameDue
    for leg in legs.values where leg.isActive || includesIdle {
      leg.readSocket()
      let now = MonotonicClock.now()
      if leg.nextDeadline <= now { leg.expire(at: now) }
      leg.flush()
      if frameDue <= now { frameDue = sendDueFrames() }
    }
    return frameDue
  }

  private func pause(until time: MonotonicInstant) {
    let now = MonotonicClock.now()
    let wait = min(max(time.nanoseconds(since: now), Self.tick.nanoseconds), readInterval.nanoseconds)
    var request = timespec(tv_sec: 0, tv_nsec: Int(wait))
    unsafe nanosleep(&request, nil)
  }
}
