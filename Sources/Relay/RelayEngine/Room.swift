import Forwarding
import Membership
import Signaling
import WireBytes

/// One room, or the part of one that is on this shard: its membership log, its rekey trigger, and who is there.
///
/// A room that outgrows its shard has parts on others. Its home keeps log, trigger and speakers for all; the other parts
/// know their own members and what is published elsewhere.
final class Room {
  let id: RoomID
  /// The shard that the log is on; nil when it is this one.
  let home: Int?
  var log: MembershipLog
  var trigger: RekeyTrigger
  /// The members on this shard, in log order.
  private(set) var peers: [Peer] = []
  private var byMember: [MemberID: Peer] = [:]
  var speakers = ActiveSpeakers()
  var armed = MonotonicInstant.never
  /// What members on other shards publish.
  var linked: [TrackReference: IngressTrack] = [:]
  /// Known at the home only: where the members of other parts are, and how many are in each part.
  private(set) var shards: [MemberID: Int] = [:]
  private var counts: [Int: Int] = [:]

  init(id: RoomID, home: Int?, timing: RekeyTiming, hash: @escaping MembershipLog.Hash) {
    self.id = id
    self.home = home
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

  func add(_ member: MemberID, on shard: Int) {
    shards[member] = shard
    counts[shard, default: 0] += 1
  }

  func remove(_ member: MemberID, on shard: Int) {
    shards[member] = nil
    let left = counts[shard, default: 1] - 1
    counts[shard] = left == 0 ? nil : left
  }

  /// The shards with members, but for this one.
  var parts: [Int] { counts.isEmpty ? [] : counts.keys.sorted() }
  var memberCount: Int { peers.count + shards.count }

  var nextDeadline: MonotonicInstant { min(trigger.nextDeadline, speakers.nextDeadline) }

  /// Publications of everyone but `member`, by join order.
  func publications(except member: MemberID) -> [IngressTrack] {
    var tracks: [IngressTrack] = []
    for peer in peers where peer.member != member { tracks += peer.tracks }
    guard !linked.isEmpty else { return tracks }
    for track in linked.values where track.member != member { tracks.append(track) }
    return tracks.sorted { ($0.joinOrder, $0.id) < ($1.joinOrder, $1.id) }
  }

  /// Takes in what is said to all of publications on other shards.
  func note(_ message: RelayMessage) {
    guard case .muted(let muted) = message else { return }
    linked[TrackReference(member: muted.member, track: muted.track)]?.muted = muted.muted
  }

  func tracks(of member: MemberID, _ kind: MediaKind) -> [TrackReference] {
    if let peer = self[member: member] { return peer.tracks.filter { $0.kind == kind }.map(\.reference) }
    return linked.values.filter { $0.member == member && $0.kind == kind }.map(\.reference)
      .sorted { $0.track < $1.track }
  }

  func track(_ reference: TrackReference) -> IngressTrack? {
    self[member: reference.member]?.track(id: reference.track) ?? linked[reference]
  }
}
