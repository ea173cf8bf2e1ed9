package import Configuration
import SystemPackage
import Yams

/// A YAML file of settings whose every key and type has been checked.
///
/// swift-configuration looks up the keys that it is asked for and ignores all others, so a mistyped key would be
/// silently without effect. Here the whole tree is held against the table of settings first.
package struct SettingsFile: Sendable {
  package let path: String
  /// The values, as swift-configuration reads them.
  package let snapshot: any ConfigSnapshot
  /// The line of each key that the file holds.
  package let lines: [String: Int]

  /// Reads and checks the file.
  package init(path: String) throws(ConfigurationError) {
    let bytes: [UInt8]
    do { bytes = try FileContents.read(path) } catch {
      throw ConfigurationError("\(path): the configuration file cannot be read (\(error.reason))")
    }
    try self.init(path: path, bytes: bytes)
  }

  /// Checks the bytes of a file; `path` is for messages.
  package init(path: String, bytes: [UInt8]) throws(ConfigurationError) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError("\(path): the configuration file is not UTF-8 text")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Self.notYAML(error, path: path)
    }
    // A file of comments only says that all defaults are fine.
    if root == nil || root?.null != nil {
      snapshot = InMemoryProvider(name: path, values: [:]).snapshot()
      lines = [:]
      return
    }
    guard let mapping = root?.mapping else {
      throw ConfigurationError("\(path): the configuration file must be a mapping of sections, such as `media:`")
    }
    lines = try Self.check(mapping, path: path)
    do {
      snapshot = try unsafe YAMLSnapshot(data: bytes.span.bytes, providerName: path, parsingOptions: .default)
    } catch {
      throw ConfigurationError("\(path): the configuration file cannot be read: \(error)")
    }
  }

  private static func check(_ root: Node.Mapping, path: String) throws(ConfigurationError) -> [String: Int] {
    var lines: [String: Int] = [:]
    for (sectionNode, body) in root {
      let section = sectionNode.scalar?.string ?? "?"
      let place = "\(path):\(sectionNode.mark?.line ?? 1)"
      guard SettingKey.sections.contains(section) else {
        throw ConfigurationError(
          "\(place): key `\(ConfigurationError.shorten(section))` is unknown: allowed are the sections "
            + SettingKey.sections.joined(separator: ", "))
      }
      if body.null != nil, body.scalar?.string.isEmpty == true { continue }
      guard let entries = body.mapping else {
        throw ConfigurationError(
          "\(place): key `\(section)`: value `\(describe(body))`: allowed is a section with the keys "
            + SettingKey.names(inSection: section).joined(separator: ", "))
      }
      for (nameNode, value) in entries {
        let name = nameNode.scalar?.string ?? "?"
        let line = nameNode.mark?.line
        guard let key = SettingKey.find("\(section).\(name)") else {
          throw ConfigurationError(
            "\(path):\(line ?? 1): key `\(section).\(ConfigurationError.shorten(name))` is unknown: allowed in "
              + "`\(section)` are " + SettingKey.names(inSection: section).joined(separator: ", "))
        }
        guard hasType(of: key.kind, value) else {
          throw ConfigurationError(origin: .file(path, line: line), key: key, value: describe(value))
        }
        lines[key.path] = line
      }
    }
    return lines
  }

  /// The shape only; the value itself is checked like that of any other source.
  private static func hasType(of kind: SettingKind, _ node: Node) -> Bool {
    if kind.isList { return node.sequence?.allSatisfy { $0.scalar != nil } ?? false }
    guard let scalar = node.scalar else { return false }
    return !kind.isPlainInYAML || scalar.style == .plain
  }

  private static func describe(_ node: Node) -> String {
    if let scalar = node.scalar { return scalar.style == .plain ? scalar.string : "\"\(scalar.string)\"" }
    return node.sequence != nil ? "[a list]" : "{a mapping}"
  }

  private static func notYAML(_ error: any Error, path: String) -> ConfigurationError {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ConfigurationError("\(path):\(mark.line): not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map { "`\($0)`" }.joined(separator: ", ")
      return ConfigurationError("\(path):\(context.mark.line): key \(keys) stands there more than once")
    default:
      return ConfigurationError("\(path): not valid YAML: \(error)")
    }
  }
}
