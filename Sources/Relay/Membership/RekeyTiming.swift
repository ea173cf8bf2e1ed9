package import WireBytes

/// The times of the rekey trigger (DESIGN section 5).
package struct RekeyTiming: Sendable, Equatable {
  /// How long the first change of an epoch waits for others, in a room of one. Longer delays every removal; shorter
  /// makes one epoch of each of several members who come through the same door.
  package var coalesceMin: TimeInterval
  /// The same in a room of `coalesceMaxMembers` and more, where an epoch costs everyone more and changes are frequent.
  package var coalesceMax: TimeInterval
  package var coalesceMaxMembers: Int
  /// From `prepare` until `execute` whether or not all are ready. Longer lets one slow member hold up a removal;
  /// shorter leaves members on slow links without the new key when the others switch.
  package var deadline: TimeInterval
  /// Between periodic epochs; zero turns them off.
  package var periodic: TimeInterval

  package init(
    coalesceMin: TimeInterval = .milliseconds(50), coalesceMax: TimeInterval = .milliseconds(250),
    coalesceMaxMembers: Int = 100, deadline: TimeInterval = .seconds(2), periodic: TimeInterval = .seconds(600)
  ) {
    self.coalesceMin = coalesceMin
    self.coalesceMax = coalesceMax
    self.coalesceMaxMembers = coalesceMaxMembers
    self.deadline = deadline
    self.periodic = periodic
  }

  /// The coalescing window of a room with so many members: linear from `coalesceMin` for one to `coalesceMax`.
  package func coalescing(members: Int) -> TimeInterval {
    guard coalesceMax > coalesceMin, coalesceMaxMembers > 1, members > 1 else { return coalesceMin }
    guard members < coalesceMaxMembers else { return coalesceMax }
    let span = coalesceMax.nanoseconds - coalesceMin.nanoseconds
    return TimeInterval(
      nanoseconds: coalesceMin.nanoseconds + span / UInt64(coalesceMaxMembers - 1) * UInt64(members - 1))
  }
}
