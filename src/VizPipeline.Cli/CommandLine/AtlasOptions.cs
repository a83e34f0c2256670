using System.CommandLine;
using VizPipeline.Atlas.Web;
using VizPipeline.Cli.Dictionaries;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The options that specify an atlas, common to <c>run</c> and <c>submit</c>.</summary>
internal sealed class AtlasOptions
{
    private readonly ModelOptions _model = new();
    private readonly ImageOptions _images = new();
    private readonly Option<string[]> _layers = new("--layers")
    {
        Description =
            "Layers, e.g. conv3,features.*, which an existing atlas gains; default: all except those that only repeat others, which "
            + "`viz layers` marks",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = LayerList.Parse,
    };
    private readonly DictionaryOptions _dictionaries = new();
    private readonly Option<string[]> _methods = new("--methods")
    {
        Description = "Some of top9,deconv,ascent,facets,filters; default: all but facets",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = LayerList.Parse,
    };
    private readonly Option<string[]> _presets = new("--ascent-presets")
    {
        Description = $"Ascent recipes, one picture per neuron each: {RecipeOptions.Choices}; default: {AscentPresets.Default}",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = LayerList.Parse,
    };
    private readonly Option<int?> _steps = new("--ascent-steps")
    {
        Description = "Steps per ascent; default: the recipe's own (128 to 1000)",
    };
    private readonly Option<string[]> _seeds = new("--ascent-seeds")
    {
        Description = "Seeds of the start images, one picture per neuron each; default: 0",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = LayerList.Parse,
    };
    private readonly Option<string> _objective = new("--ascent-objective")
    {
        Description = "Objective: neuron (centre of the map) or channel (mean of the map)",
        DefaultValueFactory = _ => "neuron",
    };
    private readonly Option<string> _rates = new("--ascent-rates")
    {
        Description = "Learning rates of recipes 1 to 4: normalised (for any network) or published (for CaffeNet)",
        DefaultValueFactory = _ => "normalised",
    };
    private readonly Option<string?> _classNames = new("--class-names")
    {
        Description =
            "File with the names of the network's outputs, in order (JSON or text); images keep the classes of their set, which are shown "
            + "by these names where they are found there by name, synset or number",
    };
    private readonly Option<int> _batch = new("--batch") { Description = "Images per forward pass", DefaultValueFactory = _ => 32 };
    private readonly Option<string> _keep = KeepOption.CreateOption();
    private readonly Option<bool> _keepPositions = KeepOption.CreatePositionsOption();
    private readonly Option<string?> _name = new("--name") { Description = "Name of the atlas; default: the name of the model" };

    /// <summary>The option for the network: a file or the name of an architecture.</summary>
    public Option<string> Model => _model.Model;

    /// <summary>Adds all options to a command.</summary>
    public void AddTo(Command command)
    {
        _model.AddTo(command);
        _images.AddTo(command);
        _dictionaries.AddTo(command);
        foreach (var option in (Option[])[_layers, _methods, _presets, _steps, _seeds, _objective, _rates, _classNames, _batch, _keep,
            _keepPositions, _name])
            command.Options.Add(option);
    }

    /// <summary>Opens the network, lists the images, and returns the requested atlas.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="isHere">Whether this machine computes the atlas, so that the device must exist.</param>
    /// <param name="cancellation">Cancels listing the images.</param>
    /// <exception cref="UsageException">An option has an invalid value.</exception>
    public AtlasRequest CreateRequest(ParseResult parsed, bool isHere, CancellationToken cancellation)
    {
        var methods = ParseMethods(parsed.GetValue(_methods));
        var ascent = ParseAscent(parsed);
        var batch = parsed.GetRequiredValue(_batch) is > 0 and <= 4096 and var size
            ? size : throw new UsageException("--batch must be from 1 to 4096");
        var keep = KeepOption.Parse(parsed.GetRequiredValue(_keep), parsed.GetValue(_keepPositions));
        var device = parsed.GetRequiredValue(_model.Device);
        if (isHere)
            _ = TorchDevice.FindAll(device);
        var plain = _model.Open(parsed);
        var (graph, dictionaries) = _dictionaries.Attach(
            parsed, plain,
            () => new ActivationPass(
                plain, _model.GetPreprocessing(parsed, plain), _images.Choose(parsed, null, cancellation),
                TorchDevice.FindAll(device)[0].Device),
            cancellation);
        var layers = SelectLayers(graph, parsed.GetValue(_layers) ?? []);
        var preprocessing = _model.GetPreprocessing(parsed, graph);
        var names = parsed.GetValue(_classNames) is { } file ? ClassNames.Load(file) : null;
        if (graph.Layers.FirstOrDefault(layer => layer.Kind == LayerKind.Output) is { } output)
            CheckCount(names, output.Neurons, parsed.GetValue(_classNames));
        var images = methods.HasFlag(AtlasMethods.Top9) ? _images.Choose(parsed, names, cancellation) : null;
        return new AtlasRequest(
            parsed.GetValue(_name) ?? graph.Name, parsed.GetRequiredValue(_model.Model), _model.FindWeights(parsed), graph, layers,
            preprocessing, images?.Manifest,
            images?.Root ?? _images.GetRoot(parsed), images?.Manifest.NameClasses(names) ?? [], names?.Labels ?? [], methods, ascent,
            device, batch, images?.Selection ?? "", images is null ? null : ClassReport.Describe(images.Manifest, names), keep)
        {
            Dictionaries = dictionaries,
        };
    }

    /// <summary>Refuses names that cannot be those of the network's outputs.</summary>
    /// <exception cref="UsageException">Their number is not that of the outputs.</exception>
    internal static void CheckCount(ClassNames? names, int outputs, string? file)
    {
        if (names is not null && names.Labels.Count != outputs)
            throw new UsageException(
                $"--class-names '{file}' has {Format.Counted(names.Labels.Count, "name")}, but the network has "
                + $"{Format.Counted(outputs, "output")}");
    }

    private static IReadOnlyList<Layer> SelectLayers(NetworkGraph graph, string[] patterns)
    {
        if (patterns.Length > 0)
        {
            // Who gives a dictionary wants to see its features.
            var named = LayerPatterns.Select(graph, patterns);
            return [.. graph.Layers.Where(layer => named.Contains(layer) || layer.Kind == LayerKind.Dictionary)];
        }
        var chosen = LayerPatterns.SelectDefault(graph);
        var left = graph.Layers.Except(chosen).ToList();
        if (left.Count > 0)
            Console.Error.WriteLine(
                $"viz: left out, because their neurons are those of other layers: {string.Join(", ", left.Select(layer => layer.Name))} "
                + "(--layers with their names includes them)");
        return chosen;
    }

    /// <summary>Parses the names of methods.</summary>
    /// <exception cref="UsageException">A name is unknown.</exception>
    internal static AtlasMethods ParseMethods(string[]? names)
    {
        if (names is null or { Length: 0 })
            return AtlasMethods.All;
        return names.Aggregate(AtlasMethods.None, (methods, name) => methods | name.ToLowerInvariant() switch
        {
            "top9" => AtlasMethods.Top9,
            "deconv" => AtlasMethods.Deconv | AtlasMethods.Top9,
            "ascent" => AtlasMethods.Ascent,
            "facets" => AtlasMethods.Facets | AtlasMethods.Top9,
            "filters" => AtlasMethods.Filters,
            _ => throw new UsageException($"--methods '{name}' is unknown; use top9, deconv, ascent, facets or filters"),
        });
    }

    private AscentSpec ParseAscent(ParseResult parsed)
    {
        var recipes = (parsed.GetValue(_presets) ?? []).DefaultIfEmpty(AscentPresets.Default)
            .Select(text => RecipeOptions.Find("--ascent-presets", text)).ToArray();
        if (recipes.CountBy(recipe => recipe.Name).FirstOrDefault(same => same.Value > 1) is { Key: { } twice })
            throw new UsageException($"--ascent-presets names '{twice}' twice");
        var objective = RecipeOptions.CreateObjective(parsed.GetRequiredValue(_objective));
        // Built-in recipes take the objective of the option; a recipe from a file has its own.
        var named = recipes.Where(recipe => !PresetNames.IsNumber(recipe.Name))
            .ToDictionary(recipe => recipe.Name, recipe => RecipeJson.ToElement(recipe.IsFile ? recipe.Recipe : recipe.Recipe with
            {
                Objective = objective,
            }));
        int[] seeds = [.. (parsed.GetValue(_seeds) ?? []).Select(text => Number("--ascent-seeds", text))];
        return new AscentSpec
        {
            Presets = [.. recipes.Select(recipe => recipe.Name)],
            Recipes = named.Count == 0 ? null : named,
            Steps = parsed.GetValue(_steps) is { } steps
                ? steps is > 0 and <= 1_000_000 ? steps : throw new UsageException($"--ascent-steps {steps} must be 1 or more") : null,
            Seeds = seeds.Length == 0 ? [0] : seeds,
            Objective = parsed.GetRequiredValue(_objective),
            Rates = parsed.GetRequiredValue(_rates),
        };
    }

    private static int Number(string option, string text) =>
        int.TryParse(text, out var number) ? number : throw new UsageException($"{option} '{text}' is not an integer");
}
