/// Where a value came from.
package enum SettingOrigin: Sendable, Equatable {
  case commandLine
  case environment
  /// A YAML file, with the line of the key where it is known.
  case file(String, line: Int?)
  case builtIn

  /// How an error line names the place.
  package func place(of key: SettingKey) -> String {
    switch self {
    case .commandLine: "command line (\(key.flagName) or --set)"
    case .environment: "environment (\(key.environmentName))"
    case .file(let path, let line?): "\(path):\(line)"
    case .file(let path, nil): path
    case .builtIn: "default"
    }
  }
}
