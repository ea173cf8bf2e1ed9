import Forwarding
package import RTP
package import SDP
package import Signaling
package import WireBytes

/// A publication as shards tell one another of it.
package struct LinkedTrack: Sendable {
  /// The shard where its publisher's packets come in, and that shard's name for it.
  package let shard: Int
  package let id: UInt32
  package let member: MemberID
  package var announcement: Publish.Track
  package let codec: NegotiatedCodec
  package let rids: [ShortText?]
  /// The publisher's join index.
  package let joinOrder: Int
}

/// What shards that hold parts of one room tell one another.
///
/// One shard is the room's home: it keeps the membership log, the rekey trigger and the speakers, and everything that is
/// said to the room goes through it, so that all members hear it in one order. Members' hops, slots and assignments are
/// where the members are. Packets go from the publisher's shard straight to those that have receivers, by `LinkRing`.
/// Messages from one shard to another arrive in the order in which they were sent.
package enum LinkMessage: Sendable {
  // From a part to the home.
  case join(ConnectionID, AdmittedJoin)
  case resume(RoomID, MemberID, ConnectionID)
  case left(RoomID, MemberID, MembershipCause)
  case ready(RoomID, MemberID, epoch: UInt32)
  /// To be said to the whole room but `except`.
  case say(RoomID, RelayMessage, except: MemberID?)
  case sealed(RoomID, from: MemberID, SealedToMember)
  case publish(RoomID, [LinkedTrack])
  case withdraw(RoomID, MemberID, [TrackReference])
  /// A member's publication goes on in another codec, or under other payload types.
  case recode(RoomID, TrackReference, NegotiatedCodec)

  // From the home to a part.
  case admitted(ConnectionID, AdmittedJoin, Joined, joinOrder: Int, tracks: [LinkedTrack])
  case refused(ConnectionID, RoomID, SignalingError)
  case resumed(RoomID, MemberID, ConnectionID, Joined)
  /// For one member of the part.
  case tell(RoomID, MemberID, RelayMessage)
  /// For all members of the part but `except`.
  case broadcast(RoomID, RelayMessage, except: MemberID?)
  case published(RoomID, [LinkedTrack])
  case withdrawn(RoomID, MemberID, [TrackReference])
  case recoded(RoomID, TrackReference, NegotiatedCodec)
  /// An epoch was executed that let these members in.
  case executed(RoomID, added: [MemberID])
  case speaking(RoomID, [MemberID])

  // From the shard of a receiver to that of a publisher, by the latter's name for the track.
  case subscribe(UInt32, wanted: Bool)
  case requestKeyFrame(UInt32, encoding: Int, isReminder: Bool)
}

/// One message and the shard that it is for.
package struct LinkEnvelope: Sendable {
  package let shard: Int
  package let message: LinkMessage
}
