package import WireBytes

/// One m-line and its attributes, with session-level defaults folded in.
package struct MediaSection: Sendable {
  /// `audio`, `video`, `application`, or whatever the m-line says.
  package var kind: String
  /// Empty only in a section whose port is 0.
  package var mid = ""
  package var port: UInt16
  package var proto: String
  /// The m-line's formats as they stand: payload types, or the name of an application protocol.
  package var formats: [String]
  package var payloadTypes: [PayloadType] = []
  package var direction = Direction.sendrecv
  /// In the order of the m-line's payload types, which is the writer's preference; those with an rtpmap only.
  package var codecs: [Codec] = []
  package var extensions: [ExtMap] = []
  package var extmapAllowMixed = false
  package var iceUfrag: String?
  package var icePwd: String?
  package var fingerprints: [Fingerprint] = []
  package var setup: Setup?
  package var rtcpMux = false
  package var rtcpRsize = false
  /// The port is 0 because the section lives in the bundle alone (RFC 9143 section 6), not because it is refused.
  package var bundleOnly = false
  package var ssrcs: [Source] = []
  package var ssrcGroups: [SourceGroup] = []
  package var rids: [Rid] = []
  /// Encodings of the `send` part of `a=simulcast`, in its order; the first alternative of each.
  package var simulcastSend: [String] = []
  package var simulcastReceive: [String] = []
  package var msid: StreamTrack?
  package var candidates: [Candidate] = []
  package var endOfCandidates = false
  /// `b=TIAS`, bits per second (RFC 3890).
  package var maxBitrate: UInt64?
  /// Where the m-line stands, from 1.
  package var line = 0

  package init(kind: String, port: UInt16, proto: String, formats: [String]) {
    self.kind = kind
    self.port = port
    self.proto = proto
    self.formats = formats
  }

  /// Whether the writer refuses or has stopped this section (RFC 3264 section 6).
  package var isDisabled: Bool { port == 0 && !bundleOnly }

  /// The SHA-256 fingerprint, 32 bytes.
  package var sha256: [UInt8]? {
    fingerprints.first { $0.algorithm == "sha-256" && $0.bytes.count == 32 }?.bytes
  }
}

extension MediaSection {
  package struct Codec: Sendable, Equatable {
    package var payloadType: PayloadType
    /// As written; names are compared without regard to case (RFC 8866 section 6.6).
    package var name: String
    package var clockRate: UInt32
    package var channels: Int
    package var fmtp: String
    /// Values of `a=rtcp-fb` such as `nack pli`.
    package var feedback: [String]

    /// The value of one `name=value` parameter of `fmtp`.
    package func parameter(_ name: String) -> Substring? {
      for part in fmtp.split(separator: ";") {
        let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
        if pair.count == 2, pair[0].lowercased() == name { return pair[1] }
      }
      return nil
    }
  }

  /// A header extension (RFC 8285).
  package struct ExtMap: Sendable, Equatable {
    package var id: UInt16
    /// Nil when the line names none, which means the section's own.
    package var direction: Direction?
    package var uri: String
  }

  package struct Fingerprint: Sendable, Equatable {
    /// In lower case.
    package var algorithm: String
    package var bytes: [UInt8]
  }

  /// A media source (RFC 5576).
  package struct Source: Sendable, Equatable {
    package var ssrc: SSRC
    package var cname: String?
  }

  package struct SourceGroup: Sendable, Equatable {
    package var semantics: String
    package var ssrcs: [SSRC]
  }

  /// A restriction identifier (RFC 8851).
  package struct Rid: Sendable, Equatable {
    package var id: String
    package var isSend: Bool
  }

  package struct StreamTrack: Sendable, Equatable {
    package var stream: String
    package var track: String
  }

  /// An ICE candidate whose address is a literal; those with names (mDNS) are left out.
  package struct Candidate: Sendable, Equatable {
    package var component: Int
    /// In lower case.
    package var transport: String
    package var priority: UInt32
    package var endpoint: Endpoint
    /// `host`, `srflx`, `prflx` or `relay`.
    package var type: String
  }
}
