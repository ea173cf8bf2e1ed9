import WireBytes

/// Conversational quality from delay and loss by the E-model (ITU-T G.107), for Opus in its fullband speech mode.
package enum EModel {
  /// The best transmission rating with all other parameters at their defaults (G.107 table 2).
  private static let baseRating = 93.2
  /// Opus with FEC: no impairment without loss, and a robustness like that of codecs with good concealment (G.113
  /// appendix I gives 25.1 for G.711 with concealment; measurements of Opus lie above).
  private static let equipmentImpairment = 0.0
  private static let lossRobustness = 25.1

  /// Mean opinion score, 1...4.5. `delay`: mouth to ear in milliseconds. `loss`: fraction 0...1 of lost frames.
  package static func meanOpinionScore(delayMilliseconds delay: Double, loss: Double) -> Double {
    var delayImpairment = 0.024 * delay
    if delay > 177.3 { delayImpairment += 0.11 * (delay - 177.3) }
    let percent = max(0, min(1, loss)) * 100
    let effective =
      equipmentImpairment + (95 - equipmentImpairment) * percent / (percent + lossRobustness)
    let rating = baseRating - delayImpairment - effective
    if rating <= 0 { return 1 }
    if rating >= 100 { return 4.5 }
    return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
  }
}
