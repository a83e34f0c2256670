using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;

namespace VizPipeline.Benchmarks;

/// <summary>
/// How good ascents are: for every layer the share of neurons whose picture exceeds the best natural activation, and the share of dead
/// ones; and the same 24 neurons under each recipe. The natural maxima are measured first, on their own, since they need the images.
/// </summary>
internal static class AscentEvidence
{
    private const int SheetNeurons = 24;

    /// <summary>Writes each neuron's largest activation over an image set: {layer: [value per neuron]}.</summary>
    public static void Maxima(string model, string preprocess, string images, string output)
    {
        var graph = NetworkLoader.Load(model);
        using var runner = new NetworkRunner(graph);
        var preprocessing = Preprocessing.Load(preprocess, graph.InputShape.Height, graph.InputShape.Width);
        var crops = new CropSource(ImageManifest.Build(images), images, preprocessing);
        var maxima = graph.Layers.ToDictionary(
            layer => layer.Node, layer => Enumerable.Repeat(float.NegativeInfinity, layer.Neurons).ToArray());
        Bench.ForEach(crops.ReadBatches([.. Enumerable.Range(0, crops.Manifest.Entries.Count)], 32, 2), batch =>
        {
            var input = ImageTensor.Create(batch.Pixels, batch.Indices.Count, preprocessing, runner.Device);
            runner.Forward(input, [.. maxima.Keys], (node, value) =>
            {
                using var scope = torch.NewDisposeScope();
                var largest = (value.dim() == 4 ? value.amax([0, 2, 3]) : value.amax([0])).contiguous().data<float>().ToArray();
                for (var i = 0; i < largest.Length; i++)
                    maxima[node][i] = Math.Max(maxima[node][i], largest[i]);
            });
        });
        File.WriteAllText(output, JsonSerializer.Serialize(graph.Layers.ToDictionary(layer => layer.Name, layer => maxima[layer.Node])));
        Console.WriteLine($"wrote {output}: {graph.Layers.Count} layers over {crops.Manifest.Entries.Count} images");
    }

    /// <summary>Climbs for the neurons of each layer with each recipe, and prints a table per recipe.</summary>
    /// <param name="model">The network.</param>
    /// <param name="preprocess">Its preprocessing.</param>
    /// <param name="maxima">What <see cref="Maxima"/> wrote.</param>
    /// <param name="recipes">Names, with steps behind a colon if not their own: <c>fourier:128</c>.</param>
    /// <param name="device">cpu or cuda.</param>
    /// <param name="layers">Layers or patterns, by commas.</param>
    /// <param name="most">Most neurons of a layer, evenly among its own.</param>
    public static void Shares(string model, string preprocess, string maxima, string[] recipes, string device, string layers, int most)
    {
        using var bench = new Opened(model, preprocess, maxima, device);
        foreach (var (recipe, channel) in recipes.Select(name => (RecipeOf(name), new ChannelObjective())))
        {
            var (clock, all, above, dead, silent) = (Stopwatch.StartNew(), 0, 0, 0, 0);
            Console.WriteLine($"{bench.Graph.Name}, recipe {recipe.Name}, {recipe.Steps} steps, channel objective, {device}");
            foreach (var layer in LayerPatterns.Select(bench.Graph, layers.Split(',')))
            {
                var count = Math.Min(most, layer.Neurons);
                var results = Climb(bench, layer, recipe with { Objective = channel }, [.. Enumerable.Range(0, count).Select(
                    i => (int)((long)i * layer.Neurons / count))], 0);
                var ratios = results.Select(result => result.Activation / (double)bench.Maxima[layer.Name][result.Neuron]).Order()
                    .ToArray();
                int Count(Func<AscentResult, bool> condition) => results.Count(condition);
                var (exceeds, isDead, isSilent) = (
                    Count(result => result.Status != AscentStatus.Dead && result.Activation > bench.Maxima[layer.Name][result.Neuron]),
                    Count(result => result.Status == AscentStatus.Dead), Count(result => result.Activation <= 0));
                (all, above, dead, silent) = (all + results.Count, above + exceeds, dead + isDead, silent + isSilent);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {layer.Name,-28} {results.Count,5} neurons  above natural {100.0 * exceeds / results.Count,6:0.0} %  "
                    + $"dead {100.0 * isDead / results.Count,5:0.0} %  not above 0 {isSilent,4}  "
                    + $"median of activation / natural maximum {ratios[ratios.Length / 2],6:0.00}"));
            }
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  all {all} neurons: above natural {100.0 * above / all:0.0} %, dead {100.0 * dead / all:0.00} %, "
                + $"not above 0 {100.0 * silent / all:0.00} %, {all / clock.Elapsed.TotalSeconds:0.0} neurons/s"));
        }
    }

    /// <summary>The same neurons under each recipe, a row each: one sheet for the objective of each kind.</summary>
    public static void Sheet(string model, string preprocess, string maxima, string[] recipes, string device, string output, bool channel)
    {
        using var bench = new Opened(model, preprocess, maxima, device);
        var layers = bench.Graph.Layers.Where(layer => layer.Kind != LayerKind.Concat).ToArray();
        // Evenly over the depth, and a different place in each layer.
        var neurons = Enumerable.Range(0, SheetNeurons).Select(i => (Layer: layers[i * (layers.Length - 1) / (SheetNeurons - 1)], Index: i))
            .Select(pick => (pick.Layer, Neuron: ((pick.Index * 37) + 5) % pick.Layer.Neurons)).ToArray();
        var tiles = new List<SheetTile>();
        foreach (var recipe in recipes.Select(RecipeOf).Select(
            recipe => recipe with { Objective = channel ? new ChannelObjective() : new NeuronObjective() }))
        {
            foreach (var (layer, neuron) in neurons)
            {
                var result = Climb(bench, layer, recipe, [neuron], 0)[0];
                var natural = bench.Maxima[layer.Name][neuron];
                tiles.Add(new SheetTile(
                    result.Status == AscentStatus.Dead ? null : AscentPicture.Draw(result, bench.Preprocessing),
                    result.Status == AscentStatus.Dead
                        ? "dead"
                        : string.Create(CultureInfo.InvariantCulture, $"{result.Activation / natural:0.0}x")));
            }
        }
        File.WriteAllBytes(output, Png.Encode(new Sheet
        {
            Title = $"{bench.Graph.Name}: the same {SheetNeurons} neurons under each recipe, {(channel ? "channel" : "neuron")} objective",
            Subtitle = "below each picture its activation over the largest of 500 photographs",
            Tiles = tiles,
            Columns = SheetNeurons,
            TileWidth = 112,
            TileHeight = 112,
            RowLabels = recipes,
            ColumnLabels = [.. neurons.Select(
                pick => $"{pick.Layer.Name.Replace("features.", "f", StringComparison.Ordinal)} {pick.Neuron}")],
        }.Draw()));
        Console.WriteLine($"wrote {output}");
    }

    /// <summary>
    /// How pictures of the default recipe depend on its steps: the correlation of each picture with that of the recipe's own steps, next to
    /// that of two seeds, the activation over that of its own steps, and a sheet to look at.
    /// </summary>
    public static void Steps(string model, string preprocess, string layers, int most, string output)
    {
        var graph = NetworkLoader.Load(model);
        using var runner = new NetworkRunner(graph);
        var preprocessing = Preprocessing.Load(preprocess, graph.InputShape.Height, graph.InputShape.Width);
        var recipe = AscentPresets.Find(AscentPresets.Default)!;
        int[] counts = [.. new[] { 32, 48, 64, 96, 128, 192, 256, 512 }.Where(count => count != recipe.Steps)];
        var rows = counts.ToDictionary(count => count, _ => new List<SheetTile>());
        var own = new List<SheetTile>();
        var names = new List<string>();
        foreach (var layer in LayerPatterns.Select(graph, layers.Split(',')))
        {
            var count = Math.Min(most, layer.Neurons);
            int[] neurons = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * layer.Neurons / count))];
            List<AscentResult> Run(int steps, int seed)
            {
                var run = new AscentRun(runner, layer, AscentPresets.WithSteps(recipe, steps), PixelScales.Create(preprocessing));
                return [.. neurons.Chunk(run.SamplesPerBatch).SelectMany(batch => run.Ascend(batch, seed))];
            }
            var reference = Run(recipe.Steps, 0);
            var seeds = Median(reference.Zip(Run(recipe.Steps, 1), Correlate));
            Console.WriteLine($"{graph.Name} {layer.Name}, {count} neurons, {recipe.Steps} steps: two seeds correlate {seeds:0.00}");
            own.AddRange(reference.Select(Tile));
            names.AddRange(neurons.Select(neuron => $"{layer.Name} {neuron}"));
            foreach (var steps in counts)
            {
                var results = Run(steps, 0);
                rows[steps].AddRange(results.Select(Tile));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {steps,4} steps: correlation {Median(results.Zip(reference, Correlate)),5:0.00}  "
                    + $"activation {Median(results.Zip(reference, (one, other) => one.Activation / (double)other.Activation)),5:0.00}"));
            }
        }
        File.WriteAllBytes(output, Png.Encode(new Sheet
        {
            Title = $"{graph.Name}: the same neurons after different numbers of steps",
            Subtitle = $"recipe {recipe.Name}, whose own number is {recipe.Steps}",
            Tiles = [.. counts.SelectMany(steps => rows[steps]), .. own],
            Columns = own.Count,
            TileWidth = 112,
            TileHeight = 112,
            RowLabels = [.. counts.Append(recipe.Steps).Select(steps => $"{steps}")],
            ColumnLabels = names,
        }.Draw()));
        Console.WriteLine($"wrote {output}");

        SheetTile Tile(AscentResult result) => new(AscentPicture.Draw(result, preprocessing), "");
        static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
    }

    // Pearson's, over all values of two pictures.
    private static double Correlate(AscentResult one, AscentResult other)
    {
        var (meanOne, meanOther) = (one.Image.Average(), other.Image.Average());
        var (both, squareOne, squareOther) = (0.0, 0.0, 0.0);
        for (var i = 0; i < one.Image.Length; i++)
        {
            var (a, b) = (one.Image[i] - meanOne, other.Image[i] - meanOther);
            (both, squareOne, squareOther) = (both + (a * b), squareOne + (a * a), squareOther + (b * b));
        }
        return squareOne > 0 && squareOther > 0 ? both / Math.Sqrt(squareOne * squareOther) : 0;
    }

    /// <summary>Many neurons at once on regions against one at a time on the whole input, in early layers and in the last.</summary>
    public static void Regions(string model, string preprocess, string[] layers)
    {
        var graph = NetworkLoader.Load(model);
        using var runner = new NetworkRunner(graph);
        var pixels = PixelScales.Create(Preprocessing.Load(preprocess, graph.InputShape.Height, graph.InputShape.Width));
        // Without early stop, so that both do the same steps.
        var recipe = AscentPresets.Normalised(3, 32) with { EarlyStop = null };
        foreach (var layer in layers.Select(graph.Layer))
        {
            var (alone, together) = (new AscentRun(runner, layer, recipe, pixels, wholeFrom: 0), new AscentRun(
                runner, layer, recipe, pixels));
            var count = Math.Min(layer.Neurons, Math.Max(16, together.SamplesPerBatch));
            Bench.Compare(
                $"{layer.Name}, one neuron at a time, full size", () => alone.Ascend([0], 0), 1,
                $"{layer.Name}, {count} neurons, {together.SamplesPerBatch} at once, {together.Box.Width}x{together.Box.Height}",
                () => { foreach (var batch in Enumerable.Range(0, count).Chunk(together.SamplesPerBatch)) together.Ascend(batch, 0); },
                count, "neurons/s", 3);
        }
    }

    private static List<AscentResult> Climb(Opened bench, Layer layer, AscentRecipe recipe, int[] neurons, int seed)
    {
        var run = new AscentRun(bench.Runner, layer, recipe, PixelScales.Create(bench.Preprocessing));
        return [.. neurons.Chunk(run.SamplesPerBatch).SelectMany(batch => run.Ascend(batch, seed))];
    }

    private static AscentRecipe RecipeOf(string text)
    {
        var parts = text.Split(':');
        var recipe = AscentPresets.Find(parts[0]) ?? RecipeJson.Read(parts[0]);
        return parts.Length == 1 ? recipe : AscentPresets.WithSteps(recipe, int.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private sealed class Opened : IDisposable
    {
        public Opened(string model, string preprocess, string maxima, string device)
        {
            Graph = NetworkLoader.Load(model);
            Runner = new NetworkRunner(Graph, TorchDevice.Find(device));
            Preprocessing = Preprocessing.Load(preprocess, Graph.InputShape.Height, Graph.InputShape.Width);
            Maxima = JsonSerializer.Deserialize<Dictionary<string, float[]>>(File.ReadAllText(maxima))!;
        }

        public NetworkGraph Graph { get; }

        public NetworkRunner Runner { get; }

        public Preprocessing Preprocessing { get; }

        public Dictionary<string, float[]> Maxima { get; }

        public void Dispose() => Runner.Dispose();
    }
}
