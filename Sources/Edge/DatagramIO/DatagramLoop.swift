package import Dispatch
import Synchronization
package import WireBytes

/// Drives one UDP port and one handler on one serial queue: a shard of the relay, or participants of a load generator.
///
/// A turn is: read until the socket is empty, at most 16 rounds, with one clock reading per `recvmmsg`; hand every
/// datagram to the handler; take in what other loops have for this one; flush. While datagrams come, a loop with a queue
/// of its own holds that queue between turns and waits there; else Dispatch calls it, by a read source and one timer.
///
/// No locks: everything is confined to the queue, which is what makes the unchecked Sendable conformance true. Only
/// `wake` may be called from anywhere: however often it is, the loop looks once.
package final class DatagramLoop<Handler: DatagramHandler>: @unchecked Sendable {
  /// Other work of the queue (commands, timers) waits for at most this many times 64 datagrams.
  private static var maxRounds: Int { 16 }
  /// The queue is held until nothing has come for this long. Longer than an idle call's members leave between two of their
  /// connectivity checks, for to let go and come back takes some five wake-ups.
  private static var lingering: TimeInterval { .seconds(10) }

  package let queue: DispatchQueue
  /// The address that the port is bound to.
  package let local: Endpoint
  private let port: UDPPort
  private let slab: PacketSlab
  private let batch: EgressBatch
  private let handler: Handler
  private var readSource: (any DispatchSourceRead)?
  private var timer: (any DispatchSourceTimer)?
  private let linkSource: any DispatchSourceUserDataAdd
  private var armed = MonotonicInstant.never
  private var isStopped = false
  private let state: LoopState
  /// Whether the queue is the loop's own, so that it may hold it while it waits.
  private let mayHold: Bool
  private var isHolding = false
  private let doorbell = Doorbell()
  private let linkRang = Atomic<Bool>(false)
  private var lastArrival = MonotonicInstant(nanoseconds: 0)
  private var turns: UInt64 = 0

  /// `target`: a serial queue that several loops share, so that many small ones cost one thread and not one each. Throws
  /// what `makeHandler` throws.
  package init<Failure: Error>(
    label: String, port: UDPPort, slabCapacity: Int, batchCapacity: Int, pacing: ReadPacing = .immediate,
    target: DispatchQueue? = nil,
    makeHandler: (PacketSlab) throws(Failure) -> Handler
  ) throws(Failure) {
    queue = DispatchQueue(label: label, qos: .userInteractive, target: target)
    self.port = port
    state = LoopState(pacing, rounds: Self.maxRounds)
    mayHold = pacing.isAdaptive && target == nil && doorbell.isUsable
    local = port.local
    slab = PacketSlab(capacity: slabCapacity)
    batch = EgressBatch(capacity: batchCapacity)
    handler = try makeHandler(slab)
    linkSource = DispatchSource.makeUserDataAddSource(queue: queue)
    batch.outlet = { [unowned self] in send() }
    port.prepare(batchCapacity: batchCapacity)
    linkSource.setEventHandler { [weak self] in self?.linkTurn() }
    linkSource.activate()
  }

  /// Another loop has something for this one.
  package func wake() {
    if !linkRang.exchange(true, ordering: .acquiringAndReleasing) { doorbell.ring() }
    linkSource.add(data: 1)
  }

  /// Begins to read. Call once; from then on the loop lives until `stop`, whoever else holds it.
  package func start() {
    queue.async { [self] in
      guard readSource == nil, !isStopped else { return }
      let readSource = DispatchSource.makeReadSource(fileDescriptor: port.fileDescriptor, queue: queue)
      readSource.setEventHandler { [self] in readTurn() }
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.setEventHandler { [self] in timerTurn() }
      // The descriptor must outlive the sources: it is closed when the last reference to the port goes.
      readSource.setCancelHandler { [port] in _ = port.fileDescriptor }
      self.readSource = readSource
      self.timer = timer
      armTimer()
      timer.activate()
      readSource.activate()
      if state.pace.isPolling { readSource.suspend() }
    }
  }

  /// Ends reading and timers; bodies that `perform` was given before still run, later ones do not.
  package func stop() {
    enqueue { [self] in
      guard !isStopped else { return }
      isStopped = true
      readSource?.cancel()
      // A suspended source never gets to its cancel handler.
      if state.pace.isPolling { readSource?.resume() }
      timer?.cancel()
      linkSource.cancel()
      readSource = nil
      timer = nil
      handler.stopped()
    }
  }

  /// Stops, and returns when what was given before has run. A process that exits sooner takes OpenSSL away from under
  /// work that is still queued.
  package func finish() async {
    stop()
    await withCheckedContinuation { continuation in enqueue { continuation.resume() } }
  }

  /// Runs `body` on the queue, then flushes what it put into the batch and arms the timer.
  package func perform(_ body: @escaping @Sendable (Handler, MonotonicInstant, EgressBatch) -> Void) {
    enqueue { [self] in
      guard !isStopped else { return }
      let now = MonotonicClock.now()
      body(handler, now, batch)
      endTurn(at: now)
    }
  }

  /// Asks the handler something, on the queue, without a turn.
  package func query<Answer: Sendable>(
    _ body: @escaping @Sendable (Handler, DatagramLoopSnapshot) -> Answer
  ) async -> Answer {
    await withCheckedContinuation { continuation in
      enqueue { [self] in continuation.resume(returning: body(handler, snapshot)) }
    }
  }

  private func enqueue(_ work: @escaping @Sendable () -> Void) {
    doorbell.ring()
    queue.async { [self] in
      doorbell.answer()
      work()
    }
  }

  private var snapshot: DatagramLoopSnapshot {
    var snapshot = DatagramLoopSnapshot(
      port: port.counters, latency: state.latency, turns: turns, slabCapacity: slab.capacity, slabInUse: slab.inUse)
    snapshot.receiveBufferBytes = port.receiveBufferBytes
    snapshot.sendBufferBytes = port.sendBufferBytes
    return snapshot
  }

  private func readTurn() {
    guard !isStopped else { return }
    takeTurn(reading: true)
    hold()
  }

  private func timerTurn() {
    guard !isStopped else { return }
    armed = .never
    takeTurn(reading: state.pace.nextRead <= MonotonicClock.now())
    // Without the tick the read source is armed, and would call for what is read here.
    if state.pace.isPolling { hold() }
  }

  private func linkTurn() {
    // On the tick, and by a loop that holds its queue, the links are looked at anyway.
    guard takeRing(), !isStopped, !state.pace.isPolling else { return }
    takeTurn(reading: false)
  }

  private func takeTurn(reading: Bool) {
    var now = MonotonicClock.now()
    var count = 0
    if reading { (now, count) = drainSocket() }
    count += drainLinks(at: now)
    if count > 0 { lastArrival = now }
    state.pace.read(count, at: now)
    if reading, state.pace.isPolling { state.pace.polled(at: MonotonicClock.now()) }
    switchPace(at: now)
    endTurn(at: now)
  }

  /// Takes turns on the queue itself, until nothing has come for a while or the queue has other work. The way back
  /// through Dispatch (its manager thread, the wake-up of a worker, the descriptor armed again) costs more than the work
  /// on a packet.
  private func hold() {
    guard mayHold else { return }
    isHolding = true
    defer {
      isHolding = false
      armTimer()
    }
    while true {
      let now = MonotonicClock.now()
      let end = state.pace.isPolling ? state.pace.nextRead : lastArrival + Self.lingering
      let wakeUp = min(end, handler.nextDeadline)
      // A deadline that has come does not say that nothing else has.
      var isReadable = true
      if now < wakeUp {
        let limit = TimeInterval(nanoseconds: wakeUp.nanoseconds(since: now))
        isReadable = doorbell.wait(state.pace.isPolling ? nil : port.fileDescriptor, atMost: limit)
      } else if !state.pace.isPolling, end <= now {
        return
      }
      let rang = takeRing()
      // What is left in the socket calls the read source, or is read on the tick.
      guard doorbell.isAnswered else {
        if rang { wake() }
        return
      }
      takeTurn(reading: isReadable || state.pace.nextRead <= MonotonicClock.now())
    }
  }

  /// Whether another loop called since the last time.
  private func takeRing() -> Bool {
    guard linkRang.exchange(false, ordering: .acquiringAndReleasing) else { return false }
    doorbell.answer()
    return true
  }

  /// Takes in what other loops have put out, or as much of it as the socket's datagrams may wait for.
  private func drainLinks(at now: MonotonicInstant) -> Int {
    var (rounds, count) = (0, 0)
    repeat {
      if batch.count > batch.capacity / 2 { flush() }
      let taken = handler.receiveLinked(at: now, into: batch) { state.noteArrival(at: $0) }
      count += taken
      rounds += 1
    } while batch.count > batch.capacity / 2 && rounds < Self.maxRounds
    return count
  }

  /// Reads until the socket is empty or others must have their turn; returns the time of the last datagram.
  private func drainSocket() -> (last: MonotonicInstant, count: Int) {
    var now = MonotonicClock.now()
    var rounds = 0
    var count = 0
    let flushThreshold = batch.capacity / 2
    repeat {
      count += port.receive(into: slab) { slot, source, arrival in
        now = arrival
        state.noteArrival(at: now)
        handler.receive(slot, from: source, at: now, into: batch)
        if batch.count > flushThreshold { flush() }
      }
      handler.settle(into: batch)
      rounds += 1
    } while port.mayHaveMore && rounds < Self.maxRounds
    return (now, count)
  }

  private func switchPace(at now: MonotonicInstant) {
    switch state.pace.takeSwitch(at: now) {
    case .startPolling: readSource?.suspend()
    case .stopPolling: readSource?.resume()
    case nil: break
    }
  }

  private func endTurn(at now: MonotonicInstant) {
    turns &+= 1
    if handler.nextDeadline <= now { handler.expire(at: now, into: batch) }
    flush()
    handler.drained(at: now)
    if !state.pace.isPolling, !handler.sleep() { wake() }
    if !isHolding { armTimer() }
  }

  private func send() {
    port.send(batch, releasing: slab)
    handler.publish()
  }

  private func flush() {
    send()
    if state.hasArrivals { state.flushed(at: MonotonicClock.now()) }
  }

  /// A deadline that moved later is left alone: the timer fires once for nothing, which costs less than arming it on
  /// every packet.
  private func armTimer() {
    let deadline = min(handler.nextDeadline, state.pace.nextRead)
    guard deadline < armed, let timer else { return }
    armed = deadline
    timer.schedule(
      deadline: DispatchTime(uptimeNanoseconds: max(deadline.nanoseconds, 1)), leeway: .microseconds(100))
  }
}
