import FoundationEssentials

private enum TypeKey: String, CodingKey { case type }

extension ClientMessage: Codable {
  /// The message's `type` on the wire.
  package var type: String {
    switch self {
    case .join: "join"
    case .offer: "offer"
    case .publish: "publish"
    case .unpublish: "unpublish"
    case .subscribe: "subscribe"
    case .unsubscribe: "unsubscribe"
    case .constraints: "constraints"
    case .mute: "mute"
    case .sealed: "sealed"
    case .ready: "ready"
    case .leave: "leave"
    case .ping: "ping"
    case .unknown(let type): type
    }
  }

  package init(from decoder: any Decoder) throws {
    let type = try decoder.container(keyedBy: TypeKey.self).decode(String.self, forKey: .type)
    switch type {
    case "join": self = .join(try Join(from: decoder))
    case "offer": self = .offer(try Offer(from: decoder))
    case "publish": self = .publish(try Publish(from: decoder))
    case "unpublish": self = .unpublish(try Unpublish(from: decoder))
    case "subscribe": self = .subscribe(try TrackSelection(from: decoder))
    case "unsubscribe": self = .unsubscribe(try TrackSelection(from: decoder))
    case "constraints": self = .constraints(try Constraints(from: decoder))
    case "mute": self = .mute(try Mute(from: decoder))
    case "sealed": self = .sealed(try SealedToMember(from: decoder))
    case "ready": self = .ready(try Ready(from: decoder))
    case "leave": self = .leave
    case "ping": self = .ping(try Ping(from: decoder))
    default: self = .unknown(type: type)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: TypeKey.self)
    try container.encode(type, forKey: .type)
    switch self {
    case .join(let body): try body.encode(to: encoder)
    case .offer(let body): try body.encode(to: encoder)
    case .publish(let body): try body.encode(to: encoder)
    case .unpublish(let body): try body.encode(to: encoder)
    case .subscribe(let body), .unsubscribe(let body): try body.encode(to: encoder)
    case .constraints(let body): try body.encode(to: encoder)
    case .mute(let body): try body.encode(to: encoder)
    case .sealed(let body): try body.encode(to: encoder)
    case .ready(let body): try body.encode(to: encoder)
    case .ping(let body): try body.encode(to: encoder)
    case .leave, .unknown: break
    }
  }
}

extension RelayMessage: Codable {
  /// The message's `type` on the wire.
  package var type: String {
    switch self {
    case .joined: "joined"
    case .answer: "answer"
    case .published: "published"
    case .unpublished: "unpublished"
    case .muted: "muted"
    case .slots: "slots"
    case .sealed: "sealed"
    case .membership: "membership"
    case .rekey: "rekey"
    case .speakers: "speakers"
    case .quality: "quality"
    case .layers: "layers"
    case .notice: "notice"
    case .goodbye: "goodbye"
    case .pong: "pong"
    case .error: "error"
    case .unknown(let type): type
    }
  }

  package init(from decoder: any Decoder) throws {
    let type = try decoder.container(keyedBy: TypeKey.self).decode(String.self, forKey: .type)
    switch type {
    case "joined": self = .joined(try Joined(from: decoder))
    case "answer": self = .answer(try Answer(from: decoder))
    case "published": self = .published(try Published(from: decoder))
    case "unpublished": self = .unpublished(try TrackSelection(from: decoder))
    case "muted": self = .muted(try Muted(from: decoder))
    case "slots": self = .slots(try SlotAssignments(from: decoder))
    case "sealed": self = .sealed(try SealedFromMember(from: decoder))
    case "membership": self = .membership(try MembershipChange(from: decoder))
    case "rekey": self = .rekey(try Rekey(from: decoder))
    case "speakers": self = .speakers(try Speakers(from: decoder))
    case "quality": self = .quality(try Quality(from: decoder))
    case "layers": self = .layers(try Layers(from: decoder))
    case "notice": self = .notice(try Notice(from: decoder))
    case "goodbye": self = .goodbye(try Goodbye(from: decoder))
    case "pong": self = .pong(try Ping(from: decoder))
    case "error": self = .error(try SignalingError(from: decoder))
    default: self = .unknown(type: type)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: TypeKey.self)
    try container.encode(type, forKey: .type)
    switch self {
    case .joined(let body): try body.encode(to: encoder)
    case .answer(let body): try body.encode(to: encoder)
    case .published(let body): try body.encode(to: encoder)
    case .unpublished(let body): try body.encode(to: encoder)
    case .muted(let body): try body.encode(to: encoder)
    case .slots(let body): try body.encode(to: encoder)
    case .sealed(let body): try body.encode(to: encoder)
    case .membership(let body): try body.encode(to: encoder)
    case .rekey(let body): try body.encode(to: encoder)
    case .speakers(let body): try body.encode(to: encoder)
    case .quality(let body): try body.encode(to: encoder)
    case .layers(let body): try body.encode(to: encoder)
    case .notice(let body): try body.encode(to: encoder)
    case .goodbye(let body): try body.encode(to: encoder)
    case .pong(let body): try body.encode(to: encoder)
    case .error(let body): try body.encode(to: encoder)
    case .unknown: break
    }
  }
}

/// JSON text of the signalling messages: the body of one WebSocket text frame.
package enum SignalingText {
  package static func encode(_ message: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Every message is built of strings, numbers and arrays, which JSON can always hold.
    guard let data = try? encoder.encode(message) else { preconditionFailure("a signalling message is not JSON") }
    return Array(data)
  }

  /// Nil when the text is not a well-formed message. What was wrong is not said: the text is hostile.
  package static func decode<Message: Decodable>(_ type: Message.Type, from text: [UInt8]) -> Message? {
    try? JSONDecoder().decode(type, from: Data(text))
  }
}
