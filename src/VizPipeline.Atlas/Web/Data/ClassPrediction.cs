using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>An output of the network for an image, as a probability.</summary>
/// <param name="Index">The index of the output.</param>
/// <param name="Name">Its name; null if it is unnamed.</param>
/// <param name="Probability">Its share among all outputs, from 0 to 1.</param>
public sealed record ClassPrediction(int Index, string? Name, double Probability)
{
    /// <summary>Returns the outputs with the largest probabilities, the largest first; empty if the atlas has no output layer.</summary>
    /// <param name="atlas">The atlas.</param>
    /// <param name="activations">The activations by layer, as workers answer them.</param>
    /// <param name="count">The maximum number of outputs.</param>
    public static IReadOnlyList<ClassPrediction> FindLargest(LoadedAtlas atlas, IReadOnlyList<float[]> activations, int count)
    {
        ArgumentNullException.ThrowIfNull(atlas);
        ArgumentNullException.ThrowIfNull(activations);
        if (atlas.OutputLayer is not { } layer || atlas.FindActivations(activations, layer) is not { Length: > 0 } outputs)
            return [];
        return [.. OutputProbabilities.From(outputs).Select((share, index) => new ClassPrediction(
            index, index < atlas.Spec.OutputNames.Count ? atlas.Spec.OutputNames[index] : null, share))
            .OrderByDescending(output => output.Probability).ThenBy(output => output.Index).Take(count)];
    }
}
