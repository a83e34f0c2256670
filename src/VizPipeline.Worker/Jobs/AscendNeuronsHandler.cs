using System.Text.Json.Nodes;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.ObjectStore;
using VizPipeline.Worker.Rendering;

namespace VizPipeline.Worker.Jobs;

/// <summary>Runs gradient ascent for a range of neurons with one preset and one seed.</summary>
public sealed class AscendNeuronsHandler(IObjectStore store) : IJobHandler<AscendNeurons>
{
    private const int CurvePoints = 64;

    /// <summary>Returns the recipe for a preset of an atlas's settings.</summary>
    /// <exception cref="RecipeException">The settings do not list the preset, or contain no recipe for it.</exception>
    public static AscentRecipe RecipeOf(AscentSpec settings, string preset)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(preset);
        AscentRecipe recipe;
        if (PresetNames.IsNumber(preset))
        {
            var number = preset[0] - '0';
            recipe = (settings.Rates == "published" ? AscentPresets.Published(number) : AscentPresets.Normalised(number)) with
            {
                Objective = ObjectiveOf(settings.Objective),
            };
        }
        else
        {
            recipe = settings.Recipes?.TryGetValue(preset, out var json) == true
                ? RecipeJson.Parse(json.GetRawText(), preset) : throw new RecipeException(
                    $"the atlas has no recipe for its ascent preset '{preset}'");
        }
        if (!recipe.Objective.IsPerNeuron || recipe.Start is PictureStart)
            throw new RecipeException($"recipe '{recipe.Name}' is not for an atlas: its objective or start is no single neuron's");
        recipe = settings.Steps is { } steps ? AscentPresets.WithSteps(recipe, steps) : recipe;
        return recipe.Faults().FirstOrDefault() is { } fault ? throw new RecipeException($"recipe '{recipe.Name}': {fault}") : recipe;
    }

    /// <summary>Returns the objective with a given name in the settings.</summary>
    public static AscentObjective ObjectiveOf(string name) => name == "channel" ? new ChannelObjective() : new NeuronObjective();

    /// <inheritdoc/>
    public async Task<byte[]> RunAsync(AtlasRuntime atlas, AscendNeurons command, IProgress<int> progress, CancellationToken cancellation)
    {
        var recipe = RecipeOf(atlas.Spec.Ascent, command.Preset);
        var tops = recipe.Start is TopPatchesStart ? await ReadTopsAsync(atlas, command, recipe, cancellation) : null;
        var materials = Materials(atlas, command, recipe, tops);
        var stays = await UnchangedPictures.FindAsync(store, atlas.Spec, command, cancellation);
        int[] open = [.. Enumerable.Range(command.FirstChannel, command.EndChannel - command.FirstChannel)
            .Where(channel => !stays.Has(channel, materials.GetValueOrDefault(channel), recipe.Facets))];
        var (rows, parameters, texts) = (new List<PictureRow>(), Parameters(atlas, recipe), new PictureTexts(atlas.Spec));
        var run = open.Length == 0 ? null : Prepare(atlas, command, recipe, tops);
        for (var first = 0; run is not null && first < open.Length; first += run.SamplesPerBatch)
        {
            var neurons = open[first..Math.Min(open.Length, first + run.SamplesPerBatch)];
            foreach (var result in run.Ascend(neurons, command.Seed, cancellation))
                rows.Add(await StoreAsync(atlas, command, result, materials, parameters, texts, cancellation));
            progress.Report(rows.Count / recipe.Facets);
        }
        var made = open.ToHashSet();
        // In the order of a job that runs all ascents, which has the facets of a neuron together.
        rows.AddRange(stays.Pictures.Where(picture => !made.Contains(picture.Channel)));
        return VizJson.Write(new PictureTable(command.Layer, [.. rows.OrderBy(row => row.Channel)], []) { Images = command.Images });
    }

    // What the pictures depend on that changes with the images; empty if that is nothing.
    private static Dictionary<int, string> Materials(AtlasRuntime atlas, AscendNeurons command, AscentRecipe recipe, LayerTable? tops)
    {
        if (command.Images == 0)
            return [];
        var spectrum = recipe.Parametrization is MacoParametrization ? $"spectrum of {command.Images} images " : "";
        var patches = tops is null ? null : TopMaterial.Of(tops, command.FirstChannel, command.EndChannel);
        return Enumerable.Range(command.FirstChannel, command.EndChannel - command.FirstChannel)
            .ToDictionary(channel => channel, channel => $"{spectrum}{patches?[channel]}".TrimEnd());
    }

    // The recipe and, for MACO, the magnitudes that it used.
    private static string Parameters(AtlasRuntime atlas, AscentRecipe recipe)
    {
        if (recipe.Parametrization is not MacoParametrization)
            return RecipeJson.Write(recipe);
        var record = JsonNode.Parse(RecipeJson.Write(recipe))!.AsObject();
        record["spectrum"] = atlas.Spectrum is { } spectrum ? $"mean of {spectrum.Images} images of the set" : "1/f";
        return record.ToJsonString(VizJson.Options);
    }

    private async Task<LayerTable> ReadTopsAsync(
        AtlasRuntime atlas, AscendNeurons command, AscentRecipe recipe, CancellationToken cancellation)
    {
        var key = AtlasKeys.LayerTable(command.AtlasId, atlas.Spec.GetLayer(command.Layer).Name);
        return await store.TryGetAsync(key, cancellation) is { } bytes
            ? VizJson.Read<LayerTable>(bytes) : throw new AscentMaterialException(
                $"recipe '{recipe.Name}' starts from top-9 patches, and the atlas has none: run it with top9 among --methods");
    }

    private static AscentRun Prepare(AtlasRuntime atlas, AscendNeurons command, AscentRecipe recipe, LayerTable? table)
    {
        var (layer, pixels) = (atlas.Layer(command.Layer), PixelScales.Create(atlas.Preprocessing));
        var material = new AscentMaterial { Spectrum = recipe.Parametrization is MacoParametrization ? atlas.Spectrum : null };
        if (table is null)
            return new AscentRun(atlas.Runner, layer, recipe, pixels, material);
        var tops = new Dictionary<int, float[]?>();
        var run = new AscentRun(atlas.Runner, layer, recipe, pixels, material with { TopPatches = neuron => tops[neuron] });
        tops = AscentMaterials.TopPatches(atlas, table, run, command.FirstChannel, command.EndChannel);
        return run;
    }

    private async Task<PictureRow> StoreAsync(
        AtlasRuntime atlas, AscendNeurons command, AscentResult result, Dictionary<int, string> materials, string parameters,
        PictureTexts texts, CancellationToken cancellation)
    {
        // A dead neuron has no picture; otherwise the initial noise would be mistaken for one.
        var key = result.Status == AscentStatus.Dead
            ? null : AtlasKeys.AscentPicture(
                command.AtlasId, atlas.Spec.GetLayer(command.Layer).Name, result.Neuron, command.Preset, command.Seed, result.Facet);
        if (key is not null)
            await store.PutAsync(
                key, texts.Encode(
                    AscentPicture.Draw(result, atlas.Preprocessing), command.Layer, result.Neuron, "gradient ascent",
                    $"preset {command.Preset}, seed {command.Seed}: {parameters}"), cancellation);
        return CreateRow(command.Layer, result, parameters) with
        {
            Variant = PresetNames.Variant(command.Preset, result.Facet),
            Seed = command.Seed,
            Key = key,
            Material = materials.GetValueOrDefault(result.Neuron),
        };
    }

    /// <summary>Creates the row of an ascent, without variant, seed and key.</summary>
    internal static PictureRow CreateRow(int layer, AscentResult result, string parameters) => new()
    {
        Layer = layer,
        Channel = result.Neuron,
        Method = PictureMethod.Ascent,
        Parameters = parameters,
        Status = result.Status switch
        {
            AscentStatus.Dead => PictureStatus.Dead,
            AscentStatus.Converged => PictureStatus.Converged,
            _ => PictureStatus.BestAtStep,
        },
        Activation = result.Activation,
        BestStep = result.BestStep,
        Steps = result.Curve.Length,
        Objective = Thin(result.Curve),
    };

    // Keeps at most 64 points, including the first and the last.
    private static float[] Thin(float[] curve)
    {
        if (curve.Length <= CurvePoints)
            return curve;
        return [.. Enumerable.Range(0, CurvePoints).Select(i => curve[(int)Math.Round(i * (curve.Length - 1) / (CurvePoints - 1.0))])];
    }
}
