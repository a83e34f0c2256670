using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace VizPipeline.Jobs;

/// <summary>Everything that determines an atlas: the network, the images, the layers and what is computed for them.</summary>
/// <remarks>
/// The coordinator plans from the spec and every worker reads it; nothing else has to agree between them. Two specs with the same
/// <see cref="Hash"/> give the same results.
/// </remarks>
public sealed partial record AtlasSpec
{
    /// <summary>
    /// The atlas's id: a slug of 3 to 64 characters from <c>a-z</c>, <c>0-9</c> and <c>-</c> that does not begin with <c>-</c>.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>The display name.</summary>
    public required string Name { get; init; }

    /// <summary>The network.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The image set searched for top patches.</summary>
    public required ImageSetSpec Images { get; init; }

    /// <summary>How an image becomes the network's input, in the JSON of the image library.</summary>
    public required JsonElement Preprocessing { get; init; }

    /// <summary>
    /// The observed layers by <see cref="LayerSpec.Index"/>: those of the first plan in the network's order, then those that were added.
    /// </summary>
    public required IReadOnlyList<LayerSpec> Layers { get; init; }

    /// <summary>
    /// All layers of the network in its order, observed or not, which tell where added layers belong; null in specs older than this
    /// property. No result depends on it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<NetworkLayer>? Network { get; init; }

    /// <summary>The index of the layer that is added next; null while no layer was taken away, so that it follows the last one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? NextLayer { get; init; }

    /// <summary>What is computed for every neuron.</summary>
    public required AtlasMethods Methods { get; init; }

    /// <summary>Names of the output layer's neurons, in order; empty if unknown. They label pictures and have no other effect.</summary>
    public IReadOnlyList<string> OutputNames { get; init; } = [];

    /// <summary>Settings of gradient ascent. Ignored without <see cref="AtlasMethods.Ascent"/>.</summary>
    public AscentSpec Ascent { get; init; } = new();

    /// <summary>
    /// The recipe of the facets' ascents, which start at the facets' mean pictures; null, as in older specs, without
    /// <see cref="AtlasMethods.Facets"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? FacetRecipe { get; init; }

    /// <summary>
    /// Images per scan job, at least 1. Fixed when the atlas is planned; images that are added later have their own.
    /// </summary>
    public int ShardImages { get; init; } = 2_000;

    /// <summary>Neurons per patch or ascent job, at least 1. Fixed when the atlas is planned.</summary>
    public int NeuronsPerJob { get; init; } = 64;

    /// <summary>
    /// Images per forward pass, at least 1. Torch picks kernels by size, so values at different sizes differ by up to 1e-6 of a layer's
    /// maximum.
    /// </summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Device of the workers: <c>auto</c>, <c>cpu</c> or <c>cuda</c>. Results do not depend on it.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Which activations are kept (docs/activations.md). No result depends on it; null, as in older specs, for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeepSpec? Keep { get; init; }

    /// <summary>Dictionaries on layers of the network, each of which makes a layer LAYER@NAME; null, as in older specs, for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<DictionarySpec>? Dictionaries { get; init; }

    /// <summary>
    /// The methods whose pictures were deleted after the atlas was built; null, as in older specs, for none. What was computed does not
    /// depend on it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AtlasMethods? Pruned { get; init; }

    /// <summary>Returns the methods whose pictures the atlas has, or will have.</summary>
    public AtlasMethods DrawnMethods() => Methods & ~(Pruned ?? AtlasMethods.None);

    /// <summary>Gets the layer with an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No layer has it.</exception>
    public LayerSpec GetLayer(int index) => FindLayer(index)
        ?? throw new ArgumentOutOfRangeException(nameof(index), index, "no layer of the atlas has this index");

    /// <summary>Finds the layer with an index; null if no layer has it.</summary>
    public LayerSpec? FindLayer(int index)
        => index >= 0 && index < Layers.Count && Layers[index].Index == index
            ? Layers[index] : Layers.FirstOrDefault(layer => layer.Index == index);

    /// <summary>Returns the layers in the network's order, in which they are shown.</summary>
    public IReadOnlyList<LayerSpec> LayersInOrder()
    {
        if (Network is null)
            return Layers;
        var places = Network.Index().DistinctBy(layer => layer.Item.Name).ToDictionary(layer => layer.Item.Name, layer => layer.Index);
        return [.. Layers.OrderBy(layer => places.GetValueOrDefault(layer.Name, int.MaxValue))];
    }

    /// <summary>Counts the neurons of all layers.</summary>
    public long NeuronCount() => Layers.Sum(layer => (long)layer.Channels);

    /// <summary>Returns whether any method needs the pass over the image set.</summary>
    public bool NeedsScan() => (Methods & (AtlasMethods.Top9 | AtlasMethods.Deconv)) != 0;

    /// <summary>Computes the SHA-256 (lower-case hex) of everything that determines the results.</summary>
    /// <remarks>
    /// Names, paths, the device and the sizes of batches and jobs are excluded: they may change between two runs of one atlas.
    /// </remarks>
    public string Hash() => CanonicalJson.Hash(Parts());

    /// <summary>
    /// Returns the parts in which two specs lead to different results, e.g. <c>model</c>; empty when their hashes are equal.
    /// </summary>
    public IReadOnlyList<string> DifferencesTo(AtlasSpec other)
    {
        var others = other.Parts();
        var parts = Parts();
        return [.. parts.Keys.Union(others.Keys).Where(
            key => CanonicalJson.Hash(parts.GetValueOrDefault(key)) != CanonicalJson.Hash(others.GetValueOrDefault(key)))];
    }

    private Dictionary<string, object?> Parts()
    {
        var parts = NetworkParts();
        // Left out if there are none, so that atlases older than dictionaries keep their hash.
        if (Dictionaries is { Count: > 0 } dictionaries)
            parts["dictionaries"] = dictionaries.OrderBy(dictionary => dictionary.LayerName, StringComparer.Ordinal)
                .Select(dictionary => new { dictionary.Layer, dictionary.Name, dictionary.Sha256 }).ToList();
        if (Methods.HasFlag(AtlasMethods.Facets))
            parts["facets"] = FacetRecipe;
        return parts;
    }

    private Dictionary<string, object?> NetworkParts() => new()
    {
        ["model"] = new { Model.Architecture, Model.ModelSha256, Model.WeightsSha256, Model.Input },
        // By an earlier name of the property, which hashes of atlases contain.
        ["images"] = new { ManifestSha256 = Images.ManifestHash, Images.Count, Images.Classes },
        ["preprocessing"] = Preprocessing,
        // What follows from the model is left out, so that atlases older than these properties keep their hash. So is the order in which
        // layers were added.
        ["layers"] = LayersInOrder().Select(
            (layer, place) => layer with { Index = place, Pass = 0, Inputs = null, Rectified = null, Work = null }).ToList(),
        ["methods"] = Methods,
        ["ascent"] = Methods.HasFlag(AtlasMethods.Ascent) ? Ascent : null,
    };

    /// <summary>Returns whether a text is a valid <see cref="Id"/>.</summary>
    public static bool IsId(string text) => Slug().IsMatch(text);

    /// <summary>Returns every fault of the spec, one sentence each; empty when the atlas can be planned.</summary>
    public IReadOnlyList<string> Faults()
    {
        if (Layers.Contains(null!) || (Dictionaries ?? []).Contains(null!) || (Network ?? []).Contains(null!))
            return ["layers, dictionaries and the network's layers must not be null"];
        var faults = new List<string>();
        void Check(bool good, string fault)
        {
            if (!good)
                faults.Add(fault);
        }

        Check(IsId(Id), $"id '{Id}' must be 3 to 64 characters of a-z, 0-9 and '-', and not begin with '-'");
        Check(Model.Input is [> 0, > 0, > 0], "model input must be [channels, height, width], each 1 or more");
        Check(Preprocessing.ValueKind != JsonValueKind.Undefined, "preprocessing is missing");
        Check(Methods != AtlasMethods.None, "choose at least one of the methods top9, deconv, ascent, facets, filters");
        Check(!NeedsScan() || Images.Count > 0, "top9 and deconv need at least one image");
        Check(ShardImages > 0, $"images per shard must be 1 or more, not {ShardImages}");
        Check(NeuronsPerJob > 0, $"neurons per job must be 1 or more, not {NeuronsPerJob}");
        Check(BatchSize > 0, $"batch size must be 1 or more, not {BatchSize}");
        Check(
            Keep is null || (Keep.Images >= 0 && Keep.Images <= Images.Count),
            $"activations can be kept of 0 to {Images.Count} images, not {Keep?.Images}");
        faults.AddRange(ShardFaults());
        Check(Layers.Count > 0, "choose at least one layer");
        for (var index = 0; index < Layers.Count; index++)
        {
            var layer = Layers[index];
            Check(
                layer.Index > (index == 0 ? -1 : Layers[index - 1].Index) && layer.Pass >= 0,
                $"layer '{layer.Name}' has index {layer.Index} and pass {layer.Pass}, but indices ascend from 0 and passes begin at 0");
            Check(layer.Name.Length > 0, $"layer {index} has no name");
            Check(layer.Channels > 0, $"layer '{layer.Name}' has no channels");
        }
        foreach (var dictionary in Dictionaries ?? [])
            faults.AddRange(dictionary.Faults());
        foreach (var twice in (Dictionaries ?? []).GroupBy(dictionary => dictionary.LayerName).Where(same => same.Count() > 1))
            faults.Add($"dictionary '{twice.Key}' is listed {twice.Count()} times");
        foreach (var twice in Layers.GroupBy(layer => layer.Name).Where(same => same.Count() > 1))
            faults.Add($"layer '{twice.Key}' is listed {twice.Count()} times");
        if (Methods.HasFlag(AtlasMethods.Ascent))
        {
            faults.AddRange(Ascent.Faults());
            Check(NeedsScan() || !Ascent.StartsFromTopPatches(), "an ascent recipe starts from top-9 patches: add top9 to the methods");
        }
        if (Methods.HasFlag(AtlasMethods.Facets))
            faults.AddRange(FacetFaults());
        return faults;
    }

    private IEnumerable<string> FacetFaults()
    {
        if (!NeedsScan())
            yield return "facets divide the top 100 images: add top9 to the methods";
        var recipe = new RecipeView(FacetRecipe ?? default);
        if (!recipe.Exists || recipe.KindOf("start") != "top_patches")
            yield return "facets need the recipe of their ascents in facet_recipe, with the start top_patches";
        else if (recipe.Fault(AscentSpec.MostSteps) is { } fault)
            yield return $"the recipe of the facets' ascents {fault}";
        else if (recipe.Facets > 1)
            yield return "the recipe of the facets' ascents must make one picture, without diversity";
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{2,63}\z")]
    private static partial Regex Slug();
}

/// <summary>Identifies a network by content.</summary>
public sealed record ModelSpec
{
    /// <summary>A network's file, or the name of an architecture in the zoo. Workers open it.</summary>
    public required string Model { get; init; }

    /// <summary>The file of the weights, unless the model's own file contains them.</summary>
    public string? Weights { get; init; }

    /// <summary>Key of the model's file in the object store; null if workers open <see cref="Model"/> itself.</summary>
    public string? ModelKey { get; init; }

    /// <summary>
    /// Key of the weights' file in the object store; null if there are no weights or workers open <see cref="Weights"/> itself.
    /// </summary>
    public string? WeightsKey { get; init; }

    /// <summary>The architecture's name in the zoo; null when <see cref="Model"/> is a file.</summary>
    public string? Architecture { get; init; }

    /// <summary>SHA-256 (hex) of the model's file; null for an architecture in the zoo.</summary>
    public string? ModelSha256 { get; init; }

    /// <summary>SHA-256 (hex) of the weights' file; null if there is none.</summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>Shape of the input for one image: channels, height, width.</summary>
    public required IReadOnlyList<int> Input { get; init; }
}

/// <summary>Identifies the images by content. The list itself is a separate object, see <see cref="ImageList"/>.</summary>
public sealed record ImageSetSpec
{
    /// <summary>The folder or archive from which workers read images.</summary>
    public required string Root { get; init; }

    /// <summary>XxHash128 (32 hex digits) of the image list with sizes, content hashes and classes; empty without images.</summary>
    public string ManifestHash { get; init; } = "";

    // Specs of earlier versions call the hash by an algorithm that it is not of.
    [JsonInclude]
    [JsonPropertyName("manifest_sha256")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    private string? OldManifestHash
    {
        get => null;
        init => ManifestHash = value ?? ManifestHash;
    }

    /// <summary>Number of images, 0 or more; image indices are smaller.</summary>
    public required int Count { get; init; }

    /// <summary>Names of the classes, in the order of the labels; empty for an unlabelled set.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>
    /// The selected part of the set in words, e.g. "10 of each class, seed 3"; null for the whole set. The list contains the result.
    /// </summary>
    public string? Selection { get; init; }
}

/// <summary>Settings of gradient ascent.</summary>
public sealed record AscentSpec
{
    /// <summary>Approximate steps of a preset if <see cref="Steps"/> is not set, for estimates.</summary>
    public const int UsualSteps = 750;

    /// <summary>Maximum number of steps of an ascent.</summary>
    public const int MostSteps = 1_000_000;

    /// <summary>
    /// Names of the recipes, each of which gives one picture (or several facets) per neuron and seed: 1 to 4 for the published presets, or
    /// a name from <see cref="Recipes"/>.
    /// </summary>
    [JsonConverter(typeof(PresetNamesConverter))]
    public IReadOnlyList<string> Presets { get; init; } = ["3"];

    /// <summary>
    /// The full recipes of the names that are not numbers, as <c>viz recipes show</c> prints them; null if there are none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, JsonElement>? Recipes { get; init; }

    /// <summary>Overrides the number of steps of the presets, at least 1; null keeps it.</summary>
    public int? Steps { get; init; }

    /// <summary>Seeds of the start images; each gives one picture per neuron and preset.</summary>
    public IReadOnlyList<int> Seeds { get; init; } = [0];

    /// <summary>
    /// <c>normalised</c> (steps of constant length, suitable for any network) or <c>published</c> (the presets' own learning rates for
    /// CaffeNet).
    /// </summary>
    public string Rates { get; init; } = "normalised";

    /// <summary>
    /// <c>neuron</c> (the centre of the map) or <c>channel</c> (the mean of the map); only for the published presets, as other recipes
    /// define their own objective.
    /// </summary>
    public string Objective { get; init; } = "neuron";

    /// <summary>Returns whether a recipe starts from the neurons' top patches, so that the layer must be merged first.</summary>
    public bool StartsFromTopPatches() => Presets.Any(StartsFromTopPatches);

    /// <summary>Returns whether the pictures of a preset depend on the images: on the top patches, or on the images' spectrum.</summary>
    public bool ReadsImages(string preset)
        => StartsFromTopPatches(preset) || ReadsSpectrum(preset);

    /// <summary>Returns whether the pictures of a preset depend on the mean spectrum of all images, which any new image changes.</summary>
    public bool ReadsSpectrum(string preset) => RecipeOf(preset).KindOf("parametrization") == "maco";

    /// <summary>Counts the pictures of a preset per neuron: its facets, times the seeds.</summary>
    public int PicturesOf(string preset) => Seeds.Count * RecipeOf(preset).Facets;

    private bool StartsFromTopPatches(string preset) => RecipeOf(preset).KindOf("start") == "top_patches";

    /// <summary>Gets the steps of a preset under this spec, for estimates.</summary>
    public int StepsOf(string preset) => Steps ?? (RecipeOf(preset).Number("steps") is > 0 and var steps ? steps : UsualSteps);

    /// <summary>
    /// Counts the images that a preset runs through the network for one neuron, for estimates: steps times facets times views.
    /// </summary>
    public double PassesOf(string preset) => (double)StepsOf(preset) * RecipeOf(preset).Facets * RecipeOf(preset).Views;

    /// <summary>
    /// Returns whether a recipe's objective reads the whole map of the layer, so that no region of the image is enough, for estimates.
    /// </summary>
    public bool ReadsMap(string preset) => (RecipeOf(preset).KindOf("objective") ?? Objective) != "neuron";

    /// <summary>Counts the pictures per neuron: the facets of all recipes, times the seeds.</summary>
    public int PicturesPerNeuron() => Presets.Sum(PicturesOf);

    private RecipeView RecipeOf(string name) => new(Recipes is not null && Recipes.TryGetValue(name, out var recipe) ? recipe : default);

    /// <summary>Returns every fault, one sentence each.</summary>
    internal IEnumerable<string> Faults()
    {
        if (Presets.Count == 0 || Presets.Distinct().Count() != Presets.Count)
            yield return "ascent needs at least one preset, each named once";
        foreach (var name in Presets)
        {
            if (!PresetNames.IsName(name))
                yield return $"ascent preset '{name}' is neither 1 to 4 nor a name of 1 to 40 characters of a-z, 0-9 and '-'";
            else if (!PresetNames.IsNumber(name) && !RecipeOf(name).Exists)
                yield return $"ascent preset '{name}' has no recipe in the spec";
            else if (!PresetNames.IsNumber(name) && RecipeOf(name).Fault(MostSteps) is { } fault)
                yield return $"the recipe of ascent preset '{name}' {fault}";
        }
        foreach (var unused in Recipes?.Keys.Except(Presets) ?? [])
            yield return $"the spec has a recipe '{unused}' that no ascent preset names";
        if (Seeds.Count == 0 || Seeds.Distinct().Count() != Seeds.Count)
            yield return "ascent needs at least one seed, each named once";
        if (Steps is < 1 or > MostSteps)
            yield return $"ascent steps must be 1 to {MostSteps}, not {Steps}";
        if (Rates is not ("normalised" or "published"))
            yield return $"ascent rates '{Rates}' are unknown; use normalised or published";
        if (Objective is not ("neuron" or "channel"))
            yield return $"ascent objective '{Objective}' is unknown; use neuron or channel";
    }
}
