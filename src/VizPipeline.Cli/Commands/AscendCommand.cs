using System.CommandLine;
using System.Globalization;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz ascend</c>: pictures that neurons answer to most strongly, by regularized gradient ascent.</summary>
internal static class AscendCommand
{
    private const int EnlargedSide = 224;

    public static Command Create()
    {
        var (model, layer, output) = (new ModelOptions(), NeuronOptions.Layer(), OutputFile.Option());
        var channels = new Option<string[]>("--channel") { Description = "Channels or units, e.g. 5 or 5,17,40", Required = true, AllowMultipleArgumentsPerToken = true, CustomParser = LayerList.Parse };
        var preset = new Option<int>("--preset") { Description = "1 high-frequency, 2 sparse, 3 low-frequency, 4 medium", DefaultValueFactory = _ => AscentPresets.Default };
        var steps = new Option<int?>("--steps") { Description = "Steps; default: the preset's own (500 to 1000)" };
        var seed = new Option<int>("--seed") { Description = "Decides the start image" };
        var objective = new Option<string>("--objective") { Description = "neuron (the centre of the map) or channel (the mean of the map)", DefaultValueFactory = _ => "neuron" };
        var rates = new Option<string>("--rates") { Description = "normalised (suits any network) or published (CaffeNet's)", DefaultValueFactory = _ => "normalised" };
        objective.AcceptOnlyFromAmong("neuron", "channel");
        rates.AcceptOnlyFromAmong("normalised", "published");
        var command = new Command("ascend", "Find pictures that neurons answer to most, by gradient ascent") { layer, channels, preset, steps, seed, objective, rates, output };
        model.AddTo(command);
        // On a thread of its own, so that Ctrl-C is heard while it climbs.
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                var file = OutputFile.Of(parsed.GetRequiredValue(output));
                var recipe = RecipeOf(parsed.GetValue(preset), parsed.GetValue(steps), parsed.GetRequiredValue(objective), parsed.GetRequiredValue(rates));
                var graph = model.Open(parsed);
                var chosen = graph.Layer(parsed.GetRequiredValue(layer));
                var neurons = parsed.GetRequiredValue(channels).Select(text => NeuronOptions.Check(chosen, Number(text))).ToArray();
                using var network = RunningNetwork.Start(graph, model, parsed);
                var results = Climb(network, chosen, recipe, neurons, parsed.GetValue(seed), cancellation);
                foreach (var result in results)
                    Console.WriteLine($"{chosen.Name} channel {Describe(result, recipe)}");
                if (results.All(result => result.Status == AscentStatus.Dead))
                {
                    Console.Error.WriteLine($"viz: no neuron has a gradient to climb, so {parsed.GetRequiredValue(output)} was not written");
                    return ExitCode.Failures;
                }
                if (file.IsPicture)
                    file.Write(Draw(graph, chosen, recipe, results, network.Preprocessing));
                else
                    file.Write(ToArray(results, network.Preprocessing));
                return ExitCode.Done;
            },
            cancellation));
        return command;
    }

    private static int Number(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number : throw new UsageException($"--channel '{text}' is no number; give channels as 5 or 5,17,40");

    private static AscentRecipe RecipeOf(int preset, int? steps, string objective, string rates)
    {
        if (!AscentPresets.Numbers.Contains(preset))
            throw new UsageException($"--preset {preset} is none; presets are 1 (high-frequency), 2 (sparse), 3 (low-frequency) and 4 (medium)");
        if (steps is < 1)
            throw new UsageException($"--steps {steps} is too few; give 1 or more");
        return AscendNeuronsHandler.RecipeOf(new AscentSpec { Steps = steps, Objective = objective, Rates = rates }, preset);
    }

    private static List<AscentResult> Climb(RunningNetwork network, Layer layer, AscentRecipe recipe, int[] neurons, int seed, CancellationToken cancellation)
    {
        using var progress = new StepProgress($"{layer.Name}, {neurons.Length} {(neurons.Length == 1 ? "neuron" : "neurons")}", recipe.Steps);
        var run = new AscentRun(network.Runner, layer, recipe, PixelScales.Of(network.Preprocessing)) { Progress = progress };
        return [.. neurons.Chunk(run.SamplesPerBatch).SelectMany(batch => run.Climb(batch, seed, cancellation))];
    }

    private static string Describe(AscentResult result, AscentRecipe recipe) => result.Status == AscentStatus.Dead
        ? $"{result.Neuron}: dead, its gradient vanished at step {result.Curve.Length - 1} of {recipe.Steps}: no picture"
        : $"{result.Neuron}: {(result.Status == AscentStatus.Converged ? "converged" : "best before the end")}, best step {result.BestStep} of {recipe.Steps}, "
            + $"objective {result.Curve[0]:G5} -> {result.Objective:G5}, activation {result.Activation:G5}";

    private static FloatTensor ToArray(List<AscentResult> results, Preprocessing preprocessing)
    {
        // Not-a-numbers keep a dead neuron's place, and its start noise from passing for a picture.
        var planes = results.SelectMany(result => result.Status == AscentStatus.Dead
            ? Enumerable.Repeat(float.NaN, result.Image.Length) : PixelScales.ToRgb(result.Image, preprocessing));
        return new FloatTensor("ascent", [results.Count, 3, results[0].Height, results[0].Width], [.. planes]);
    }

    private static RgbImage Draw(NetworkGraph graph, Layer layer, AscentRecipe recipe, List<AscentResult> results, Preprocessing preprocessing)
    {
        var (width, height) = (results[0].Width, results[0].Height);
        var zoom = Math.Max(1, EnlargedSide / Math.Max(width, height));
        var pictures = results.Select(result => result.Status == AscentStatus.Dead ? null : Picture(result, preprocessing)).ToArray();
        if (pictures is [{ } single])
            return Canvas.Scale(single, width * zoom, height * zoom, Scaling.Nearest);
        return new Sheet
        {
            Title = $"{layer.Name} of {graph.Name}: gradient ascent",
            Subtitle = $"preset {recipe.Name}, {recipe.Steps} steps, objective {recipe.Objective.ToString().ToLowerInvariant()}",
            Tiles = [.. results.Select((result, i) => new SheetTile(pictures[i], pictures[i] is null ? $"{result.Neuron}: dead" : $"{result.Neuron}: {result.Activation:G4}"))],
            Columns = Math.Min(results.Count, (int)Math.Ceiling(Math.Sqrt(results.Count * 1.6))),
            TileWidth = width * zoom,
            TileHeight = height * zoom,
            Scaling = Scaling.Nearest,
        }.Draw();
    }

    private static RgbImage Picture(AscentResult result, Preprocessing preprocessing) =>
        RangeDisplay.Render([.. PixelScales.ToRgb(result.Image, preprocessing).Select(value => value / 255)], result.Width, result.Height);
}
