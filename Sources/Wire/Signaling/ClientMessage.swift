package import WireBytes

/// A message from a client to the relay. Unknown types decode as `.unknown` and are ignored (forward compatible).
package enum ClientMessage: Sendable, Equatable {
  case join(Join)
  case offer(Offer)
  case publish(Publish)
  case unpublish(Unpublish)
  case subscribe(TrackSelection)
  case unsubscribe(TrackSelection)
  case constraints(Constraints)
  case mute(Mute)
  case sealed(SealedToMember)
  case ready(Ready)
  case leave
  case ping(Ping)
  case unknown(type: String)
}

/// Enters a room, or with `resume` comes back to it.
package struct Join: Codable, Sendable, Equatable {
  package var room: RoomID
  /// HS256 join token; required unless the relay runs with `--dev`.
  package var token: String?
  /// The member's key bundle: opaque to the relay. Its SHA3-256 gives the member id.
  package var bundle: Blob
  package var capabilities: [String]?
  /// Resume token of an earlier `joined`; then `bundle` must be the same bundle.
  package var resume: String?

  package init(room: RoomID, token: String?, bundle: Blob, capabilities: [String]? = nil, resume: String? = nil) {
    self.room = room
    self.token = token
    self.bundle = bundle
    self.capabilities = capabilities
    self.resume = resume
  }
}

package struct Offer: Codable, Sendable, Equatable {
  package var sdp: String
  package init(sdp: String) { self.sdp = sdp }
}

package enum TrackSource: String, Codable, Sendable, Hashable, CaseIterable {
  case microphone, camera, screen
  case screenAudio = "screen_audio"

  package var kind: MediaKind {
    switch self {
    case .microphone, .screenAudio: .audio
    case .camera, .screen: .video
    }
  }
}

/// Tells the relay what the sending m-lines of the offer carry.
package struct Publish: Codable, Sendable, Equatable {
  package struct Track: Codable, Sendable, Equatable {
    /// Chosen by the client, unique per member: 1...32 characters of A-Z a-z 0-9 _ -.
    package var id: String
    package var source: TrackSource
    /// The m-line of the client's offer that carries it.
    package var mid: String
    /// Simulcast encodings, lowest quality first; nil or empty without simulcast.
    package var rids: [String]?
    package var muted: Bool?

    package init(id: String, source: TrackSource, mid: String, rids: [String]? = nil, muted: Bool? = nil) {
      self.id = id
      self.source = source
      self.mid = mid
      self.rids = rids
      self.muted = muted
    }
  }
  package var tracks: [Track]
  package init(tracks: [Track]) { self.tracks = tracks }
}

package struct Unpublish: Codable, Sendable, Equatable {
  package var tracks: [String]
  package init(tracks: [String]) { self.tracks = tracks }
}

/// One publication: a member's track.
package struct TrackReference: Codable, Sendable, Hashable {
  package var member: MemberID
  package var track: String
  package init(member: MemberID, track: String) {
    self.member = member
    self.track = track
  }
}

package struct TrackSelection: Codable, Sendable, Equatable {
  package var tracks: [TrackReference]
  package init(tracks: [TrackReference]) { self.tracks = tracks }
}

/// What a subscriber wants of one publication. Absent fields keep their value.
package struct Constraints: Codable, Sendable, Equatable {
  package var member: MemberID
  package var track: String
  package var maxHeight: Int?
  package var maxFrameRate: Double?
  package var paused: Bool?
  /// Higher goes first when there are more publications than slots.
  package var priority: Int?

  package init(
    member: MemberID, track: String, maxHeight: Int? = nil, maxFrameRate: Double? = nil, paused: Bool? = nil,
    priority: Int? = nil
  ) {
    self.member = member
    self.track = track
    self.maxHeight = maxHeight
    self.maxFrameRate = maxFrameRate
    self.paused = paused
    self.priority = priority
  }
}

package struct Mute: Codable, Sendable, Equatable {
  package var track: String
  package var muted: Bool
  package init(track: String, muted: Bool) {
    self.track = track
    self.muted = muted
  }
}

/// End-to-end bytes for another member, or for all others; delivered in order per pair, never read.
package struct SealedToMember: Codable, Sendable, Equatable {
  /// Nil for every other member of the room.
  package var to: MemberID?
  package var body: Blob
  package init(to: MemberID?, body: Blob) {
    self.to = to
    self.body = body
  }
}

package struct Ready: Codable, Sendable, Equatable {
  package var epoch: UInt32
  package init(epoch: UInt32) { self.epoch = epoch }
}

package struct Ping: Codable, Sendable, Equatable {
  package var id: UInt32
  package init(id: UInt32) { self.id = id }
}
