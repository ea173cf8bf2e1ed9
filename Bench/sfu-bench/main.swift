import CRuntimeCounters

// sfu-bench: what the parts of the relay's packet path cost. `--check` fails the run when a budget is exceeded.
BenchRun.main(Array(CommandLine.arguments.dropFirst()))
