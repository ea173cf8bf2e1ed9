import FoundationEssentials

extension SiteFolder {
  private static let inPackage = "Sources/Client/WebClient"

  /// The page in the source tree that this executable was built in, or in the one that is the current folder.
  package static func standard() throws(SiteError) -> SiteFolder {
    let manager = FileManager.default
    let executable = (try? manager.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return try standard(executable: executable, currentFolder: manager.currentDirectoryPath)
  }

  package static func standard(executable: String, currentFolder: String) throws(SiteError) -> SiteFolder {
    var folders = [currentFolder]
    var folder = executable[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      folders.append(String(folder))
    }
    // The tree of the executable goes before the current folder, the nearest folder before the others.
    for folder in folders.dropFirst() + folders.prefix(1) {
      let candidate = "\(folder)/\(inPackage)"
      var isFolder = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), isFolder {
        return SiteFolder(path: candidate)
      }
    }
    throw SiteError("the page is not found: no \(inPackage) above this executable or here; name it with --root")
  }
}
