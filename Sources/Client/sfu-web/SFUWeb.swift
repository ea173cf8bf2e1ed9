import WebServer

@main
struct SFUWeb {
  static func main() async { await WebCommand.execute(Array(CommandLine.arguments.dropFirst())) }
}
