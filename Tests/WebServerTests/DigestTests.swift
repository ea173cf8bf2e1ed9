import FoundationEssentials
import Testing
import WebServer

@Suite struct DigestTests {
  private static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func `the list has a line for each file, in order, and the digest of those lines`() {
    let site = Site([
      SiteFile(path: "index.html", type: .html, bytes: Array("abc".utf8)),
      SiteFile(path: "a/b.js", type: .js, bytes: []),
    ])
    let lines = "\(Self.nothing)  a/b.js\n\(Self.abc)  index.html\n"
    #expect(site.digestText == lines + "# all: \(SiteFile.digest(lines.utf8))\n")
    #expect(site.digestText.contains(site.digest))
  }

  @Test func `any change of a byte, a name or the set of files changes the digest of the whole`() {
    func digest(_ files: [(String, String)]) -> String {
      Site(files.map { SiteFile(path: $0.0, type: .js, bytes: Array($0.1.utf8)) }).digest
    }
    let variants: [[(String, String)]] = [
      [("a.js", "1"), ("b.js", "2")], [("a.js", "1"), ("b.js", "3")], [("a.js", "1"), ("c.js", "2")], [("a.js", "1")],
      [("a.js", "2"), ("b.js", "1")], [],
    ]
    #expect(Set(variants.map(digest)).count == variants.count)
    #expect(digest([("b.js", "2"), ("a.js", "1")]) == digest([("a.js", "1"), ("b.js", "2")]))
  }

  @Test func `the list is served, and is the one that the command prints`() async throws {
    let scratch = try ScratchSite(["index.html": "abc", "x/y.css": "z"])
    let site = try SiteFolder(path: scratch.path).load()
    try await RunningServer.with(site) { server in
      let answer = try await RawHTTP.request(server.port, "/digest.txt")
      #expect(answer.status == 200 && answer.field("content-type") == "text/plain; charset=utf-8")
      #expect(answer.body == site.digestText)
      #expect(answer.body.contains("\(Self.abc)  index.html\n"))
    }
    let run = try await SFUWeb.run(["digest", "--root", scratch.path])
    #expect(run.exitCode == 0 && run.output == site.digestText && run.errors.isEmpty)
  }
}
