/// Why an input file cannot be used; one sentence for the person who named it.
package struct MediaFileError: Error, CustomStringConvertible, Equatable {
  package let path: String
  package let problem: String

  package init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  package var description: String { "\(path): \(problem)" }
}
