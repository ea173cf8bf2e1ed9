import WireBytes

/// Who is in the rooms of a measurement, whatever they send.
package struct Topology: Sendable {
  /// Shown to people, such as `1 to 31`.
  package let name: String
  package var rooms = 1
  /// Members of each room that only send, that only receive, and that do both.
  package var publishers = 0
  package var subscribers = 0
  package var talkers = 0

  /// Everyone sends and receives.
  package static func call(_ size: Int, rooms: Int = 1) -> Topology {
    Topology(name: rooms == 1 ? "\(size)-party call" : "\(rooms) rooms of \(size)", rooms: rooms, talkers: size)
  }

  package static func fanOut(_ subscribers: Int, rooms: Int = 1) -> Topology {
    let name = "1 to \(subscribers)"
    return Topology(
      name: rooms == 1 ? name : "\(rooms) rooms of \(name)", rooms: rooms, publishers: 1, subscribers: subscribers)
  }

  package var senders: Int { publishers + talkers }
  /// In each room, of one sender.
  package var receiversOfOne: Int { subscribers + max(0, talkers - 1) + (publishers > 0 ? min(talkers, 1) : 0) }
  package var membersPerRoom: Int { publishers + subscribers + talkers }
  package var members: Int { rooms * membersPerRoom }

  /// Senders come first. Everyone can send and receive both kinds; what is sent is up to the load.
  var plans: [MemberPlan] {
    var sending = MemberPlan(audio: .audio, video: .callVideo)
    let publishing = sending
    (sending.audioSlots, sending.videoSlots) = (senders - 1, senders - 1)
    let receiving = MemberPlan(audioSlots: senders, videoSlots: senders)
    return [MemberPlan](repeating: publishing, count: publishers)
      + [MemberPlan](repeating: sending, count: talkers)
      + [MemberPlan](repeating: receiving, count: subscribers)
  }
}

/// What every sender sends during one measurement.
package struct Load: Sendable {
  /// Shown to people, such as `50,000 packets/s out`.
  let name: String
  package var audio: StreamShape?
  package var video: StreamShape?

  /// What a measurement of it is called.
  func name(on topology: Topology) -> String { "\(topology.name), \(name)" }

  /// Sound and pictures as in a call: 50 and 100 packets a second.
  static let call = Load(name: "50 audio + 100 video packets/s each", audio: .audio, video: .callVideo)
  static let audioOnly = Load(name: "50 audio packets/s each", audio: .audio)

  /// Video alone, so fast that `rate` packets a second leave the server; in frames of `packetsPerFrame` if that is given,
  /// else of as many as make 30 frames a second, eight at most.
  package static func video(out rate: Double, of topology: Topology, packetsPerFrame: Int? = nil) -> Load {
    let copies = Double(topology.rooms * topology.senders * topology.receiversOfOne)
    return Load(
      name: "\(CallReportText.grouped(UInt64(rate))) packets/s out",
      video: .video(rate: rate / copies, packetsPerFrame: packetsPerFrame))
  }
}

/// One line of the result: a load on a topology.
struct BenchScenario: Sendable {
  let topology: Topology
  var loads: [Load]
  var pairs = 3
  var window = TimeInterval.seconds(2)
  /// Whether peers take part: some measurements say something of the relay alone.
  var includesPeers = true
  var settings: [String] = []
  /// Shards of the relay; nil for one for each core.
  var shards: Int?
  /// Whether a relay with one shard is measured beside that with one for each core.
  var comparesShards = false
}
