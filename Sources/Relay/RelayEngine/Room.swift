import Forwarding
import Membership
import Signaling
import WireBytes

/// One room: its membership log, its rekey trigger, and who is there.
final class Room {
  let id: RoomID
  var log: MembershipLog
  var trigger: RekeyTrigger
  /// In log order.
  private(set) var peers: [Peer] = []
  private var byMember: [MemberID: Peer] = [:]
  var speakers = ActiveSpeakers()
  var armed = MonotonicInstant.never

  init(id: RoomID, timing: RekeyTiming, hash: @escaping MembershipLog.Hash) {
    self.id = id
    log = MembershipLog(room: id, hash: hash)
    trigger = RekeyTrigger(timing: timing)
  }

  subscript(member member: MemberID) -> Peer? { byMember[member] }

  func add(_ peer: Peer) {
    peers.append(peer)
    byMember[peer.member] = peer
  }

  func remove(_ peer: Peer) {
    peers.removeAll { $0 === peer }
    byMember[peer.member] = nil
  }

  var nextDeadline: MonotonicInstant { min(trigger.nextDeadline, speakers.nextDeadline) }

  /// Publications of everyone but `member`.
  func publications(except member: MemberID) -> [IngressTrack] {
    peers.filter { $0.member != member }.flatMap(\.tracks)
  }
}
