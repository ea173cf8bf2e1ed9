import Forwarding

/// What a leg remembers of the stream that it sends: its numbers, which source packet went out under which, and what
/// the reports say.
struct LegState {
  var sequence: SequenceRewriter
  var timestamp: TimestampRewriter
  var frameNumber = FrameNumberRewriter()
  var rewrites = RewriteLog()
  var sent = SendStatistics()
}
