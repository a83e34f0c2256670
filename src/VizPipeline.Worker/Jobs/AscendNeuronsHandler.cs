using System.Text.Json;
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

    /// <inheritdoc/>
    public string ResultKey(AtlasSpec spec, AscendNeurons command) => AtlasKeys.AscentTable(
        command.AtlasId, spec.Layers[command.Layer].Name, command.FirstChannel, command.EndChannel, command.Preset, command.Seed);

    /// <inheritdoc/>
    public int Units(AscendNeurons command) => command.EndChannel - command.FirstChannel;

    /// <summary>The recipe that an atlas's settings make of a preset.</summary>
    public static AscentRecipe RecipeOf(AscentSpec settings, int preset)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var recipe = settings.Rates == "published" ? AscentPresets.Published(preset) : AscentPresets.Normalised(preset, settings.Steps);
        return recipe with
        {
            Steps = settings.Steps ?? recipe.Steps,
            Objective = settings.Objective == "channel" ? AscentObjective.Channel : AscentObjective.Neuron,
        };
    }

    /// <inheritdoc/>
    public async Task<byte[]> Run(AtlasRuntime atlas, AscendNeurons command, IProgress<int> progress, CancellationToken cancellation)
    {
        var recipe = RecipeOf(atlas.Spec.Ascent, command.Preset);
        var run = new AscentRun(atlas.Runner, atlas.Layer(command.Layer), recipe, PixelScales.Of(atlas.Preprocessing));
        var (rows, parameters) = (new List<PictureRow>(), Describe(recipe));
        for (var first = command.FirstChannel; first < command.EndChannel; first += run.SamplesPerBatch)
        {
            var neurons = Enumerable.Range(first, Math.Min(run.SamplesPerBatch, command.EndChannel - first)).ToArray();
            foreach (var result in run.Climb(neurons, command.Seed, cancellation))
                rows.Add(await Store(atlas, command, result, parameters, cancellation));
            progress.Report(rows.Count);
        }
        return VizJson.Write(new PictureTable(command.Layer, rows, []));
    }

    /// <summary>A recipe as JSON, for the record.</summary>
    public static string Describe(AscentRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return JsonSerializer.Serialize(
            new
            {
                recipe.Name,
                recipe.Steps,
                Objective = recipe.Objective.ToString(),
                recipe.StartDeviation,
                Rule = new { Kind = recipe.Rule.GetType().Name, Values = (object)recipe.Rule },
                Regularizers = recipe.Regularizers.Select(regularizer => new { Kind = regularizer.GetType().Name, Values = (object)regularizer }),
            }, VizJson.Options);
    }

    private async Task<PictureRow> Store(AtlasRuntime atlas, AscendNeurons command, AscentResult result, string parameters, CancellationToken cancellation)
    {
        // A dead neuron has no picture: the start noise must not pass for one.
        var key = result.Status == AscentStatus.Dead
            ? null : AtlasKeys.AscentPicture(command.AtlasId, atlas.Spec.Layers[command.Layer].Name, result.Neuron, command.Preset, command.Seed);
        if (key is not null)
        {
            var planes = PixelScales.ToRgb(result.Image, atlas.Preprocessing);
            await store.PutAsync(key, Png.Encode(RangeDisplay.Render([.. planes.Select(value => value / 255)], result.Width, result.Height)), cancellation);
        }
        return new PictureRow
        {
            Layer = command.Layer,
            Channel = result.Neuron,
            Method = PictureMethod.Ascent,
            Variant = $"preset {command.Preset}",
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

    // At most 64 points, the first and the last among them.
    private static float[] Thin(float[] curve)
    {
        if (curve.Length <= CurvePoints)
            return curve;
        return [.. Enumerable.Range(0, CurvePoints).Select(i => curve[(int)Math.Round(i * (curve.Length - 1) / (CurvePoints - 1.0))])];
    }
}
