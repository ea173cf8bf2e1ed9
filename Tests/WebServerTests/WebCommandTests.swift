import Testing
import WebServer

@Suite struct WebCommandTests {
  @Test(arguments: [false, true])
  func `serve prints its address, serves, and ends cleanly at a signal`(_ interrupts: Bool) async throws {
    let scratch = try ScratchSite(["index.html": "page"])
    let web = try SFUWeb.Running(["serve", "--port", "0", "--root", scratch.path])
    let lines = web.firstOutput().split(separator: "\n")
    let address = try #require(lines.first)
    #expect(address.hasPrefix("http://localhost:") && address.hasSuffix("/"))
    let digest = try SiteFolder(path: scratch.path).load().digest
    #expect(lines.count == 2 && lines[1] == "1 files, \(digest)")
    let port = try #require(Int(address.dropFirst("http://localhost:".count).dropLast()))
    #expect(try await RawHTTP.request(port, "/").body == "page")
    if interrupts { web.interrupt() } else { web.terminate() }
    let result = await web.result()
    // Nothing is written about who asked for what.
    #expect(result.exitCode == 0 && result.output.isEmpty && result.errors.isEmpty)
  }

  @Test func `a signal ends connections that are open`() async throws {
    let scratch = try ScratchSite()
    let web = try SFUWeb.Running(["serve", "--port", "0", "--root", scratch.path])
    let address = try #require(web.firstOutput().split(separator: "\n").first)
    let port = try #require(Int(address.dropFirst("http://localhost:".count).dropLast()))
    async let silent = RawHTTP.send(port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    _ = try await RawHTTP.request(port, "/")
    web.terminate()
    #expect(await web.result().exitCode == 0)
    _ = try? await silent
  }

  @Test func `a busy port is one line that names it, and exit code 2`() async throws {
    let scratch = try ScratchSite()
    let site = try SiteFolder(path: scratch.path).load()
    try await RunningServer.with(site) { server in
      let run = try await SFUWeb.run(["serve", "--port", "\(server.port)", "--root", scratch.path])
      #expect(run.exitCode == 2 && run.output.isEmpty)
      #expect(run.errors == "sfu-web: port \(server.port) of 127.0.0.1 is in use; name another one with --port\n")
    }
  }

  @Test(arguments: [
    (["serve", "--root", "/nowhere"], "/nowhere: is not a folder"), (["serve", "--root", "/tmp"], "no index.html"),
    (["digest", "--root", "/nowhere"], "/nowhere: is not a folder"), (["serve", "--port", "70000"], "0 to 65535"),
    (["serve", "--port", "x"], "--port"), (["serve", "--host", "not an address", "--port", "0"], "--host"),
    (["serve", "--host", "203.0.113.7", "--port", "0"], "203.0.113.7"), (["bogus"], "bogus"),
    (["serve", "--bogus"], "--bogus"),
  ])
  func `what cannot be run is one line and exit code 2`(_ arguments: [String], _ word: String) async throws {
    let scratch = try ScratchSite()
    let needsRoot = arguments[0] == "serve" && !arguments.contains("--root")
    let run = try await SFUWeb.run(arguments + (needsRoot ? ["--root", scratch.path] : []))
    #expect(run.exitCode == 2 && run.output.isEmpty)
    #expect(run.errors.hasPrefix("sfu-web: ") && run.errors.contains(word), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
  }

  @Test func `help is printed, exit code 0`() async throws {
    for (arguments, word) in [(["--help"], "digest"), (["serve", "--help"], "--port"), ([], "serve")] {
      let run = try await SFUWeb.run(arguments)
      #expect(run.exitCode == 0 && run.output.contains(word) && run.errors.isEmpty)
    }
  }
}
