import Yams

/// The keys of a policy file with their values, before anything is known about what these mean.
struct PolicyEntries {
  enum Value: CustomStringConvertible {
    case text(String, isQuoted: Bool)
    case list([String])
    /// What no key may hold.
    case other(String)

    var description: String {
      switch self {
      case .text(let text, let isQuoted): isQuoted ? "\"\(text)\"" : text
      case .list(let items): "[\(items.joined(separator: ", "))]"
      case .other(let what): what
      }
    }
  }

  private(set) var values: [(key: PolicyKey, value: Value)] = []
  /// The line of each key that the file holds.
  private(set) var lines: [PolicyKey: Int] = [:]

  init(path: String, bytes: [UInt8]) throws(PolicyFileError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PolicyFileError(nil, "\(path): the policy file is not UTF-8 text")
    }
    // No value needs them, and a few lines of aliases can stand for more nodes than there is memory for.
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where line.prefix(while: { $0 != "#" }).contains(where: { $0 == "&" || $0 == "*" }) {
      throw PolicyFileError(nil, "\(path):\(index + 1): the policy file may have no anchors and aliases (`&`, `*`)")
    }
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch { throw Self.notYAML(error, path: path) }
    // A file of comments only says that all defaults are fine.
    guard let root, root.null == nil else { return }
    guard let mapping = root.mapping else {
      throw PolicyFileError(
        nil, "\(path): the policy file must be a mapping of keys, such as `minimumSuite: mlkem1024`")
    }
    for (name, node) in mapping {
      let line = name.mark?.line ?? 1
      let text = name.scalar?.string ?? "?"
      guard let key = PolicyKey(rawValue: text) else {
        throw PolicyFileError(
          nil,
          "\(path):\(line): key `\(PolicyFileError.shorten(text))` is unknown: allowed are "
            + PolicyKey.allCases.map(\.rawValue).joined(separator: ", "))
      }
      values.append((key, Self.value(node)))
      lines[key] = line
    }
  }

  private static func value(_ node: Node) -> Value {
    if let scalar = node.scalar { return .text(scalar.string, isQuoted: scalar.style != .plain) }
    guard let items = node.sequence else { return .other("{a mapping}") }
    let texts = items.compactMap { $0.scalar?.string }
    return texts.count == items.count ? .list(texts) : .other("[a list of lists]")
  }

  private static func notYAML(_ error: any Error, path: String) -> PolicyFileError {
    switch error as? YamlError {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return PolicyFileError(nil, "\(path):\(mark.line): not valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map { "`\($0)`" }.joined(separator: ", ")
      return PolicyFileError(nil, "\(path):\(context.mark.line): key \(keys) stands there more than once")
    default:
      return PolicyFileError(nil, "\(path): not valid YAML: \(error)")
    }
  }
}
