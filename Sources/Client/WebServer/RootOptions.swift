import ArgumentParser

/// Which folder is the page.
struct RootOptions: ParsableArguments {
  @Option(help: "Folder of the page. Default: Sources/Client/WebClient of the tree that this was built in.")
  var root: String?

  init() {}

  func load() throws(SiteError) -> Site {
    guard let root else { return try SiteFolder.standard().load() }
    return try SiteFolder(path: root).load()
  }
}
