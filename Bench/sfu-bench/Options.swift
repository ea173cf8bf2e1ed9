/// The command line.
struct Options {
  static let usage = "usage: sfu-bench [--check] [--json FILE] [--only GROUP]"

  /// What is wrong with the arguments, in one line.
  struct Mistake: Error { let line: String }

  /// Fail the run when a budget is exceeded.
  var check = false
  var json: String?
  /// Run this group alone: parse, rewrite, protect, fan-out, sockets or memory.
  var only: String?
  var help = false

  init(_ arguments: [String]) throws(Mistake) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--check": check = true
      case "--help", "-h": help = true
      case "--json":
        guard let file = rest.popFirst() else { throw Mistake(line: "--json: a file is needed") }
        json = file
      case "--only":
        let group = rest.popFirst()
        guard let group, BenchRun.groups.contains(group) else {
          throw Mistake(line: "--only \(group ?? ""): one of \(BenchRun.groups.joined(separator: ", "))")
        }
        only = group
      default: throw Mistake(line: "Unknown option '\(argument)' (\(Self.usage))")
      }
    }
  }
}
