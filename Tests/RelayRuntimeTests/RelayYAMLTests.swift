import Testing

import RelayRuntime

/// `Config/relay.yaml` is documentation: it must stay true.
struct RelayYAMLTests {
  private static let path =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Config/relay.yaml"

  @Test func `the documented file holds every key with its default`() throws {
    let file = try SettingsFile(path: Self.path)
    #expect(Set(file.lines.keys) == Set(SettingKey.all.map(\.path)))
    let settings = try Settings(file: file, environment: [:])
    for key in SettingKey.all {
      let value = settings.value(key)
      #expect(value.items.filter { !$0.isEmpty } == key.defaults.filter { !$0.isEmpty }, "\(key.path)")
      #expect(value.origin == .file(Self.path, line: file.lines[key.path]), "\(key.path)")
    }
  }

  @Test func `every key stands below a comment or beside one that explains it too`() throws {
    let text = String(decoding: try FileContents.read(Self.path), as: UTF8.self)
    let comments = text.split(separator: "\n").filter { $0.drop(while: { $0 == " " }).hasPrefix("#") }
    #expect(comments.count >= SettingKey.all.count)
  }
}
