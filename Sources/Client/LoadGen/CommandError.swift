/// Why a command cannot run; one sentence that names the flag or file and what is allowed.
package struct CommandError: Error, CustomStringConvertible, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
