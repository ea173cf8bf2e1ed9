/// Why the page cannot be served. `description` is one line, for the person who started the server.
package struct SiteError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
