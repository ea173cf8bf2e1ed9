import Foundation
import Testing

/// Offers that real browsers made: camera, microphone and a data channel, `bundlePolicy: "balanced"`.
enum Offers: String, CaseIterable {
  case chromium, firefox

  func text() throws -> String {
    let url = try #require(
      Bundle.module.url(forResource: "offer-\(rawValue)", withExtension: "sdp", subdirectory: "Offers"))
    return try String(contentsOf: url, encoding: .utf8)
  }

  /// The offer with every occurrence of one text replaced; fails the test when there is none.
  func text(replacing old: String, with new: String) throws -> String {
    let original = try text().replacingOccurrences(of: "\r\n", with: "\n")
    try #require(original.contains(old))
    return original.replacingOccurrences(of: old, with: new)
  }
}

extension String {
  /// The lines of a session description, grouped: the session's own first, then one group per m-line.
  var sections: [[String]] {
    var groups: [[String]] = [[]]
    for line in replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n") {
      if line.hasPrefix("m=") { groups.append([]) }
      groups[groups.count - 1].append(String(line))
    }
    return groups
  }
}
