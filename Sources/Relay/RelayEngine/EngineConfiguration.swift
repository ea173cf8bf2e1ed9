package import Membership
package import WireBytes

/// The settings of one shard. Times are lengths of virtual or real time alike.
package struct EngineConfiguration: Sendable {
  /// The candidates that answers carry, each with this shard's port.
  package var advertised: [Endpoint]
  /// This shard's number among those that share rooms.
  package var shard = 0
  package var maxMembersPerRoom = 500
  package var maxRooms = 10_000
  /// Without an answered consent check for this long, a client's media is gone (RFC 7675 section 5.1: 30 s at most).
  package var consentTimeout = TimeInterval.seconds(15)
  /// How long a member without signalling may come back without a leave, a join and a rekey.
  package var resumeWindow = TimeInterval.seconds(30)
  /// A member that completes no DTLS handshake for this long after its offer is told and removed.
  package var handshakeTimeout = TimeInterval.seconds(20)
  /// Upper bound announced to publishers by REMB, bits per second for each video publication.
  package var maxVideoBitrate: UInt64 = 2_500_000
  package var rekey = RekeyTiming()
  package var maxSealedBytes = 48 * 1024
  /// Packets of one video track kept for retransmission, in bytes: half a second at 1.2 Mbit/s needs 75 KiB.
  package var videoCacheBytes = 96 * 1024
  package var audioCacheBytes = 8 * 1024
  package var maxTracksPerMember = 8
  package var maxReceiveSlots = 256

  package init(advertised: [Endpoint]) { self.advertised = advertised }
}
