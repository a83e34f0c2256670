using System.Text.Json.Nodes;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Methods.Input;
using VizPipeline.ObjectStore;

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
        var run = await PrepareAsync(atlas, command, recipe, cancellation);
        var (rows, parameters) = (new List<PictureRow>(), Parameters(atlas, recipe));
        for (var first = command.FirstChannel; first < command.EndChannel; first += run.SamplesPerBatch)
        {
            var neurons = Enumerable.Range(first, Math.Min(run.SamplesPerBatch, command.EndChannel - first)).ToArray();
            foreach (var result in run.Ascend(neurons, command.Seed, cancellation))
                rows.Add(await StoreAsync(atlas, command, result, parameters, cancellation));
            progress.Report(rows.Count / recipe.Facets);
        }
        return VizJson.Write(new PictureTable(command.Layer, rows, []));
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

    private async Task<AscentRun> PrepareAsync(
        AtlasRuntime atlas, AscendNeurons command, AscentRecipe recipe, CancellationToken cancellation)
    {
        var (layer, pixels) = (atlas.Layer(command.Layer), PixelScales.Create(atlas.Preprocessing));
        var material = new AscentMaterial { Spectrum = recipe.Parametrization is MacoParametrization ? atlas.Spectrum : null };
        if (recipe.Start is not TopPatchesStart)
            return new AscentRun(atlas.Runner, layer, recipe, pixels, material);
        var key = AtlasKeys.LayerTable(command.AtlasId, atlas.Spec.Layers[command.Layer].Name);
        if (await store.TryGetAsync(key, cancellation) is not { } bytes)
            throw new AscentMaterialException(
                $"recipe '{recipe.Name}' starts from top-9 patches, and the atlas has none: run it with top9 among --methods");
        var tops = new Dictionary<int, float[]?>();
        var run = new AscentRun(atlas.Runner, layer, recipe, pixels, material with { TopPatches = neuron => tops[neuron] });
        tops = AscentMaterials.TopPatches(atlas, VizJson.Read<LayerTable>(bytes), run, command.FirstChannel, command.EndChannel);
        return run;
    }

    private async Task<PictureRow> StoreAsync(
        AtlasRuntime atlas, AscendNeurons command, AscentResult result, string parameters, CancellationToken cancellation)
    {
        // A dead neuron has no picture; otherwise the initial noise would be mistaken for one.
        var key = result.Status == AscentStatus.Dead
            ? null : AtlasKeys.AscentPicture(
                command.AtlasId, atlas.Spec.Layers[command.Layer].Name, result.Neuron, command.Preset, command.Seed, result.Facet);
        if (key is not null)
            await store.PutAsync(key, Png.Encode(AscentPicture.Draw(result, atlas.Preprocessing)), cancellation);
        return new PictureRow
        {
            Layer = command.Layer,
            Channel = result.Neuron,
            Method = PictureMethod.Ascent,
            Variant = PresetNames.Variant(command.Preset, result.Facet),
            Seed = command.Seed,
            Key = key,
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
    }

    // Keeps at most 64 points, including the first and the last.
    private static float[] Thin(float[] curve)
    {
        if (curve.Length <= CurvePoints)
            return curve;
        return [.. Enumerable.Range(0, CurvePoints).Select(i => curve[(int)Math.Round(i * (curve.Length - 1) / (CurvePoints - 1.0))])];
    }
}
