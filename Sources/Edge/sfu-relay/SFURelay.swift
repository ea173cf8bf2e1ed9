import RelayRuntime

@main
struct SFURelay {
  // On the main thread, so that what follows comes before the first task of the pool.
  @MainActor static func main() async {
    RelayCommand.prepareProcess()
    await RelayCommand.execute(Array(CommandLine.arguments.dropFirst()))
  }
}
