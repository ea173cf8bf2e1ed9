package import WireBytes

/// An engine that a `DatagramLoop` drives: sans-IO, and called on the loop's queue only.
package protocol DatagramHandler: AnyObject, SendableMetatype {
  /// Takes one datagram in; owns `slot` from here on.
  func receive(_ slot: PacketSlot, from endpoint: Endpoint, at now: MonotonicInstant, into batch: EgressBatch)
  /// Does everything whose time has come.
  func expire(at now: MonotonicInstant, into batch: EgressBatch)
  /// When `expire` has work again; `.never` when it has none.
  var nextDeadline: MonotonicInstant { get }
  /// Called at the end of every turn, after its packets have left: the place to hand events on.
  func drained(at now: MonotonicInstant)
}
