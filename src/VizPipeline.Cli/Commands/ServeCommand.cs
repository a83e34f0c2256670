using System.CommandLine;
using System.Net;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz serve DIR ...</c>: serves the atlases in folders as web pages, with the live tool and the API.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var folder = new Argument<string[]>("atlas")
        {
            Description = "The folder of an atlas; several folders can be compared",
            Arity = ArgumentArity.OneOrMore,
        };
        var port = new Option<int>("--port") { Description = "Port; 0 for any free port", DefaultValueFactory = _ => AtlasServer.Port };
        var address = new Option<string>("--address")
        {
            Description = "IP address to listen on; 0.0.0.0 for all addresses of this machine",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var story = new Option<bool>("--story") { Description = "Print the address of the story, a lecture about single neurons" };
        var command = new Command("serve", "Serve atlases as web pages with a live tool and an API; also while they are being built")
        {
            folder, port, address, story,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var number = parsed.GetValue(port) is >= 0 and <= 65535 and var asked
                ? asked : throw new UsageException("--port must be from 0 to 65535");
            var place = IPAddress.TryParse(parsed.GetRequiredValue(address), out var ip)
                ? $"{ip}" : throw new UsageException($"--address '{parsed.GetValue(address)}' is not an IP address");
            var atlases = new List<StoredAtlas>();
            foreach (var path in parsed.GetRequiredValue(folder))
                atlases.Add(await StoredAtlas.OpenAsync(path, cancellation));
            TorchRuntime.Start();
            return await AtlasServer.RunAsync(atlases, place, number, cancellation, parsed.GetValue(story) ? "/story" : null);
        });
        return command;
    }
}
