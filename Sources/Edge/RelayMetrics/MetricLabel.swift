/// One label of a sample. Values come from closed sets of the program, never from the network: every value makes a new
/// time series for as long as the scraper remembers.
package struct MetricLabel: Sendable, Equatable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}
