import Foundation
import Testing

/// Offers that real browsers made, Chromium 156 and Firefox ESR 153.
enum Offers: String {
  /// Camera, microphone and a data channel, `bundlePolicy: "balanced"`.
  case chromium, firefox
  /// Microphone, camera in three encodings and one video slot, `bundlePolicy: "max-bundle"`.
  case chromiumSimulcast = "chromium-simulcast"
  case firefoxSimulcast = "firefox-simulcast"

  static let plain = [Offers.chromium, .firefox]
  static let simulcast = [Offers.chromiumSimulcast, .firefoxSimulcast]

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
