import ArgumentParser
import E2EKeys
import FoundationEssentials
import LoadGen
import TestKit
import Testing

@Suite struct ArtifactCommandTests {
  /// A folder with a key pair, a file of several pieces, and its signature.
  private func signed() throws -> TestFolder {
    let folder = try TestFolder()
    try keygen(folder, "key.pem", "public.pem")
    var random = SeededRandom(seed: 1)
    try FileBytes.write(random.bytes(200_000), to: folder.path(of: "file"))
    try sign(folder, ["--kind", "recording"])
    return folder
  }

  private func keygen(_ folder: TestFolder, _ key: String, _ publicKey: String, _ more: [String] = []) throws {
    try ArtifactKeygenCommand.parse(
      ["--key", folder.path(of: key), "--public", folder.path(of: publicKey)] + more
    ).run()
  }

  private func sign(_ folder: TestFolder, _ more: [String] = []) throws {
    try ArtifactSignCommand.parse([folder.path(of: "file"), "--key", folder.path(of: "key.pem")] + more).run()
  }

  private func verify(_ folder: TestFolder, _ file: String = "file", _ more: [String] = []) throws {
    try ArtifactVerifyCommand.parse(
      [folder.path(of: file), "--signer", folder.path(of: "public.pem"), "--signature", folder.path(of: "file.sig")]
        + more
    ).run()
  }

  @Test func `a signed file is verified, by its kind or without one`() throws {
    let folder = try signed()
    try verify(folder)
    try verify(folder, "file", ["--kind", "recording"])
    #expect(throws: ExitCode(1)) { try verify(folder, "file", ["--kind", "transcript"]) }
  }

  @Test func `a changed byte anywhere in the file is refused`() throws {
    let folder = try signed()
    let bytes = try FileBytes.read(folder.path(of: "file"))
    for position in [0, 1, 65_535, 65_536, 131_072, bytes.count - 1] {
      var changed = bytes
      changed[position] ^= 0x80
      try FileBytes.write(changed, to: folder.path(of: "changed"))
      #expect(throws: ExitCode(1), "byte \(position)") { try verify(folder, "changed") }
    }
    for changed in [Array(bytes.dropLast()), bytes + [0], []] {
      try FileBytes.write(changed, to: folder.path(of: "changed"))
      #expect(throws: ExitCode(1)) { try verify(folder, "changed") }
    }
  }

  @Test func `a changed signature and another signer are refused`() throws {
    let folder = try signed()
    let text = try FileBytes.read(folder.path(of: "file.sig"))
    for position in [0, 20, 90, 130, 200, 400, 3_000, text.count - 10] {
      var changed = text
      changed[position] ^= 1
      try FileBytes.write(changed, to: folder.path(of: "file.sig"))
      #expect(throws: ExitCode(1), "byte \(position)") { try verify(folder) }
    }
    try FileBytes.write(text, to: folder.path(of: "file.sig"))
    try verify(folder)
    try keygen(folder, "other.pem", "public.pem", ["--force"])
    #expect(throws: ExitCode(1)) { try verify(folder) }
  }

  @Test func `without a signer nothing is proven, and that is said`() throws {
    let folder = try signed()
    let error = #expect(throws: CommandError.self) {
      try ArtifactVerifyCommand.parse([folder.path(of: "file")]).run()
    }
    #expect(error?.description.contains("proves nothing") == true)
  }

  @Test func `keys are not overwritten, and the private one is its owner's alone`() throws {
    let folder = try signed()
    func content() throws -> [[UInt8]] {
      try ["key.pem", "public.pem"].map { try FileBytes.read(folder.path(of: $0)) }
    }
    func permissions(_ name: String) throws -> Int? {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(of: name))
      return attributes[.posixPermissions].flatMap { Int("\($0)") }.map { $0 & 0o777 }
    }
    let before = try content()
    #expect(throws: CommandError.self) { try keygen(folder, "key.pem", "new.pem") }
    #expect(throws: CommandError.self) { try keygen(folder, "new.pem", "public.pem") }
    #expect(throws: CommandError.self) { try keygen(folder, "new.pem", "new.pem") }
    #expect(try content() == before)
    #expect(!FileBytes.exists(folder.path(of: "new.pem")))
    #expect(try permissions("key.pem") == 0o600 && permissions("public.pem") == 0o644)
    // A file that others may read is not reused for the key.
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: folder.path(of: "key.pem"))
    try keygen(folder, "key.pem", "public.pem", ["--force"])
    #expect(try content()[0] != before[0] && content()[1] != before[1])
    #expect(try permissions("key.pem") == 0o600)
    #expect(throws: MediaFileError.self) {
      try FileBytes.create(folder.path(of: "key.pem"), [1], permissions: 0o600, replacing: false)
    }
  }

  @Test func `input that cannot be used is named`() throws {
    let folder = try signed()
    let nowhere = folder.path(of: "nowhere")
    #expect(throws: MediaFileError.self) { try verify(folder, "nowhere") }
    #expect(throws: CommandError.self) { try sign(folder, ["--kind", "ä"]) }
    #expect(throws: CommandError.self) { try sign(folder, ["-o", folder.path(of: "file")]) }
    #expect(throws: CommandError.self) { try sign(folder, ["-o", folder.path(of: "key.pem")]) }
    #expect(throws: CommandError.self) { try verify(folder, "file", ["--kind", ""]) }
    func run(_ arguments: [String]) throws { try ArtifactVerifyCommand.parse(arguments).run() }
    let file = folder.path(of: "file")
    for signer in [nowhere, file, folder.path(of: "key.pem"), "/dev/zero"] {
      let error = #expect(throws: (any Error).self) { try run([file, "--signer", signer]) }
      #expect(error is CommandError || error is MediaFileError)
      #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(signer))
    }
    #expect(throws: MediaFileError.self) {
      try run([file, "--signer", folder.path(of: "public.pem"), "--signature", nowhere])
    }
  }
}
