import FoundationEssentials

/// A request of Janus' API: to the server, to a session, or to a handle of a plugin.
struct JanusRequest: Encodable {
  struct Body: Encodable {
    struct Feed: Encodable { var feed: UInt64 }

    var request: String
    var room: UInt64?
    var ptype: String?
    var streams: [Feed]?
    var publishers: Int?
    var bitrate: Int?
    var fir_freq: Int?
    var permanent: Bool?
    var audiocodec: String?
    var videocodec: String?
    var notify_joining: Bool?
  }

  struct Description: Codable {
    var type: String
    var sdp: String
  }

  var janus: String
  var transaction = ""
  var session_id: UInt64?
  var handle_id: UInt64?
  var plugin: String?
  var body: Body?
  var jsep: Description?

  var text: [UInt8] { (try? Array(JSONEncoder().encode(self))) ?? [] }
}

/// What comes back, of all kinds: only what this client reads.
struct JanusReply: Decodable, Sendable {
  struct Identifier: Decodable, Sendable { var id: UInt64 }
  struct Failure: Decodable, Sendable { var reason: String }
  struct Participant: Decodable, Sendable {
    var id: UInt64
    var publisher: Bool?
  }
  struct PluginData: Decodable, Sendable {
    struct Content: Decodable, Sendable {
      var videoroom: String?
      var error: String?
      var id: UInt64?
      var participants: [Participant]?
    }
    var data: Content
  }
  struct Description: Decodable, Sendable { var sdp: String }

  var janus: String
  var transaction: String?
  var data: Identifier?
  var error: Failure?
  var plugindata: PluginData?
  var jsep: Description?

  init?(text: [UInt8]) {
    guard let reply = try? JSONDecoder().decode(Self.self, from: Data(text)) else { return nil }
    self = reply
  }
}
