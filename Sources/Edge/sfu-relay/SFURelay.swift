import RelayRuntime

@main
struct SFURelay {
  static func main() async {
    await RelayCommand.execute(Array(CommandLine.arguments.dropFirst()))
  }
}
