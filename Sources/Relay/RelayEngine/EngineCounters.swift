package import SRTP
package import Signaling
package import WireBytes

/// What one shard has counted since it started. A plain value: the shard is its only writer, a scrape copies it.
package struct EngineCounters: Sendable {
  package var packetsReceived: UInt64 = 0
  package var bytesReceived: UInt64 = 0
  /// RTP copies put out to subscribers, retransmissions not included.
  package var packetsForwarded: UInt64 = 0
  package var bytesForwarded: UInt64 = 0
  /// RTP packets handed to other shards, one for each shard.
  package var packetsLinked: UInt64 = 0
  /// All datagrams put out: media, RTCP, STUN, DTLS.
  package var packetsSent: UInt64 = 0

  private var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)

  package var dtlsHandshakesSucceeded: UInt64 = 0
  /// Of those, the ones whose memory was let go of.
  package var dtlsSettled: UInt64 = 0
  /// By the failure's label.
  package var dtlsHandshakesFailed: [String: UInt64] = [:]
  package var dtlsDuration = Histogram(bounds: Histogram.controlBounds)
  package var srtpProfiles: [SRTPProfile: UInt64] = [:]

  package var rekeyTriggers: [RekeyCause: UInt64] = [:]
  package var rekeyConvergence = Histogram(bounds: Histogram.controlBounds)
  /// Members that had not answered `ready` when an epoch was executed.
  package var rekeyLaggards: UInt64 = 0

  package var pliReceived: UInt64 = 0
  package var pliSent: UInt64 = 0
  /// Packets that subscribers asked for again.
  package var nackReceived: UInt64 = 0
  /// Packets that the relay asked publishers for again.
  package var nackSent: UInt64 = 0
  package var rtxSent: UInt64 = 0
  /// Packets asked for that the cache no longer held.
  package var rtxMissed: UInt64 = 0
  package var rtxReceived: UInt64 = 0

  package var rtpExpected: UInt64 = 0
  package var rtpLost: UInt64 = 0
  package var rtpJitter = Histogram(bounds: Histogram.forwardingBounds)

  package var joins: UInt64 = 0
  package var resumes: UInt64 = 0
  package var leaves: [MembershipCause: UInt64] = [:]
  package var sealedMessages: UInt64 = 0
  package var sealedBytes: UInt64 = 0

  package init() {}

  package func drops(_ reason: DropReason) -> UInt64 { drops[Int(reason.rawValue)] }

  package mutating func drop(_ reason: DropReason) { drops[Int(reason.rawValue)] += 1 }
}

/// What there is in a shard now.
package struct EngineGauges: Sendable {
  package var rooms = 0
  package var participants = 0
  package var publications = 0
  package var subscriptions = 0
  package var slabSlotsInUse = 0

  package init() {}
}
