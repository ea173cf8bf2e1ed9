import Forwarding
import Signaling
import TestKit
import Testing
import WireBytes

@Suite struct SlotAssignerTests {
  typealias Slot = SlotAssignments.Slot

  private func publication(_ n: Int, priority: Int = 0) -> SlotAssigner.Publication {
    SlotAssigner.Publication(member: member(n), track: "camera", priority: priority, speaking: false, joinOrder: n)
  }

  private func slot(_ mid: String, _ n: Int?, _ why: SlotAssignments.Reason) -> Slot {
    Slot(mid: mid, member: n.map(member), track: n.map { _ in "camera" }, why: why)
  }

  /// An assigner with slots "0", "1", ... and the cameras of members 0, 1, ...
  private func make(slots: Int, publications: Int) -> SlotAssigner {
    var assigner = SlotAssigner()
    _ = assigner.setSlots((0..<slots).map(String.init))
    for n in 0..<publications { _ = assigner.publish(publication(n)) }
    return assigner
  }

  private func holders(_ assigner: SlotAssigner, _ slots: Int) -> [TrackReference?] {
    (0..<slots).map { assigner.assignment(mid: String($0)) }
  }

  @Test func `publications take free slots in turn`() {
    var assigner = SlotAssigner()
    #expect(assigner.setSlots(["a", "b"]).isEmpty)
    #expect(assigner.publish(publication(0)) == [slot("a", 0, .published)])
    #expect(assigner.publish(publication(1)) == [slot("b", 1, .published)])
    #expect(assigner.publish(publication(2)).isEmpty)
    #expect(assigner.assignment(mid: "a") == camera(of: 0))
    #expect(assigner.mid(of: camera(of: 1)) == "b")
    #expect(assigner.mid(of: camera(of: 2)) == nil)
    #expect(assigner.assignment(mid: "z") == nil)
  }

  @Test func `slots that come after the publications are filled by join order`() {
    var assigner = SlotAssigner()
    for n in [3, 1, 2] { #expect(assigner.publish(publication(n)).isEmpty) }
    #expect(assigner.setSlots(["a", "b"]) == [slot("a", 1, .published), slot("b", 2, .published)])
  }

  @Test func `an ended publication frees its slot, or gives it to one that waits`() {
    var assigner = make(slots: 2, publications: 3)
    #expect(assigner.unpublish(camera(of: 0)) == [slot("0", 2, .published)])
    #expect(assigner.unpublish(camera(of: 1)) == [slot("1", nil, .ended)])
    #expect(assigner.unpublish(camera(of: 1)).isEmpty)
    #expect(assigner.publish(publication(5)) == [slot("1", 5, .published)])
  }

  @Test func `with enough slots speakers and wishes move nothing`() {
    var assigner = make(slots: 4, publications: 4)
    #expect(assigner.speaking([member(3), member(1)]).isEmpty)
    #expect(assigner.setWish(camera(of: 2), wanted: true, priority: 9).isEmpty)
    #expect(assigner.speaking([]).isEmpty)
  }

  @Test func `a speaker takes the slot of one who has been silent longest`() {
    var assigner = make(slots: 2, publications: 4)
    #expect(assigner.speaking([member(1)]).isEmpty)
    #expect(assigner.speaking([member(3)]) == [slot("0", 3, .speaker)])
    // Having spoken it stays, until another speaks.
    #expect(assigner.speaking([]).isEmpty)
    #expect(assigner.speaking([member(0)]) == [slot("1", 0, .speaker)])
  }

  @Test func `among speakers nothing moves, whatever their order`() {
    var assigner = make(slots: 2, publications: 4)
    _ = assigner.speaking([member(0), member(1)])
    #expect(assigner.speaking([member(2), member(3), member(1), member(0)]).isEmpty)
    #expect(assigner.speaking([member(2), member(3), member(0)]) == [slot("1", 2, .speaker)])
  }

  @Test func `a wish goes before a speaker and is not displaced by one`() {
    var assigner = make(slots: 1, publications: 3)
    _ = assigner.speaking([member(0)])
    #expect(assigner.setWish(camera(of: 2), wanted: true, priority: nil) == [slot("0", 2, .wish)])
    #expect(assigner.speaking([member(0), member(1)]).isEmpty)
    _ = assigner.speaking([])
    // Among wishes a higher priority goes first, an equal one does not.
    #expect(assigner.setWish(camera(of: 1), wanted: true, priority: 0).isEmpty)
    #expect(assigner.setWish(camera(of: 1), wanted: true, priority: 5) == [slot("0", 1, .wish)])
    #expect(assigner.setWish(camera(of: 1), wanted: true, priority: nil).isEmpty)
  }

  @Test func `among equal wishes the one that speaks goes first`() {
    var assigner = make(slots: 1, publications: 2)
    for n in 0..<2 { _ = assigner.setWish(camera(of: n), wanted: true, priority: nil) }
    #expect(assigner.speaking([member(1)]) == [slot("0", 1, .wish)])
    #expect(assigner.speaking([]).isEmpty)
  }

  @Test func `what the client does not want gives its slot away and does not come back by speaking`() {
    var assigner = make(slots: 1, publications: 2)
    #expect(assigner.setWish(camera(of: 0), wanted: false, priority: nil) == [slot("0", 1, .published)])
    #expect(assigner.speaking([member(0)]).isEmpty)
    #expect(assigner.unpublish(camera(of: 1)) == [slot("0", nil, .ended)])
    #expect(assigner.setWish(camera(of: 0), wanted: true, priority: nil) == [slot("0", 0, .wish)])
  }

  @Test func `wishes for what nobody publishes are ignored`() {
    var assigner = make(slots: 1, publications: 1)
    #expect(assigner.setWish(camera(of: 9), wanted: true, priority: 1).isEmpty)
    #expect(assigner.publish(publication(9)).isEmpty)
  }

  @Test func `a later offer keeps what its slots carry and fills the new ones`() {
    var assigner = make(slots: 2, publications: 3)
    #expect(assigner.setSlots(["x", "1", "0"]) == [slot("x", 2, .published)])
    #expect(assigner.assignment(mid: "0") == camera(of: 0))
    #expect(assigner.assignment(mid: "1") == camera(of: 1))
  }

  @Test func `fewer slots keep what they carry, and a freed publication moves to a free slot`() {
    var assigner = make(slots: 3, publications: 3)
    #expect(assigner.setSlots(["1"]).isEmpty)
    #expect(assigner.assignment(mid: "1") == camera(of: 1))
    #expect(assigner.mid(of: camera(of: 0)) == nil)
    #expect(assigner.setSlots(["1", "9"]) == [slot("9", 0, .published)])
    #expect(assigner.setSlots([]).isEmpty)
    #expect(assigner.mid(of: camera(of: 1)) == nil)
  }

  @Test(arguments: [21, 22, 23] as [UInt64])
  func `any course of events keeps slots and publications one to one`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var assigner = SlotAssigner()
    var mids: [String] = []
    var published: Set<Int> = []
    var shown: [String: TrackReference] = [:]
    for _ in 0..<3000 {
      let n = Int.random(in: 0..<20, using: &random)
      let changes: [Slot]
      switch Int.random(in: 0..<8, using: &random) {
      case 0...2:
        changes = assigner.publish(publication(n))
        published.insert(n)
      case 3, 4:
        changes = assigner.unpublish(camera(of: n))
        published.remove(n)
      case 5:
        let priority = Int.random(in: 0..<3, using: &random)
        changes = assigner.setWish(camera(of: n), wanted: priority > 0, priority: priority)
      case 6:
        changes = assigner.speaking((0..<n % 4).map { member((n + $0 * 7) % 20) })
      default:
        mids = (0..<12).filter { _ in Bool.random(using: &random) }.map(String.init)
        changes = assigner.setSlots(mids)
        shown = shown.filter { mids.contains($0.key) }
      }
      // What the client was told is what is assigned, and nothing was said twice.
      for change in changes {
        let now = change.member.map { TrackReference(member: $0, track: change.track ?? "") }
        #expect(shown[change.mid] != now)
        shown[change.mid] = now
      }
      #expect(Set(changes.map(\.mid)).count == changes.count)
      for mid in mids {
        #expect(assigner.assignment(mid: mid) == shown[mid])
        if let holder = shown[mid] { #expect(assigner.mid(of: holder) == mid) }
      }
      #expect(Set(shown.values).count == shown.count)
      #expect(shown.values.allSatisfy { holder in published.contains { camera(of: $0) == holder } })
    }
  }
}

extension SlotAssigner {
  /// Every member here publishes one camera.
  fileprivate mutating func speaking(_ members: [MemberID]) -> [SlotAssignments.Slot] {
    speaking(tracks: members.map { TrackReference(member: $0, track: "camera") })
  }
}
