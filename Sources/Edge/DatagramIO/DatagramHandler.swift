package import WireBytes

/// An engine that a `DatagramLoop` drives: sans-IO, and called on the loop's queue only.
package protocol DatagramHandler: AnyObject, SendableMetatype {
  /// Takes one datagram in; owns `slot` from here on.
  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch)
  /// No more datagrams are at hand: what `receive` has kept back must now be done.
  func settle(into batch: EgressBatch)
  /// Does everything whose time has come.
  func expire(at now: MonotonicInstant, into batch: EgressBatch)
  /// When `expire` has work again; `.never` when it has none.
  var nextDeadline: MonotonicInstant { get }
  /// Called at the end of every turn, after its packets have left: the place to hand events on.
  func drained(at now: MonotonicInstant)

  /// Takes in what other loops of the process have put out for this one, until it is all there or the batch is half
  /// full; calls `arrived` for each packet with the time at which it came to the process.
  func receiveLinked(
    at now: MonotonicInstant, into batch: EgressBatch, arrived: (MonotonicInstant) -> Void
  ) -> Int
  /// Shows other loops what was put out for them, and wakes those that sleep. Called with every flush.
  func publish()
  /// Called before the loop waits for `wake()`. False when there is something to take in.
  func sleep() -> Bool
  /// The loop has ended: lets go of what refers to other loops.
  func stopped()
}

/// A handler that keeps nothing back and has no links to others.
extension DatagramHandler {
  package func settle(into batch: EgressBatch) {}
  package func receiveLinked(
    at now: MonotonicInstant, into batch: EgressBatch, arrived: (MonotonicInstant) -> Void
  ) -> Int { 0 }
  package func publish() {}
  package func sleep() -> Bool { true }
  package func stopped() {}
}
