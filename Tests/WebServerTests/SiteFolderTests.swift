import Testing
import WebServer

@Suite struct SiteFolderTests {
  @Test func `the page is made of known file types with plain names, in folders`() throws {
    let scratch = try ScratchSite([
      "index.html": "a", "app/main.js": "b", "app/deep/er/style.css": "c", "pq.wasm": "d", "icon.svg": "e",
      "icon.png": "f",
      "strings.json": "g", "robots.txt": "h", "README.md": "no", "build.sh": "no", "glue.cc": "no", ".hidden.js": "no",
      ".git/config.txt": "no", "screenshots/call.png": "no", "with space.js": "no", "a%2e.js": "no", "plain": "no",
      "UPPER.HTML": "no", "pq.wasm.sha256": "no",
    ])
    let site = try SiteFolder(path: scratch.path + "//").load()
    #expect(
      site.files.map(\.path) == [
        "app/deep/er/style.css", "app/main.js", "icon.png", "icon.svg", "index.html", "pq.wasm", "robots.txt",
        "strings.json",
      ])
  }

  @Test func `symbolic links are not part of the page, wherever they lead`() throws {
    let scratch = try ScratchSite()
    try scratch.link("file.txt", to: "\(scratch.outside)/secret.txt")
    try scratch.link("folder", to: scratch.outside)
    try scratch.link("root", to: "/")
    try scratch.link("self.html", to: "index.html")
    try scratch.link("nowhere.js", to: "missing")
    #expect(try SiteFolder(path: scratch.path).load().files.map(\.path) == ["index.html"])
  }

  @Test func `a root that is a symbolic link to the page is the page`() throws {
    let scratch = try ScratchSite()
    let other = try ScratchSite()
    try other.link("page", to: scratch.path)
    #expect(try SiteFolder(path: "\(other.path)/page").load().files.count == 1)
  }

  @Test func `a wrong root is one line that names it`() throws {
    let empty = try ScratchSite([:])
    for (path, word) in [
      ("/nowhere/at/all", "not a folder"), ("/proc/version", "not a folder"), (empty.path, "no index.html"),
      ("/", "--root"),
    ] {
      let error = #expect(throws: SiteError.self) { try SiteFolder(path: path).load() }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("\(path): ") && text.contains(word) && !text.contains("\n"), "\(text)")
    }
  }

  @Test func `a file in the place of the list of digests is refused`() throws {
    let scratch = try ScratchSite(["index.html": "a", "digest.txt": "b"])
    #expect(throws: SiteError.self) { try SiteFolder(path: scratch.path).load() }
  }

  @Test func `a folder that is deeper or larger than a page is refused`() throws {
    let deep = try ScratchSite(["index.html": "a", "1/2/3/4/5/6/7/8/9/x.js": "b"])
    #expect(throws: SiteError.self) { try SiteFolder(path: deep.path).load() }
    let large = try ScratchSite(["index.html": "a", "x.js": String(repeating: "x", count: 9 << 20)])
    #expect(throws: SiteError.self) { try SiteFolder(path: large.path).load() }
    let files = Dictionary(uniqueKeysWithValues: (0..<2_001).map { ("\($0).md", "") })
    let many = try ScratchSite(files.merging(["index.html": "a"]) { $1 })
    #expect(throws: SiteError.self) { try SiteFolder(path: many.path).load() }
  }

  @Test func `the page is looked for above the executable first, nearest first, then in the current folder`() throws {
    let tree = try ScratchSite([
      "Sources/Client/WebClient/index.html": "a", "sub/Sources/Client/WebClient/index.html": "b",
    ])
    let other = try ScratchSite(["Sources/Client/WebClient/index.html": "c"])
    func found(_ executable: String, _ current: String) throws -> String {
      try SiteFolder.standard(executable: executable, currentFolder: current).path
    }
    let place = "Sources/Client/WebClient"
    #expect(try found("\(tree.path)/.build/release/sfu-web", other.path) == "\(tree.path)/\(place)")
    #expect(try found("\(tree.path)/sub/x/sfu-web", other.path) == "\(tree.path)/sub/\(place)")
    #expect(try found("/usr/bin/sfu-web", other.path) == "\(other.path)/\(place)")
    #expect(throws: SiteError.self) { try found("/usr/bin/sfu-web", "/tmp") }
    #expect(throws: SiteError.self) { try found("", "/tmp") }
  }
}
