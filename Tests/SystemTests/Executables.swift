import Foundation

/// Where the built executables are: beside the test bundle.
enum Executables {
  static func path(of name: String) -> String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    let folder = URL(fileURLWithPath: own).deletingLastPathComponent()
    return folder.appendingPathComponent(name).path
  }
}
