import FoundationEssentials

/// Where the built executables are: beside the test bundle.
enum Executables {
  static func path(of name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

  private static var folder: URL {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    return URL(filePath: own).deletingLastPathComponent()
  }
}
