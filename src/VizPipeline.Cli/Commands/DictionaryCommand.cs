using System.CommandLine;
using System.Globalization;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Dictionaries;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Graph;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz dictionary</c>: makes dictionaries for <c>viz run --dictionary</c>, and measures them.</summary>
internal static class DictionaryCommand
{
    public static Command Create() => new("dictionary", "Train or compute a dictionary of a layer's features, or measure one")
    {
        new TrainDictionary().Create(), new PcaDictionary().Create(), new CheckDictionary().Create(),
    };

    // What all three need: a network, images and a layer.
    private abstract class Base
    {
        protected ModelOptions Model { get; } = new();

        protected ImageOptions Images { get; } = new();

        protected Option<string> Layer { get; } = new("--layer") { Description = "The layer, e.g. features.10", Required = true };

        protected Option<string> Out { get; } = new("--out") { Description = "The file to write, e.g. sae.safetensors", Required = true };

        protected Option<int> Places { get; } = new("--places")
        {
            Description = "About how many places of the images to learn from; fewer if their values would take more than 512 MiB",
            DefaultValueFactory = _ => 400_000,
        };

        protected Option<int> Seed { get; } = new("--seed") { Description = "Seed of everything random", DefaultValueFactory = _ => 0 };

        public Command Create()
        {
            var command = CreateCommand();
            Model.AddTo(command);
            Images.AddTo(command);
            command.SetAction(RunAsync);
            return command;
        }

        protected abstract Command CreateCommand();

        protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation);

        protected ActivationPass Pass(ParseResult parsed, NetworkGraph graph, CancellationToken cancellation) => new(
            graph, Model.GetPreprocessing(parsed, graph), Images.Choose(parsed, null, cancellation), Model.GetDevice(parsed));

        protected async Task<int> WriteAsync(
            ParseResult parsed, NetworkGraph graph, Network.Graph.Layer layer, FeatureDictionary dictionary, CancellationToken cancellation)
        {
            var file = parsed.GetRequiredValue(Out);
            DictionaryFile.Write(file, dictionary);
            var whole = Readout.Attach(graph, layer.Name, "new", dictionary);
            var facts = MergeLayerHandler.FactsOf(await Pass(parsed, whole, cancellation).MeasureAsync(whole.Readouts[^1], cancellation));
            Console.WriteLine(
                $"{dictionary.Describe()} on {layer.Name}: {facts.Describe()}, over all {facts.Places:N0} places of the images");
            Console.WriteLine($"Written to {file}. Make its atlas with `viz run ... --dictionary {layer.Name}={file}`");
            return ExitCode.Done;
        }

        protected static int Positive(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is > 0 and var number
            ? number : throw new UsageException($"{option.Name} must be 1 or more");
    }

    private sealed class TrainDictionary : Base
    {
        private readonly Option<int?> _features = new("--features")
        {
            Description = "Number of features; default: 4 times the channels of the layer",
        };
        private readonly Option<int> _count = new("--k")
        {
            Description = "Features that may be active at one place",
            DefaultValueFactory = _ => 16,
        };
        private readonly Option<int> _steps = new("--steps") { Description = "Steps of Adam", DefaultValueFactory = _ => 2000 };
        private readonly Option<int> _batch = new("--places-per-step") { Description = "Places per step", DefaultValueFactory = _ => 1024 };
        private readonly Option<string> _rate = new("--rate") { Description = "Learning rate", DefaultValueFactory = _ => "0.001" };

        protected override Command CreateCommand() => new(
            "train", "Train a TopK sparse autoencoder on a layer's values at places of images")
        {
            Layer, Out, _features, _count, _steps, _batch, _rate, Places, Seed,
        };

        protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
        {
            var graph = Model.Open(parsed);
            var layer = graph.Layer(parsed.GetRequiredValue(Layer));
            var features = parsed.GetValue(_features) ?? 4 * layer.Neurons;
            if (features < 1)
                throw new UsageException("--features must be 1 or more");
            var rate = double.TryParse(parsed.GetRequiredValue(_rate), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && number is > 0 and <= 1 ? number : throw new UsageException("--rate must be above 0 and at most 1");
            var training = new TopKTraining(
                features, Positive(parsed, _count) is var k && k <= features ? k : throw new UsageException(
                    $"--k {k} is more than the {features} features"),
                Positive(parsed, _steps), Positive(parsed, _batch), rate, parsed.GetValue(Seed));
            var rows = await Pass(parsed, graph, cancellation).CollectAsync(
                layer, Positive(parsed, Places), training.Seed, cancellation);
            Console.WriteLine(
                $"Training {Format.Counted(features, "feature")}, {training.Count} active at once, on {rows.Shape[0]:N0} places of "
                + layer.Name);
            using var progress = new LineProgress(Console.Error, "steps", training.Steps);
            var dictionary = TopKTrainer.Train(
                rows, training, Model.GetDevice(parsed),
                (step, fit) => progress.Report(step, FormattableString.Invariant($" · R² {fit:0.000}")), cancellation);
            return await WriteAsync(parsed, graph, layer, dictionary, cancellation);
        }
    }

    private sealed class PcaDictionary : Base
    {
        private readonly Option<int> _count = new("--components") { Description = "Number of components", DefaultValueFactory = _ => 64 };

        protected override Command CreateCommand() => new("pca", "Compute the principal components of a layer's values at places of images")
        {
            Layer, Out, _count, Places, Seed,
        };

        protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
        {
            var graph = Model.Open(parsed);
            var layer = graph.Layer(parsed.GetRequiredValue(Layer));
            var count = Positive(parsed, _count);
            if (count > layer.Neurons)
                throw new UsageException($"--components {count} is more than the {layer.Neurons} channels of {layer.Name}");
            var rows = await Pass(parsed, graph, cancellation).CollectAsync(
                layer, Positive(parsed, Places), parsed.GetValue(Seed), cancellation);
            return await WriteAsync(parsed, graph, layer, PrincipalComponents.Fit(rows, count), cancellation);
        }
    }

    private sealed class CheckDictionary : Base
    {
        private readonly DictionaryOptions _dictionaries = new();

        protected override Command CreateCommand()
        {
            var command = new Command("check", "Measure how well dictionaries restore their layers on images: R², L0 and dead features");
            _dictionaries.AddTo(command);
            return command;
        }

        protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
        {
            var plain = Model.Open(parsed);
            var (graph, chosen) = _dictionaries.Attach(parsed, plain, () => Pass(parsed, plain, cancellation), cancellation);
            if (chosen.Count == 0)
                throw new UsageException("give a dictionary: --dictionary LAYER=FILE");
            var pass = Pass(parsed, graph, cancellation);
            foreach (var readout in graph.Readouts)
            {
                var facts = MergeLayerHandler.FactsOf(await pass.MeasureAsync(readout, cancellation));
                Console.WriteLine($"{readout.Name}: {readout.Dictionary.Describe()}: {facts.Describe()}, over {facts.Places:N0} places");
            }
            return ExitCode.Done;
        }
    }
}
