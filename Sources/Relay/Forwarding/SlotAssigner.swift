package import Signaling
package import WireBytes

/// Which publication a subscriber gets in which of its receive slots, for one kind of media (DESIGN section 4).
///
/// A publication keeps its slot while its member publishes it. Only when there are more publications than slots does
/// another take its place: one that the client asked for, one of higher priority, or one of a member that speaks, in
/// this order. Among equals nothing moves.
///
/// At rest no free place has a publication waiting for it, and none that waits has more merit than one that is placed.
/// So what appears or begins to speak is compared with what is placed, and not with all the others: in a large room most
/// publications wait, and every member has an assigner.
package struct SlotAssigner: Sendable {
  package struct Publication: Hashable, Sendable {
    package let member: MemberID
    package let track: String
    /// Higher goes first.
    package var priority: Int
    package var speaking: Bool
    /// Earlier members go first among equals.
    package var joinOrder: Int

    package init(member: MemberID, track: String, priority: Int, speaking: Bool, joinOrder: Int) {
      self.member = member
      self.track = track
      self.priority = priority
      self.speaking = speaking
      self.joinOrder = joinOrder
    }

    package var reference: TrackReference { TrackReference(member: member, track: track) }
  }

  /// What decides whether one publication takes another's slot.
  private struct Merit: Comparable {
    let wished: Bool
    let priority: Int
    let speaking: Bool

    static func < (a: Self, b: Self) -> Bool {
      if a.wished != b.wished { return b.wished }
      if a.priority != b.priority { return a.priority < b.priority }
      return b.speaking && !a.speaking
    }
  }

  private struct Candidate {
    var publication: Publication
    /// The client's `subscribe` or `unsubscribe`; nil when it said neither.
    var wish: Bool?
    var place: Int?
    /// The last announcement of speakers that named the member.
    var lastSpoke: UInt64 = 0

    var merit: Merit {
      Merit(wished: wish == true, priority: publication.priority, speaking: publication.speaking)
    }

    /// Whether this one goes before `other`; total, so that the same history gives the same slots.
    func precedes(_ other: Candidate) -> Bool {
      if merit != other.merit { return other.merit < merit }
      if lastSpoke != other.lastSpoke { return lastSpoke > other.lastSpoke }
      if publication.joinOrder != other.publication.joinOrder {
        return publication.joinOrder < other.publication.joinOrder
      }
      if publication.member != other.publication.member { return publication.member < other.publication.member }
      return publication.track < other.publication.track
    }
  }

  private struct Place {
    let mid: String
    var holder: TrackReference?
  }

  private var places: [Place] = []
  private var candidates: [TrackReference: Candidate] = [:]
  private var announcements: UInt64 = 0
  /// Publications of the members that speak now.
  private var speakers: [TrackReference] = []
  /// Publications with a wish or a priority, of which one that waits may have more merit than a speaker.
  private var favourites: Set<TrackReference> = []

  package init() {}

  package func assignment(mid: String) -> TrackReference? { places.first { $0.mid == mid }?.holder }

  package func mid(of reference: TrackReference) -> String? {
    candidates[reference]?.place.map { places[$0].mid }
  }

  /// The mids of the client's receiving m-lines. Those that remain keep what they carry; what the others carried moves
  /// to free slots as far as there are any.
  package mutating func setSlots(_ mids: [String]) -> [SlotAssignments.Slot] {
    var holders: [String: TrackReference] = [:]
    for place in places { holders[place.mid] = place.holder }
    let former = mids.map { holders.removeValue(forKey: $0) }
    places = zip(mids, former).map { Place(mid: $0, holder: $1) }
    for index in candidates.values.indices { candidates.values[index].place = nil }
    for (index, place) in places.enumerated() {
      if let holder = place.holder { candidates[holder]?.place = index }
    }
    return settle(from: former)
  }

  /// A publication appeared, or changed its priority.
  package mutating func publish(_ publication: Publication) -> [SlotAssignments.Slot] {
    let former = holders
    let reference = publication.reference
    let isNew = candidates[reference] == nil
    candidates[reference, default: Candidate(publication: publication)].publication = publication
    note(reference)
    guard isNew else { return settle(from: former) }
    promote([reference])
    return changes(from: former)
  }

  package mutating func unpublish(_ reference: TrackReference) -> [SlotAssignments.Slot] {
    guard let candidate = candidates.removeValue(forKey: reference) else { return [] }
    favourites.remove(reference)
    speakers.removeAll { $0 == reference }
    guard let place = candidate.place else { return [] }
    let former = holders
    places[place].holder = nil
    return settle(from: former)
  }

  /// The client asks for a publication, or says that it does not want it. A nil priority stays as it was. Unknown
  /// publications are ignored.
  package mutating func setWish(
    _ reference: TrackReference, wanted: Bool, priority: Int?
  ) -> [SlotAssignments.Slot] {
    guard var candidate = candidates[reference] else { return [] }
    let former = holders
    candidate.wish = wanted
    if let priority { candidate.publication.priority = priority }
    if !wanted, let place = candidate.place {
      places[place].holder = nil
      candidate.place = nil
    }
    candidates[reference] = candidate
    note(reference)
    return settle(from: former)
  }

  /// The publications of the members that speak now; all others do not. Unknown ones are ignored.
  package mutating func speaking(tracks: [TrackReference]) -> [SlotAssignments.Slot] {
    announcements += 1
    for reference in speakers { candidates[reference]?.publication.speaking = false }
    speakers = tracks.filter { candidates[$0] != nil }
    for reference in speakers {
      candidates[reference]?.publication.speaking = true
      candidates[reference]?.lastSpoke = announcements
    }
    let former = holders
    guard favourites.isEmpty else { return settle(from: former) }
    promote(speakers)
    return changes(from: former)
  }

  private mutating func note(_ reference: TrackReference) {
    guard let candidate = candidates[reference] else { return }
    if candidate.wish == true || candidate.publication.priority != 0 {
      favourites.insert(reference)
    } else {
      favourites.remove(reference)
    }
  }

  private var holders: [TrackReference?] { places.map(\.holder) }

  /// Fills free slots, lets the better displace the worse, and returns what differs from `former`.
  private mutating func settle(from former: [TrackReference?]) -> [SlotAssignments.Slot] {
    for index in places.indices where places[index].holder == nil {
      guard let next = bestWaiting() else { break }
      put(next, in: index)
    }
    while let next = bestWaiting(), displaceWorst(by: next) {}
    return changes(from: former)
  }

  /// The same when only these can have come to deserve a place.
  private mutating func promote(_ references: [TrackReference]) {
    let waiting = references.compactMap { candidates[$0] }.filter { $0.place == nil && $0.wish != false }
    for candidate in waiting.sorted(by: { $0.precedes($1) }) {
      if let free = places.firstIndex(where: { $0.holder == nil }) {
        put(candidate, in: free)
      } else if !displaceWorst(by: candidate) {
        return
      }
    }
  }

  private mutating func displaceWorst(by candidate: Candidate) -> Bool {
    guard let worst = worstPlaced(), worst.merit < candidate.merit, let place = worst.place else { return false }
    candidates[worst.publication.reference]?.place = nil
    put(candidate, in: place)
    return true
  }

  private func changes(from former: [TrackReference?]) -> [SlotAssignments.Slot] {
    places.indices.compactMap { index in
      let place = places[index]
      guard place.holder != former[index] else { return nil }
      guard let holder = place.holder, let candidate = candidates[holder] else {
        return SlotAssignments.Slot(mid: place.mid, member: nil, track: nil, why: .ended)
      }
      return SlotAssignments.Slot(
        mid: place.mid, member: holder.member, track: holder.track, why: Self.reason(for: candidate))
    }
  }

  private static func reason(for candidate: Candidate) -> SlotAssignments.Reason {
    if candidate.wish == true { return .wish }
    return candidate.publication.speaking ? .speaker : .published
  }

  private mutating func put(_ candidate: Candidate, in place: Int) {
    let reference = candidate.publication.reference
    places[place].holder = reference
    candidates[reference]?.place = place
  }

  private func bestWaiting() -> Candidate? {
    var best: Candidate?
    for candidate in candidates.values where candidate.place == nil && candidate.wish != false {
      if best.map({ candidate.precedes($0) }) ?? true { best = candidate }
    }
    return best
  }

  private func worstPlaced() -> Candidate? {
    var worst: Candidate?
    for place in places {
      guard let holder = place.holder, let candidate = candidates[holder] else { continue }
      if worst.map({ $0.precedes(candidate) }) ?? true { worst = candidate }
    }
    return worst
  }
}
