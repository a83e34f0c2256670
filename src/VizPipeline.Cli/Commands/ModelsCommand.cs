using System.CommandLine;
using Spectre.Console;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Models;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz models</c> lists the known architectures; <c>viz models pull NAME</c> fetches their official weights.</summary>
internal static class ModelsCommand
{
    private const string Licence = "torchvision and its weights: BSD-3-Clause; the terms of ImageNet may apply to the weights, too";

    // A download may take hours, so only a stalled connection counts as broken.
    private static readonly DownloadPatience Patience = new(Silence: TimeSpan.FromSeconds(30), Pause: TimeSpan.FromSeconds(2));

    public static Command Create()
    {
        var name = new Argument<string?>("name") { Description = "Show details of this architecture", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("models", "List the known architectures, or fetch their official weights") { name };
        command.Subcommands.Add(Pull());
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(name) is { } wanted)
                Describe(Find(wanted));
            else
                List();
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Pull()
    {
        var names = new Argument<string[]>("name")
        {
            Description = "Architectures, as listed by `viz models`",
            Arity = ArgumentArity.OneOrMore,
        };
        var version = new Option<string?>("--version") { Description = "Version of the weights, e.g. V1; default: torchvision's default" };
        var from = new Option<string?>("--from")
        {
            Description = $"Address of a mirror with the same file names; default: $VIZ_MODELS_URL, else {ZooWeights.OfficialAddress}",
        };
        var command = new Command("pull", "Fetch official ImageNet weights from torchvision's server; resumes an interrupted download")
        {
            names, version, from,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var wanted = parsed.GetRequiredValue(names).Select(name => (Find(name), FindVersion(Find(name), parsed.GetValue(version))))
                .ToList();
            var address = ParseAddress(parsed.GetValue(from));
            using var handler = new SocketsHttpHandler
            {
                ConnectTimeout = Patience.Silence,
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            };
            using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
            client.DefaultRequestHeaders.UserAgent.ParseAdd("viz");
            foreach (var (model, weights) in wanted)
                await PullAsync(new WeightsDownload(client, address, Patience), model, weights, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task PullAsync(WeightsDownload download, ZooModel model, ZooWeights weights, CancellationToken cancellation)
    {
        var path = ModelFolder.GetPath(weights);
        if (ModelFolder.Contains(weights))
        {
            Console.WriteLine($"{model.Name}: {path} is already present");
            return;
        }
        using (var line = new DownloadDisplay(weights.File))
            await download.FetchAsync(weights, path, WeightsDownload.MostBytes(model.Plan().Parameters), line, cancellation);
        Console.WriteLine(
            $"{model.Name}: {path}, {DownloadDisplay.Megabytes(new FileInfo(path).Length)} MB, SHA-256 matches the file name");
    }

    private static void List()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("name");
        foreach (var column in (string[])["parameters", "input"])
            table.AddColumn(new TableColumn(column).RightAligned());
        table.AddColumns("weights", "from");
        foreach (var model in ZooModels.All)
        {
            table.AddRow(
                new Text(model.Name), new Text($"{model.Plan().Parameters:N0}"), new Text($"{model.InputSize}x{model.InputSize}"),
                new Text(
                    model.Weights.Count == 0
                    ? "-" : ModelFolder.FindPresent(model) is { } here
                    ? $"present ({Short(here)})" : string.Join(", ", model.Weights.Select(Short))),
                new Text(model.Weights.Count == 0 ? "Darknet project; no file to pull" : "torchvision"));
        }
        ConsoleOutput.Wide().Write(table);
        Console.WriteLine(
            $"{ZooModels.All.Count} architectures. `viz models pull NAME` fetches weights to {ModelFolder.Path}, where `viz run --model "
            + "NAME` finds them.");
        Console.WriteLine(Licence);
    }

    private static void Describe(ZooModel model)
    {
        var graph = model.Plan();
        var targets = new[] { graph.Output };
        Console.WriteLine(
            $"{model.Name}: {graph.Parameters:N0} parameters, {graph.Layers.Count} layers, "
            + $"{graph.Layers.Sum(layer => (long)layer.Neurons):N0} neurons, input {graph.InputShape}, "
            + $"{graph.MultiplyAdds(targets) / 1e9:0.00} billion multiply-adds per image");
        foreach (var weights in model.Weights)
        {
            Console.WriteLine($"  {weights.Version}: {ZooWeights.OfficialAddress}{weights.File}");
            var kernel = weights.Bicubic ? "; torchvision resizes with a bicubic kernel, VizPipeline with a bilinear one" : "";
            Console.WriteLine($"    preprocessing: {ModelOptions.GetOfficialPreprocessing(weights, graph.InputShape)}{kernel}");
            Console.WriteLine($"    {(ModelFolder.Contains(weights) ? "present" : "not present")}: {ModelFolder.GetPath(weights)}");
        }
        Console.WriteLine(
            model.Weights.Count == 0
            ? "  weights: from the Darknet project, converted to these names; give the file with --weights" : $"  {Licence}");
    }

    private static ZooModel Find(string name) => ZooModels.Find(name) ?? throw new UsageException(
        $"'{name}' is not a known architecture{(Nearest(name) is { } near ? $"; did you mean {near}?" : "")} (`viz models` lists them)");

    private static string? Nearest(string name) => ZooModels.Nearest(name)?.Name;

    private static ZooWeights FindVersion(ZooModel model, string? version)
    {
        if (model.Weights.Count == 0)
            throw new UsageException($"{model.Name} has no official weights to fetch; give the file with --weights");
        return version is null ? model.Weights[0]
            : model.Weights.FirstOrDefault(
                weights => weights.Version.Equals(version, StringComparison.OrdinalIgnoreCase)
                || Short(weights).Equals(version, StringComparison.OrdinalIgnoreCase))
                ?? throw new UsageException(
                    $"--version '{version}' is unknown; {model.Name} has {string.Join(", ", model.Weights.Select(Short))}");
    }

    private static string Short(ZooWeights weights) => weights.Version[(weights.Version.LastIndexOf('_') + 1)..];

    private static Uri ParseAddress(string? asked)
    {
        var text = asked
            ?? (Environment.GetEnvironmentVariable("VIZ_MODELS_URL") is { Length: > 0 } set ? set : ZooWeights.OfficialAddress);
        return Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https"
            ? address : throw new UsageException($"'{text}' is not a valid address; give one such as {ZooWeights.OfficialAddress}");
    }
}
