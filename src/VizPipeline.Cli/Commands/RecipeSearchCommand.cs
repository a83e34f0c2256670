using System.CommandLine;
using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Commands;

/// <summary>
/// <c>viz recipes search</c>: tries random strengths of the regularizers on a few neurons and ranks the results on a sheet.
/// </summary>
internal static class RecipeSearchCommand
{
    private const int MostCandidates = 1_000;

    public static Command Create()
    {
        var (model, layer) = (new ModelOptions(), NeuronOptions.CreateLayer());
        var channels = new Option<string[]>("--channel")
        {
            Description = "Channels of the neurons to try each recipe on, e.g. 5,17,40",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            CustomParser = LayerList.Parse,
        };
        var candidates = new Option<int>("--candidates") { Description = "Number of recipes to try", DefaultValueFactory = _ => 24 };
        var steps = new Option<int>("--steps") { Description = "Steps per recipe", DefaultValueFactory = _ => 200 };
        var objective = new Option<string>("--objective")
        {
            Description = "neuron (centre of the map) or channel (mean of the map)",
            DefaultValueFactory = _ => "neuron",
        };
        var seed = new Option<int>("--seed") { Description = "Seed of the recipes and the start images" };
        var output = new Option<string>("--out")
        {
            Description = "Folder for sheet.png and one JSON file per recipe, best first",
            Required = true,
        };
        objective.AcceptOnlyFromAmong("neuron", "channel");
        var command = new Command("search", "Try random strengths of the regularizers on a few neurons, and draw a sheet to choose from")
        {
            layer, channels, candidates, steps, objective, seed, output,
        };
        model.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                var (count, length, folder) = (parsed.GetValue(candidates), parsed.GetValue(steps), parsed.GetRequiredValue(output));
                if (count is < 1 or > MostCandidates)
                    throw new UsageException($"--candidates {count} must be 1 to {MostCandidates}");
                if (length is < 1 or > AscentRecipe.MostSteps)
                    throw new UsageException($"--steps {length} must be 1 to {AscentRecipe.MostSteps}");
                if (File.Exists(folder))
                    throw new UsageException($"--out '{folder}' is a file; give a folder");
                var graph = model.Open(parsed);
                var chosen = graph.Layer(parsed.GetRequiredValue(layer));
                var neurons = NeuronOptions.ParseChannels(chosen, parsed.GetRequiredValue(channels));
                using var network = RunningNetwork.Start(graph, model, parsed);
                var recipes = RecipeSearch.Draw(
                    count, length, RecipeOptions.CreateObjective(parsed.GetRequiredValue(objective)), parsed.GetValue(seed));
                var ranked = RecipeSearch.Score(RunAscents(network, chosen, recipes, neurons, parsed.GetValue(seed), cancellation));
                Write(folder, graph, chosen, ranked, network.Preprocessing);
                return ExitCode.Done;
            },
            cancellation));
        return command;
    }

    private static List<(AscentRecipe Recipe, IReadOnlyList<AscentResult> Results)> RunAscents(
        RunningNetwork network, Layer layer, IReadOnlyList<AscentRecipe> recipes, int[] neurons, int seed, CancellationToken cancellation)
    {
        using var progress = new StepProgress(
            $"{Format.Counted(recipes.Count, "recipe")} on {Format.Counted(neurons.Length, "neuron")} of {layer.Name}", recipes.Count);
        var done = new List<(AscentRecipe, IReadOnlyList<AscentResult>)>();
        foreach (var recipe in recipes)
        {
            var run = new AscentRun(network.Runner, layer, recipe, PixelScales.Create(network.Preprocessing));
            done.Add((recipe, [.. neurons.Chunk(run.SamplesPerBatch).SelectMany(batch => run.Ascend(batch, seed, cancellation))]));
            progress.Report(done.Count);
        }
        return done;
    }

    private static void Write(
        string folder, NetworkGraph graph, Layer layer, IReadOnlyList<RecipeCandidate> ranked, Preprocessing preprocessing)
    {
        Directory.CreateDirectory(folder);
        for (var i = 0; i < ranked.Count; i++)
        {
            var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i + 1:D3}.json"));
            var named = ranked[i].Recipe with
            {
                Name = $"{Path.GetFileName(Path.GetFullPath(folder))} {i + 1}",
                Description = Describe(ranked[i]),
            };
            AtomicFile.Write(
                file, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(RecipeJson.Write(named, indented: true) + "\n")));
            if (i < 10)
                Console.WriteLine($"{i + 1,3}  {named.Description}");
        }
        var sheet = Path.Combine(folder, "sheet.png");
        var bytes = Png.Encode(Draw(graph, layer, ranked, preprocessing));
        AtomicFile.Write(sheet, stream => stream.Write(bytes));
        Console.WriteLine(
            $"wrote {sheet} and {ranked.Count} recipes: choose a row of the sheet and use its file, e.g. --ascent-presets "
            + $"{Path.Combine(folder, "001.json")}");
    }

    private static string Describe(RecipeCandidate candidate) => string.Create(
        CultureInfo.InvariantCulture,
        $"score {candidate.Score:0.00} (activation {candidate.Reached:0.00}, natural {candidate.Naturalness:0.00}): "
        + $"{string.Join(", ", candidate.Recipe.Regularizers.Select(Describe).DefaultIfEmpty("no regularizer"))}");

    private static string Describe(Regularizer regularizer) => regularizer switch
    {
        L2Decay decay => string.Create(CultureInfo.InvariantCulture, $"decay {decay.Decay}"),
        Blur blur => string.Create(CultureInfo.InvariantCulture, $"blur {blur.Sigma} every {blur.Every}"),
        SmallNormClipping norm => string.Create(CultureInfo.InvariantCulture, $"norm below {norm.Percentile} %"),
        SmallContributionClipping part => string.Create(CultureInfo.InvariantCulture, $"contribution below {part.Percentile} %"),
        _ => regularizer.ToString(),
    };

    private static RgbImage Draw(NetworkGraph graph, Layer layer, IReadOnlyList<RecipeCandidate> ranked, Preprocessing preprocessing)
    {
        var (width, height) = (ranked[0].Results[0].Width, ranked[0].Results[0].Height);
        var zoom = Math.Max(1, 160 / Math.Max(width, height));
        return new Sheet
        {
            Title = $"{layer.Name} of {graph.Name}: {ranked.Count} recipes",
            Subtitle =
                "one recipe per row, best score first; the row's number is its file name. Score: activation relative to the best of the "
                + "column, and naturalness of the spectrum",
            Tiles =
            [
                .. ranked.SelectMany((candidate, row) => candidate.Results.Select(result => new SheetTile(
                    result.Status == AscentStatus.Dead ? null : AscentPicture.Draw(result, preprocessing),
                    string.Create(
                        CultureInfo.InvariantCulture, $"{row + 1}: {candidate.Score:0.00} - {result.Neuron}: {result.Activation:G3}")))),
            ],
            Columns = ranked[0].Results.Count,
            TileWidth = Math.Max(width * zoom, 110),
            TileHeight = height * zoom,
            Scaling = Scaling.Nearest,
        }.Draw();
    }
}
