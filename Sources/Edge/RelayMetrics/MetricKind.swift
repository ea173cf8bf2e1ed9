/// The kinds of the Prometheus text format that the relay uses.
package enum MetricKind: String, Sendable {
  /// Only ever grows; its name ends in `_total`.
  case counter
  case gauge
  /// Buckets, sum and count of a `Histogram`.
  case histogram
}
