import CRuntimeCounters

// sfu-bench: what the relay's packet path costs, without sockets. `--check` fails the run when a budget is exceeded.
BenchRun.main(Array(CommandLine.arguments.dropFirst()))
