import Configuration
import WireBytes

/// All settings with their final values: command line before environment before file before default.
package struct Settings: Sendable {
  package struct Value: Sendable, Equatable {
    package let items: [String]
    package let origin: SettingOrigin

    package init(items: [String], origin: SettingOrigin) {
      self.items = items
      self.origin = origin
    }
  }

  private let values: [String: Value]

  /// - Parameters:
  ///   - overrides: the command line's values, by key path.
  ///   - environment: the process's environment; only names that begin with `SFU_` concern the relay.
  package init(
    file: SettingsFile?, environment: [String: String], overrides: [String: [String]] = [:]
  ) throws(ConfigurationError) {
    try Self.checkNames(environment)
    try Self.checkNames(overrides)
    let layers = Self.layers(file: file, environment: environment, overrides: overrides)
    var values: [String: Value] = [:]
    for key in SettingKey.all {
      let value = try Self.look(up: key, in: layers)
      try Self.check(value, key: key)
      values[key.path] = value
    }
    self.values = values
  }

  package func value(_ key: SettingKey) -> Value {
    guard let value = values[key.path] else { preconditionFailure("a setting is missing from the table") }
    return value
  }

  package func text(_ key: SettingKey) -> String { value(key).items.first ?? "" }
  package func list(_ key: SettingKey) -> [String] { value(key).items }
  /// The kind of each key was checked: what does not convert is a programming error in the table.
  package func integer(_ key: SettingKey) -> Int { Int(text(key)) ?? 0 }
  package func flag(_ key: SettingKey) -> Bool { text(key) == "true" }

  /// An error about a value that is fine by itself but not with the others, or not on this machine.
  package func fault(_ key: SettingKey, allowed: String, reason: String? = nil) -> ConfigurationError {
    let value = value(key)
    let text = key.kind.isList ? "[" + value.items.joined(separator: ", ") + "]" : value.items.first ?? ""
    return ConfigurationError(origin: value.origin, key: key, value: text, allowed: allowed, reason: reason)
  }

  private struct Layer {
    let snapshot: any ConfigSnapshot
    let prefix: [String]
    let origin: (SettingKey) -> SettingOrigin
  }

  private static func layers(
    file: SettingsFile?, environment: [String: String], overrides: [String: [String]]
  ) -> [Layer] {
    var flags: [AbsoluteConfigKey: ConfigValue] = [:]
    for key in SettingKey.all {
      guard let items = overrides[key.path] else { continue }
      let content: ConfigContent = key.kind.isList ? .stringArray(items) : .string(items.last ?? "")
      flags[AbsoluteConfigKey(key.components)] = ConfigValue(content, isSecret: false)
    }
    var layers = [
      Layer(snapshot: InMemoryProvider(name: "command line", values: flags).snapshot(), prefix: []) { _ in
        .commandLine
      },
      Layer(
        snapshot: EnvironmentVariablesProvider(environmentVariables: environment).snapshot(), prefix: ["sfu"]
      ) { _ in .environment },
    ]
    if let file {
      layers.append(
        Layer(snapshot: file.snapshot, prefix: []) { .file(file.path, line: file.lines[$0.path]) })
    }
    return layers
  }

  private static func look(up key: SettingKey, in layers: [Layer]) throws(ConfigurationError) -> Value {
    for layer in layers {
      let path = AbsoluteConfigKey(layer.prefix + key.components)
      let result = try? layer.snapshot.value(forKey: path, type: key.kind.isList ? .stringArray : .string)
      switch result?.value?.content {
      case .string(let text): return Value(items: [text], origin: layer.origin(key))
      // An empty variable is an empty list, not a list of one empty text.
      case .stringArray(let items): return Value(items: items.filter { !$0.isEmpty }, origin: layer.origin(key))
      default: continue
      }
    }
    return Value(items: key.defaults, origin: .builtIn)
  }

  private static func check(_ value: Value, key: SettingKey) throws(ConfigurationError) {
    for item in value.items {
      let isAllowed =
        switch key.kind {
        case .text, .list: true
        case .integer(let range): isDecimal(item) && Int(item).map(range.contains) ?? false
        case .flag: item == "true" || item == "false"
        case .choice(let choices): choices.contains(item)
        case .ipAddress, .ipAddressList: Endpoint(address: item, port: 0) != nil
        }
      guard isAllowed else { throw ConfigurationError(origin: value.origin, key: key, value: item) }
    }
  }

  /// `Int.init` also takes a plus sign.
  private static func isDecimal(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }

  private static func checkNames(_ environment: [String: String]) throws(ConfigurationError) {
    let known = Set(SettingKey.all.map(\.environmentName))
    for (name, value) in environment.sorted(by: { $0.key < $1.key })
    where name.hasPrefix("SFU_") && !known.contains(name) && !isServiceLink(name, value) {
      throw ConfigurationError(
        "environment: variable `\(name)` is unknown: allowed are SFU_SECTION_KEY for the keys of the configuration "
          + "file, such as \(SettingKey.mediaUDPPort.environmentName)")
    }
  }

  /// Kubernetes puts the addresses of services into every container's environment; a service may be named `sfu`.
  private static func isServiceLink(_ name: String, _ value: String) -> Bool {
    name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT_")
      || (name.hasSuffix("_PORT") && value.contains("://"))
  }

  private static func checkNames(_ overrides: [String: [String]]) throws(ConfigurationError) {
    for path in overrides.keys.sorted() where SettingKey.find(path) == nil {
      let section = path.split(separator: ".").first.map(String.init) ?? ""
      let names = SettingKey.names(inSection: section)
      throw ConfigurationError(
        "command line: key `\(ConfigurationError.shorten(path))` is unknown: allowed "
          + (names.isEmpty
            ? "are keys of the sections " + SettingKey.sections.joined(separator: ", ")
            : "in `\(section)` are " + names.joined(separator: ", ")))
    }
  }
}
