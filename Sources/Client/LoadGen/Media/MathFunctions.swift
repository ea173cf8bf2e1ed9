import Glibc

/// The few functions of libm that the generators and the report need.
package enum MathFunctions {
  package static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  package static func log10(_ x: Double) -> Double { Glibc.log10(x) }
  package static func exp(_ x: Double) -> Double { Glibc.exp(x) }
}
