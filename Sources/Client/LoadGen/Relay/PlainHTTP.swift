package import NIOCore
import NIOPosix

/// One HTTP/1.0 GET; for the relay's metrics, which are plain text on loopback.
package enum PlainHTTP {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  package static func get(
    host: String, port: Int, path: String, on group: any EventLoopGroup
  ) async throws -> String {
    let channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(5)).connect(host: host, port: port) {
      channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
    let answer = try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: "GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\r\n"))
      var answer: [UInt8] = []
      for try await part in inbound { answer += part.readableBytesView }
      return String(decoding: answer, as: UTF8.self)
    }
    guard let end = answer.range(of: "\r\n\r\n"), answer.hasPrefix("HTTP/1.") else {
      throw Failure(description: "\(host):\(port)\(path) does not answer as HTTP")
    }
    guard answer.dropFirst(9).hasPrefix("200") else {
      throw Failure(description: "\(host):\(port)\(path) answers \(answer.dropFirst(9).prefix(3))")
    }
    return String(answer[end.upperBound...])
  }
}

extension String {
  /// The range of the first occurrence of `needle`.
  fileprivate func range(of needle: String) -> Range<String.Index>? {
    let (haystack, pattern) = (Array(utf8), Array(needle.utf8))
    guard haystack.count >= pattern.count else { return nil }
    for start in 0...(haystack.count - pattern.count) where haystack[start] == pattern[0] {
      if Array(haystack[start..<(start + pattern.count)]) == pattern {
        return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: start + pattern.count)
      }
    }
    return nil
  }
}
