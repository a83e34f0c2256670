using System.CommandLine;
using System.Globalization;
using VizPipeline.ActivationStore;
using VizPipeline.Atlas.Api;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Query;
using VizPipeline.Network.Formats;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz store</c>: answers questions from the activations that an atlas has kept.</summary>
internal static class StoreCommand
{
    private const string NoRows = "no such images";

    public static Command Create() => new("store", "Answer questions from the activations that an atlas has kept")
    {
        Info(), Top(), Bottom(), Classes(), Images(), Exemplars(), Distribution(), Neurons(), Alike(), Similar(), Selective(), Correlate(),
        Export(),
    };

    private static Command Info()
    {
        var format = TableOutput.CreateOption();
        return Build("info", "Show what is kept of each layer", [format], async (parsed, queries, _, cancellation) =>
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Layers, await queries.ReadLayersAsync(cancellation),
                "no activations are kept: `viz run` keeps them unless --keep none is given", cancellation));
    }

    private static Command Top()
    {
        var (neuron, limit, format) = (NeuronArgument("neuron"), Limit("images"), TableOutput.CreateOption());
        return Build(
            "top", "List the images that excite a neuron most, up to 100, by exact activations (also with --keep none)",
            [neuron, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Top,
                await queries.ReadTopAsync(layer, channel, Count(parsed, limit), cancellation), NoRows, cancellation);
        });
    }

    private static Command Bottom()
    {
        var (neuron, format) = (NeuronArgument("neuron"), TableOutput.CreateOption());
        return Build(
            "bottom", "List the nine images that excite a neuron least, by exact activations (also with --keep none), of layers with "
            + "values below 0", [neuron, format], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Top, await queries.ReadBottomAsync(layer, channel, cancellation),
                NoRows, cancellation);
        });
    }

    private static Command Classes()
    {
        var (neuron, limit, format) = (NeuronArgument("neuron"), Limit("classes"), TableOutput.CreateOption());
        return Build(
            "classes", "List the classes by a neuron's mean activation over their images (also with --keep none)",
            [neuron, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Classes,
                await queries.ReadClassesAsync(layer, channel, Count(parsed, limit), cancellation), "no classes", cancellation);
        });
    }

    private static Command Similar()
    {
        var (neuron, limit, format) = (NeuronArgument("neuron"), Limit("neurons"), TableOutput.CreateOption());
        return Build(
            "similar", "List the neurons that respond to the same images, by correlation over up to 512 images (also with --keep none)",
            [neuron, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), SimilarTable.Table,
                await queries.FindSimilarAsync(layer, channel, Count(parsed, limit), cancellation),
                "no neuron is similar: its activation is the same on all images", cancellation);
        });
    }

    private static Command Images()
    {
        var (neuron, subset, limit, format) = (NeuronArgument("neuron"), new SubsetOptions(), Limit("images"), TableOutput.CreateOption());
        var order = new Option<string>("--sort")
        {
            Description = "-activation (the strongest first), activation (the weakest first), or image",
            DefaultValueFactory = _ => "-activation",
        };
        return Build(
            "images", "List the images of a neuron by its activation: the next hundred, or the opposite",
            [neuron, .. subset.All, order, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            var sort = parsed.GetRequiredValue(order) switch
            {
                "-activation" => ActivationOrder.Strongest,
                "activation" => ActivationOrder.Weakest,
                "image" => ActivationOrder.Image,
                var odd => throw new UsageException($"--sort '{odd}' is unknown; use -activation, activation or image"),
            };
            var (rows, _, _) = await queries.ReadImagesAsync(
                layer, channel, await subset.ReadAsync(parsed, queries, cancellation), sort, _ => 0, Count(parsed, limit), cancellation);
            await TableOutput.WriteAsync(parsed.GetRequiredValue(format), ActivationTables.Images, rows, NoRows, cancellation);
        });
    }

    private static Command Distribution()
    {
        var (neuron, subset) = (NeuronArgument("neuron"), new SubsetOptions());
        var bins = new Option<int>("--bins") { Description = "Number of bins, 1 to 1000", DefaultValueFactory = _ => 16 };
        var quantiles = new Option<string?>("--quantiles")
        {
            Description = "Levels from 0 to 1, separated by commas; default: 0.5,0.9,0.99,0.999",
        };
        return Build(
            "distribution", "Show the distribution of a neuron's activations over all or some images",
            [neuron, .. subset.All, bins, quantiles], async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            var levels = ActivationEndpoints.ParseQuantiles(parsed.GetValue(quantiles));
            var count = parsed.GetValue(bins) is >= 1 and <= 1000 and var given
                ? given : throw new UsageException("--bins must be from 1 to 1000");
            if (await queries.DescribeAsync(
                layer, channel, await subset.ReadAsync(parsed, queries, cancellation), count, levels, cancellation) is { } found)
                Write(found, levels);
            else
                Console.WriteLine(NoRows);
        });
    }

    private static void Write(ValueDistribution found, IReadOnlyList<double> levels)
    {
        const int Width = 50;
        static string Number(double value) => value.ToString("G5", CultureInfo.InvariantCulture);
        Console.WriteLine(
            $"{found.Images:N0} images: mean {Number(found.Mean)}, standard deviation {Number(found.StandardDeviation)}, "
            + $"{Number(found.Min)} to {Number(found.Max)}");
        Console.WriteLine(string.Join(
            ", ", levels.Zip(found.Quantiles).Select(pair => $"{Number(100 * pair.First)} % up to {Number(pair.Second)}")));
        var most = Math.Max(1, found.Counts.Max());
        for (var bin = 0; bin < found.Counts.Count; bin++)
        {
            var low = found.Min + (((double)found.Max - found.Min) * bin / found.Counts.Count);
            Console.WriteLine(
                $"{Number(low),12} {new string('#', (int)Math.Ceiling((double)Width * found.Counts[bin] / most)),-Width} "
                + $"{found.Counts[bin]:N0}");
        }
    }

    private static Command Exemplars()
    {
        var (neuron, format) = (NeuronArgument("neuron"), TableOutput.CreateOption());
        var by = new Option<string>("--by")
        {
            Description = "bands: three images of each band of activations above the median; "
                + "classes: the three strongest images of each of the five classes that the neuron prefers",
            DefaultValueFactory = _ => "bands",
        };
        return Build(
            "exemplars", "List a few images of every band of a neuron's activations, or of its best classes", [neuron, by, format],
            async (parsed, queries, atlas, cancellation) =>
        {
            var (layer, channel) = ActivationEndpoints.ParseNeuron(atlas, "neuron", parsed.GetRequiredValue(neuron));
            var groups = parsed.GetRequiredValue(by) switch
            {
                "bands" => await queries.ReadBandsAsync(layer, channel, cancellation),
                "classes" => await queries.ReadClassExemplarsAsync(layer, channel, cancellation),
                var odd => throw new UsageException($"--by '{odd}' is unknown; use bands or classes"),
            };
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Exemplars, ExemplarGroup.Flatten(groups), NoRows, cancellation);
        });
    }

    private static Command Neurons()
    {
        var (image, limit, format) = (ImageArgument(), Limit("neurons"), TableOutput.CreateOption());
        var layer = new Option<string?>("--layer") { Description = "Name of a layer; default: all layers" };
        return Build(
            "neurons", "List the neurons that one image excites most, as shares of their largest activation",
            [image, layer, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var rows = await queries.ReadNeuronsAsync(
                await queries.FindImageAsync(parsed.GetRequiredValue(image), cancellation),
                parsed.GetValue(layer) is { } name ? [CatalogLookup.GetLayer(atlas, name)] : atlas.Layers, Count(parsed, limit),
                cancellation);
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Neurons, rows, "the image could not be read", cancellation);
        });
    }

    private static Command Selective()
    {
        var classes = new Option<string[]>("--class")
        {
            Description = "Name or index of a class; may be repeated",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var file = new Option<string?>("--superclasses")
        {
            Description = "File with a class and its superclass per line (separated by tab or comma), or JSON; with --superclass",
        };
        var superclass = new Option<string?>("--superclass") { Description = "A superclass of the file: all its classes together" };
        var layer = new Option<string?>("--layer") { Description = "Name of a layer; default: all layers" };
        var (limit, format) = (Limit("neurons"), TableOutput.CreateOption());
        return Build(
            "selective", "List the neurons that are most selective for some classes together, such as all dogs (also with --keep none)",
            [classes, file, superclass, layer, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var chosen = parsed.GetRequiredValue(classes).Select(name => ClassIndex.Find(atlas, "--class", name)).ToHashSet();
            if (parsed.GetValue(file) is null != parsed.GetValue(superclass) is null)
                throw new UsageException("--superclasses FILE and --superclass NAME belong together");
            if (parsed.GetValue(file) is { } path)
                chosen.UnionWith(Superclasses.Find(path, parsed.GetValue(superclass)!, atlas.Spec.Images.Classes));
            if (chosen.Count == 0)
                throw new UsageException("give --class, or --superclasses with --superclass");
            await TableOutput.WriteAsync(
                parsed.GetRequiredValue(format), ActivationTables.Selective,
                await queries.FindSelectiveAsync(
                    parsed.GetValue(layer) is { } name ? [CatalogLookup.GetLayer(atlas, name)] : atlas.Layers, chosen,
                    Count(parsed, limit), cancellation),
                "no neuron has enough support", cancellation);
        });
    }

    private static Command Alike()
    {
        var (image, limit, format) = (ImageArgument(), Limit("images"), TableOutput.CreateOption());
        var layer = new Option<string>("--layer") { Description = "The layer whose activations are compared", Required = true };
        return Build(
            "alike", "List the images whose activations in a layer are most like those of one image",
            [image, layer, limit, format], async (parsed, queries, atlas, cancellation) =>
        {
            var rows = await queries.FindAlikeAsync(
                await queries.FindImageAsync(parsed.GetRequiredValue(image), cancellation),
                CatalogLookup.GetLayer(atlas, parsed.GetRequiredValue(layer)), Count(parsed, limit), cancellation);
            await TableOutput.WriteAsync(parsed.GetRequiredValue(format), ActivationTables.Alike, rows, NoRows, cancellation);
        });
    }

    private static Command Correlate()
    {
        var (one, other, subset) = (NeuronArgument("one"), NeuronArgument("other"), new SubsetOptions());
        return Build(
            "correlate", "Compute the Pearson correlation of two neurons over all or some images", [one, other, .. subset.All],
            async (parsed, queries, atlas, cancellation) =>
        {
            var (correlation, images) = await queries.CorrelateAsync(
                ActivationEndpoints.ParseNeuron(atlas, "one", parsed.GetRequiredValue(one)),
                ActivationEndpoints.ParseNeuron(atlas, "other", parsed.GetRequiredValue(other)),
                await subset.ReadAsync(parsed, queries, cancellation), cancellation);
            Console.WriteLine(correlation is { } value
                ? string.Create(CultureInfo.InvariantCulture, $"{value:0.0000} over {images:N0} images")
                : string.Create(
                    CultureInfo.InvariantCulture, $"undefined over {images:N0} images: one of the neurons has the same activation on all"));
        });
    }

    private static Command Export()
    {
        var layer = new Argument<string>("layer") { Description = "Name of the layer" };
        var file = new Option<string>("--out") { Description = "File to write, .npy", Required = true };
        return Build(
            "export", "Write a layer's activations as one NumPy file, float16 [images, neurons]", [layer, file],
            async (parsed, queries, atlas, cancellation) =>
        {
            var path = parsed.GetRequiredValue(file);
            if (!path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) || Directory.Exists(path))
                throw new UsageException($"--out '{path}' must be a file that ends in .npy");
            var kept = await queries.OpenAsync(CatalogLookup.GetLayer(atlas, parsed.GetRequiredValue(layer)), cancellation);
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            AtomicFile.Write(path, stream => kept.WriteNpyAsync(stream, cancellation).GetAwaiter().GetResult());
            Console.WriteLine(
                $"wrote {path}: float16 [{kept.Index.Rows}, {kept.Index.Neurons}]"
                + (kept.Index.Sample is null ? "" : "; the images of its rows are `sample` in the layer's index.json"));
        });
    }

    private static Command Build(
        string name, string description, IReadOnlyList<Symbol> symbols,
        Func<ParseResult, ActivationQueries, LoadedAtlas, CancellationToken, Task> run)
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of an atlas" };
        var command = new Command(name, description) { folder };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else if (symbol is Option option)
                command.Options.Add(option);
        }
        command.SetAction(async (parsed, cancellation) =>
        {
            var stored = await StoredAtlas.OpenAsync(parsed.GetRequiredValue(folder), cancellation);
            await using var catalog = stored.Database.Open();
            var atlas = await CatalogLookup.GetAtlasAsync(catalog, stored.Spec.Id, cancellation);
            try
            {
                await run(parsed, new ActivationQueries(stored.OpenStore(), catalog, atlas), atlas, cancellation);
            }
            catch (QueryException wrong)
            {
                throw new UsageException(wrong.Message);
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> NeuronArgument(string name) => new(name) { Description = "A neuron, LAYER:CHANNEL, such as conv1:7" };

    private static Argument<string> ImageArgument() => new("image") { Description = "An image: its index, or its path in the image set" };

    private static Option<int> Limit(string what) =>
        new("--limit") { Description = $"Maximum number of {what}", DefaultValueFactory = _ => 50 };

    private static int Count(ParseResult parsed, Option<int> limit) =>
        parsed.GetValue(limit) is > 0 and var count ? count : throw new UsageException("--limit must be 1 or more");

    /// <summary>The options that choose a part of the image set.</summary>
    private sealed class SubsetOptions
    {
        private readonly Option<string?> _class = new("--class") { Description = "Name or index of a class: only its images" };
        private readonly Option<string?> _path = new("--path")
        {
            Description = "Pattern of paths, such as 'val/*': only these images; * and ? are wildcards",
        };
        private readonly Option<string?> _list = new("--list")
        {
            Description = "File with an image per line, by path or index: only these images",
        };

        public IEnumerable<Option> All => [_class, _path, _list];

        public async Task<ImageSubset> ReadAsync(ParseResult parsed, ActivationQueries queries, CancellationToken cancellation)
        {
            if (parsed.GetValue(_list) is not { } file)
                return new ImageSubset(parsed.GetValue(_class), parsed.GetValue(_path));
            if (!File.Exists(file))
                throw new UsageException($"--list '{file}' does not exist");
            var images = new HashSet<int>();
            foreach (var line in await File.ReadAllLinesAsync(file, cancellation))
            {
                if (line.Trim() is { Length: > 0 } image)
                    images.Add(await queries.FindImageAsync(image, cancellation));
            }
            return new ImageSubset(parsed.GetValue(_class), parsed.GetValue(_path), images);
        }
    }
}
