package import DatagramIO
package import RelayEngine

/// Everything that one shard can tell at one moment.
package struct ShardSnapshot: Sendable {
  package var engine: EngineCounters
  package var gauges: EngineGauges
  package var loop: DatagramLoopSnapshot

  package init(engine: EngineCounters, gauges: EngineGauges, loop: DatagramLoopSnapshot) {
    self.engine = engine
    self.gauges = gauges
    self.loop = loop
  }
}
