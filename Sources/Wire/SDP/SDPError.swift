/// Why a session description was refused. It quotes nothing of the description, which is hostile and private.
package struct SDPError: Error, Equatable, Sendable {
  package enum Reason: UInt8, Sendable, CaseIterable {
    // The text.
    case tooLarge, lineTooLong, badCharacter, badLine, badVersion
    // Its sections and attributes.
    case tooManySections, tooManyAttributes, badMediaLine, badAttribute, missingMid, duplicateMid
    // What an offer or an answer must say to be usable here.
    case noUsableMedia, notBundled, noRTCPMux, noICECredentials, noFingerprint, badSetup, badDirection
  }

  package let reason: Reason
  /// The line it was found on, from 1; 0 when it concerns the description as a whole.
  package let line: Int

  package init(_ reason: Reason, line: Int = 0) {
    self.reason = reason
    self.line = line
  }

  /// One sentence for people.
  package var message: String { line > 0 ? "line \(line): \(sentence)" : sentence }

  private var sentence: String {
    switch reason {
    case .tooLarge: "the session description is longer than \(SDPLimits.bytes) bytes"
    case .lineTooLong: "the line is longer than \(SDPLimits.lineBytes) bytes"
    case .badCharacter: "the line holds a control character"
    case .badLine: "the line is not of the form letter=value"
    case .badVersion: "a session description starts with v=0"
    case .tooManySections: "there are more than \(SDPLimits.sections) media sections"
    case .tooManyAttributes: "a media section has too many attributes of one kind"
    case .badMediaLine: "the m-line is malformed"
    case .badAttribute: "the attribute is malformed"
    case .missingMid: "the media section has no mid"
    case .duplicateMid: "two media sections have the same mid"
    case .noUsableMedia: "no media section has a codec that is accepted here"
    case .notBundled: "every accepted media section must be in the BUNDLE group"
    case .noRTCPMux: "rtcp-mux is required"
    case .noICECredentials: "the ICE user fragment or password is missing"
    case .noFingerprint: "a sha-256 certificate fingerprint is required"
    case .badSetup: "the setup attribute is missing or not allowed here"
    case .badDirection: "a media section's direction is not allowed here"
    }
  }
}

/// Bounds on what is read: enough for a browser with a hundred receive slots, too little to hurt.
package enum SDPLimits {
  package static let bytes = 512 * 1024
  package static let lineBytes = 4096
  package static let sections = 256
  /// Per media section: payload types, feedback lines, sources and so on, each.
  package static let attributesOfOneKind = 256
  /// Header extensions carry the mid on packets, in at most this many bytes (RFC 9143 section 15.1 advises 3).
  package static let midBytes = 16
}
