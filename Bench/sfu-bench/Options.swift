/// The command line.
struct Options {
  static let usage = "usage: sfu-bench [--check] [--json FILE] [--only GROUP]"

  /// Fail the run when a budget is exceeded.
  var check = false
  var json: String?
  /// Run this group alone: parse, rewrite, protect, fan-out, sockets or memory.
  var only: String?

  /// Nil when the arguments are not understood.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--check": check = true
      case "--json":
        guard let file = rest.popFirst() else { return nil }
        json = file
      case "--only":
        guard let group = rest.popFirst(), BenchRun.groups.contains(group) else { return nil }
        only = group
      default: return nil
      }
    }
  }
}
