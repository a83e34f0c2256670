using System.CommandLine;
using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz ascend</c>: finds pictures that maximally activate neurons, by regularized gradient ascent.</summary>
internal static class AscendCommand
{
    private const int EnlargedSide = 224;
    private const int SpectrumImages = 256;

    public static Command Create()
    {
        var (model, layer, output) = (new ModelOptions(), NeuronOptions.CreateLayer(), OutputFile.CreateOption());
        var channels = new Option<string[]>("--channel")
        {
            Description = "Channels, e.g. 5 or 5,17,40; for the layer logits, classes",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = LayerList.Parse,
        };
        var preset = new Option<string>("--preset")
        {
            Description = $"The recipe: {RecipeOptions.Choices}",
            DefaultValueFactory = _ => AscentPresets.Default,
        };
        var steps = new Option<int?>("--steps") { Description = "Steps; default: the recipe's own (128 to 1000)" };
        var seed = new Option<int>("--seed") { Description = "Seed of the start image" };
        var objective = new Option<string?>("--objective")
        {
            Description =
                "neuron (centre of the map), channel (mean of the map), direction, inversion or caricature; default: the recipe's own",
        };
        var direction = new Option<string?>("--direction")
        {
            Description = "For the objective direction: weights of channels, e.g. 3:1,17:-0.5",
        };
        var image = new Option<string?>("--image")
        {
            Description = "For the objectives inversion and caricature, and for recipes that start from a picture: the picture",
        };
        var images = new Option<string?>("--images")
        {
            Description = "For the recipe maco: folder of images whose mean spectrum it uses; default: a 1/f spectrum",
        };
        var rates = new Option<string>("--rates")
        {
            Description = "For recipes 1 to 4: learning rates, normalised (for any network) or published (for CaffeNet)",
            DefaultValueFactory = _ => "normalised",
        };
        objective.AcceptOnlyFromAmong("neuron", "channel", "direction", "inversion", "caricature");
        rates.AcceptOnlyFromAmong("normalised", "published");
        var command = new Command("ascend", "Find pictures that maximally activate neurons, by gradient ascent")
        {
            layer, channels, preset, steps, seed, objective, direction, image, images, rates, output,
        };
        model.AddTo(command);
        // On another thread, so that Ctrl-C works during the ascent.
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                var file = OutputFile.Parse(parsed.GetRequiredValue(output));
                var recipe = ParseRecipe(parsed.GetRequiredValue(preset), parsed.GetValue(steps), parsed.GetRequiredValue(rates));
                recipe = recipe with
                {
                    Objective = ParseObjective(parsed.GetValue(objective), parsed.GetValue(direction), recipe.Objective),
                };
                if (recipe.Faults().FirstOrDefault() is { } fault)
                    throw new UsageException($"recipe '{recipe.Name}' with these options: {fault}");
                var graph = model.Open(parsed);
                var chosen = graph.Layer(parsed.GetRequiredValue(layer));
                var neurons = ParseNeurons(recipe, chosen, parsed.GetValue(channels));
                using var network = RunningNetwork.Start(graph, model, parsed);
                var material = LoadMaterial(network, recipe, parsed.GetValue(image), parsed.GetValue(images), cancellation);
                var results = RunAscents(network, chosen, recipe, neurons, material, parsed.GetValue(seed), cancellation);
                foreach (var result in results)
                    Console.WriteLine($"{chosen.Name} {Describe(result, recipe)}");
                if (results.All(result => result.Status == AscentStatus.Dead))
                {
                    Console.Error.WriteLine(
                        $"viz: the gradient of every neuron vanished, so {parsed.GetRequiredValue(output)} was not written");
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

    private static AscentRecipe ParseRecipe(string preset, int? steps, string rates)
    {
        if (steps is < 1 or > AscentRecipe.MostSteps)
            throw new UsageException($"--steps {steps} must be 1 to {AscentRecipe.MostSteps}");
        var recipe = PresetNames.IsNumber(preset) && rates == "published"
            ? AscentPresets.Published(preset[0] - '0') : RecipeOptions.Find("--preset", preset).Recipe;
        return steps is { } count ? AscentPresets.WithSteps(recipe, count) : recipe;
    }

    private static AscentObjective ParseObjective(string? name, string? direction, AscentObjective own)
    {
        if (direction is not null && name is not (null or "direction"))
            throw new UsageException($"--direction is only for the objective direction, not for {name}");
        return (direction is null ? name : "direction") switch
        {
            null => own,
            "direction" =>
                new DirectionObjective(
                    ParseWeights(
                        direction ?? throw new UsageException("--objective direction needs weights: give --direction 3:1,17:-0.5"))),
            "inversion" => new InversionObjective(),
            "caricature" => new CaricatureObjective(),
            _ => RecipeOptions.CreateObjective(name!),
        };
    }

    private static Dictionary<int, double> ParseWeights(string text)
    {
        var weights = new Dictionary<int, double>();
        foreach (var part in text.Split(','))
        {
            var sides = part.Split(':');
            if (sides.Length > 2 || !int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out var channel)
                || !double.TryParse(sides.Length == 1 ? "1" : sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
                || !double.IsFinite(weight))
                throw new UsageException($"--direction '{part}' is not a channel with a weight; give weights such as 3:1,17:-0.5");
            if (!weights.TryAdd(channel, weight))
                throw new UsageException($"--direction names channel {channel} twice");
        }
        return weights;
    }

    private static int[] ParseNeurons(AscentRecipe recipe, Layer layer, string[]? channels)
    {
        if (recipe.Objective.IsPerNeuron)
            return NeuronOptions.ParseChannels(
                layer, channels is { Length: > 0 }
                ? channels : throw new UsageException("--channel is missing: give channels such as 5 or 5,17,40"));
        return channels is { Length: > 0 }
            ? throw new UsageException("--channel is only for the objectives neuron and channel; this objective uses the whole layer")
            : [0];
    }

    private static AscentMaterial LoadMaterial(
        RunningNetwork network, AscentRecipe recipe, string? image, string? images, CancellationToken cancellation)
    {
        var material = new AscentMaterial();
        var needsPicture = recipe.Objective.NeedsPicture || recipe.Start is PictureStart;
        if (needsPicture != image is not null)
            throw new UsageException(
                needsPicture
                ? "--image is missing: this objective or recipe needs a picture"
                : "--image is only for the objectives inversion and caricature, and for recipes that start from a picture");
        if (image is not null)
        {
            using var input = InputImages.LoadOne(image, network);
            material = material with { Picture = input.Planes(0) };
        }
        if (images is null)
            return material;
        if (recipe.Parametrization is not MacoParametrization)
            throw new UsageException("--images is only for the recipe maco, which uses the mean spectrum of the images");
        return material with { Spectrum = MeasureSpectrum(network, images, cancellation) };
    }

    private static NaturalSpectrum? MeasureSpectrum(RunningNetwork network, string folder, CancellationToken cancellation)
    {
        using var files = ImageRoots.Here().Open(folder);
        var crops = new CropSource(ImageManifest.Build(files, new ImageSetOptions
        {
            Selection = new ImageSelection { Limit = SpectrumImages },
        }, ListingProgress.ToConsole(), cancellation), files, network.Preprocessing);
        var pixels = PixelScales.Create(network.Preprocessing);
        var batches = Enumerable.Range(0, crops.Manifest.Entries.Count).Chunk(32)
            .Select(batch => batch.Select(i => crops.Get(i).Crop).OfType<byte[]>().ToArray()).Where(batch => batch.Length > 0);
        return NaturalSpectrum.Measure(batches.Select(batch => PixelScales.Unscale(
            ImageTensor.Create(batch.SelectMany(crop => crop).ToArray(), batch.Length, network.Preprocessing, TorchSharp.torch.CPU),
            pixels)),
            pixels);
    }

    private static List<AscentResult> RunAscents(
        RunningNetwork network, Layer layer, AscentRecipe recipe, int[] neurons, AscentMaterial material, int seed,
        CancellationToken cancellation)
    {
        using var progress = new StepProgress(
            $"{layer.Name}, {Format.Counted(neurons.Length, "neuron")}", recipe.Steps);
        var run = new AscentRun(network.Runner, layer, recipe, PixelScales.Create(network.Preprocessing), material) { Progress = progress };
        return [.. neurons.Chunk(run.SamplesPerBatch).SelectMany(batch => run.Ascend(batch, seed, cancellation))];
    }

    private static string Describe(AscentResult result, AscentRecipe recipe)
    {
        var what = recipe.Objective.IsPerNeuron ? $"channel {FormatName(result, recipe)}" : RecipeJson.KindOf(recipe.Objective);
        return result.Status == AscentStatus.Dead
            ? $"{what}: dead, the gradient vanished at step {result.Curve.Length - 1} of {recipe.Steps}; no picture"
            : $"{what}: {(result.Status == AscentStatus.Converged ? "converged" : "best before the end")}, best step {result.BestStep} "
            + $"of {recipe.Steps}, "
                + $"objective {result.Curve[0]:G5} -> {result.Objective:G5}, activation {result.Activation:G5}";
    }

    private static string FormatName(AscentResult result, AscentRecipe recipe) =>
        recipe.Facets == 1 ? $"{result.Neuron}" : $"{result.Neuron}, facet {result.Facet + 1}";

    private static FloatTensor ToArray(List<AscentResult> results, Preprocessing preprocessing)
    {
        // NaN marks a dead neuron: its entry stays in place, and its start noise is not mistaken for a picture.
        var planes = results.SelectMany(result => result.Status == AscentStatus.Dead
            ? Enumerable.Repeat(float.NaN, result.Image.Length) : PixelScales.ToRgb(result.Image, preprocessing));
        return new FloatTensor("ascent", [results.Count, 3, results[0].Height, results[0].Width], [.. planes]);
    }

    private static RgbImage Draw(
        NetworkGraph graph, Layer layer, AscentRecipe recipe, List<AscentResult> results, Preprocessing preprocessing)
    {
        var (width, height) = (results[0].Width, results[0].Height);
        var zoom = Math.Max(1, EnlargedSide / Math.Max(width, height));
        var pictures = results.Select(result => result.Status == AscentStatus.Dead ? null : AscentPicture.Draw(result, preprocessing))
            .ToArray();
        if (pictures is [{ } single])
            return Canvas.Scale(single, width * zoom, height * zoom, Scaling.Nearest);
        return new Sheet
        {
            Title = $"{layer.Name} of {graph.Name}: gradient ascent",
            Subtitle = $"recipe {recipe.Name}, {recipe.Steps} steps, objective {RecipeJson.KindOf(recipe.Objective)}",
            Tiles = [
                .. results.Select(
                    (result, i) =>
                    new SheetTile(
                        pictures[i],
                        pictures[i] is null
                        ? $"{FormatName(result, recipe)}: dead" : $"{FormatName(result, recipe)}: {result.Activation:G4}"))],
            Columns = recipe.Facets > 1 ? recipe.Facets : Math.Min(results.Count, (int)Math.Ceiling(Math.Sqrt(results.Count * 1.6))),
            TileWidth = width * zoom,
            TileHeight = height * zoom,
            Scaling = Scaling.Nearest,
        }.Draw();
    }
}
