package import WireBytes

/// A message from the relay to a client. Unknown types decode as `.unknown` and are ignored.
package enum RelayMessage: Sendable, Equatable {
  case joined(Joined)
  case answer(Answer)
  case published(Published)
  case unpublished(TrackSelection)
  case muted(Muted)
  case slots(SlotAssignments)
  case sealed(SealedFromMember)
  case membership(MembershipChange)
  case rekey(Rekey)
  case speakers(Speakers)
  case quality(Quality)
  case layers(Layers)
  case notice(Notice)
  case goodbye(Goodbye)
  case pong(Ping)
  case error(SignalingError)
  case unknown(type: String)
}

package struct Joined: Codable, Sendable, Equatable {
  package var member: MemberID
  package var room: RoomID
  /// The room's executed epoch; 0 when no epoch has been agreed yet.
  package var epoch: UInt32
  /// All members in log order, the new one included.
  package var roster: [RosterMember]
  package var head: LogHead
  /// Publications of the others.
  package var published: [PublishedTrack]
  package var resumeToken: String
  /// Whether an earlier membership was resumed.
  package var resumed: Bool
  package var limits: Limits

  package init(
    member: MemberID, room: RoomID, epoch: UInt32, roster: [RosterMember], head: LogHead,
    published: [PublishedTrack], resumeToken: String, resumed: Bool, limits: Limits
  ) {
    self.member = member
    self.room = room
    self.epoch = epoch
    self.roster = roster
    self.head = head
    self.published = published
    self.resumeToken = resumeToken
    self.resumed = resumed
    self.limits = limits
  }

  package struct Limits: Codable, Sendable, Equatable {
    package var maxMembers: Int
    /// Largest `sealed` body, bytes.
    package var maxSealedBytes: Int
    package var maxVideoBitrate: Int
    package var resumeWindowMs: UInt64

    package init(maxMembers: Int, maxSealedBytes: Int, maxVideoBitrate: Int, resumeWindowMs: UInt64) {
      self.maxMembers = maxMembers
      self.maxSealedBytes = maxSealedBytes
      self.maxVideoBitrate = maxVideoBitrate
      self.resumeWindowMs = resumeWindowMs
    }
  }
}

package struct Answer: Codable, Sendable, Equatable {
  package var sdp: String
  package init(sdp: String) { self.sdp = sdp }
}

package struct PublishedTrack: Codable, Sendable, Hashable {
  package var member: MemberID
  package var track: String
  package var source: TrackSource
  package var rids: [String]
  package var muted: Bool

  package init(member: MemberID, track: String, source: TrackSource, rids: [String], muted: Bool) {
    self.member = member
    self.track = track
    self.source = source
    self.rids = rids
    self.muted = muted
  }
}

package struct Published: Codable, Sendable, Equatable {
  package var tracks: [PublishedTrack]
  package init(tracks: [PublishedTrack]) { self.tracks = tracks }
}

package struct Muted: Codable, Sendable, Equatable {
  package var member: MemberID
  package var track: String
  package var muted: Bool
  package init(member: MemberID, track: String, muted: Bool) {
    self.member = member
    self.track = track
    self.muted = muted
  }
}

/// The receive slots whose assignment changed.
package struct SlotAssignments: Codable, Sendable, Equatable {
  package enum Reason: String, Codable, Sendable {
    /// The publication appeared and a slot was free.
    case published
    /// An active speaker needed a slot.
    case speaker
    /// The client's `subscribe` or `constraints` asked for it.
    case wish
    /// The publication ended or was unsubscribed; the slot is free.
    case ended
    /// The slot was taken for another publication.
    case replaced
  }

  package struct Slot: Codable, Sendable, Equatable {
    /// The recvonly m-line of the client's offer.
    package var mid: String
    /// Nil when the slot is now free.
    package var member: MemberID?
    package var track: String?
    package var why: Reason

    package init(mid: String, member: MemberID?, track: String?, why: Reason) {
      self.mid = mid
      self.member = member
      self.track = track
      self.why = why
    }
  }

  package var slots: [Slot]
  package init(slots: [Slot]) { self.slots = slots }
}

package struct SealedFromMember: Codable, Sendable, Equatable {
  package var from: MemberID
  package var body: Blob
  package init(from: MemberID, body: Blob) {
    self.from = from
    self.body = body
  }
}

/// A new log entry; for a join with the member's bundle.
package struct MembershipChange: Codable, Sendable, Equatable {
  package var entry: MembershipEntry
  package var bundle: Blob?
  /// Of a join: what the member said it can do.
  package var capabilities: [String]?
  package init(entry: MembershipEntry, bundle: Blob?, capabilities: [String]? = nil) {
    self.entry = entry
    self.bundle = bundle
    self.capabilities = capabilities
  }
}

package enum RekeyCause: String, Codable, Sendable, Hashable, CaseIterable {
  case join, leave
  /// Joins and leaves in one coalescing window; handled like a leave.
  case mixed
  case periodic
}

/// The relay's advice to change keys. Clients decide.
package struct Rekey: Codable, Sendable, Equatable {
  package enum Phase: String, Codable, Sendable { case prepare, execute }

  package var epoch: UInt32
  package var phase: Phase
  package var cause: RekeyCause
  /// Log positions that this epoch takes in; empty for `periodic`.
  package var changes: [UInt32]
  /// The epoch's roster is the roster after this log position.
  package var head: LogHead
  package var rosterHash: Blob
  /// Milliseconds from now until the relay executes whether or not all are ready; 0 in `execute`.
  package var deadlineMs: UInt32

  package init(
    epoch: UInt32, phase: Phase, cause: RekeyCause, changes: [UInt32], head: LogHead, rosterHash: Blob,
    deadlineMs: UInt32
  ) {
    self.epoch = epoch
    self.phase = phase
    self.cause = cause
    self.changes = changes
    self.head = head
    self.rosterHash = rosterHash
    self.deadlineMs = deadlineMs
  }
}

/// Members whose audio level says that they speak, loudest first.
package struct Speakers: Codable, Sendable, Equatable {
  package var members: [MemberID]
  package init(members: [MemberID]) { self.members = members }
}

/// How a member's media reaches the relay.
package struct Quality: Codable, Sendable, Equatable {
  package enum Level: String, Codable, Sendable { case good, fair, poor, lost }
  package var member: MemberID
  package var level: Level
  package init(member: MemberID, level: Level) {
    self.member = member
    self.level = level
  }
}

/// What the subscriber now gets in a slot, and why.
package struct Layers: Codable, Sendable, Equatable {
  package enum Reason: String, Codable, Sendable { case initial, constraints, unavailable, paused }
  package var mid: String
  /// Nil when nothing is sent in the slot.
  package var rid: String?
  package var why: Reason
  package init(mid: String, rid: String?, why: Reason) {
    self.mid = mid
    self.rid = rid
    self.why = why
  }
}

/// Something that the whole room, or one member, should know.
package struct Notice: Codable, Sendable, Equatable {
  package enum Code: String, Codable, Sendable {
    /// Video without a Dependency Descriptor was refused: its sender does not seal frames as the room requires.
    case e2eeRequired = "e2ee_required"
    /// The member missed its rekey deadline twice.
    case stale
    /// The member's signalling is gone; it may still resume.
    case reconnecting
    /// The member is back.
    case reconnected
  }
  package var code: Code
  package var member: MemberID?
  package var track: String?
  package init(code: Code, member: MemberID?, track: String? = nil) {
    self.code = code
    self.member = member
    self.track = track
  }
}

package struct Goodbye: Codable, Sendable, Equatable {
  package enum Reason: String, Codable, Sendable {
    case shutdown, left, replaced, protocolError = "protocol_error", rateLimited = "rate_limited"
    case consentLost = "consent_lost", slowConsumer = "slow_consumer"
  }
  package var reason: Reason
  package init(reason: Reason) { self.reason = reason }
}

package struct SignalingError: Error, Codable, Sendable, Equatable {
  package enum Code: String, Codable, Sendable {
    case malformed, tooLarge = "too_large", rateLimited = "rate_limited", unauthorized, badState = "bad_state"
    case badOffer = "bad_offer", notFound = "not_found", roomFull = "room_full", forbidden
    case resumeRefused = "resume_refused", shuttingDown = "shutting_down"
  }
  package var code: Code
  /// One sentence for people; holds nothing that identifies anyone.
  package var message: String
  /// The `type` of the message it answers.
  package var about: String?
  package init(code: Code, message: String, about: String? = nil) {
    self.code = code
    self.message = message
    self.about = about
  }
}
