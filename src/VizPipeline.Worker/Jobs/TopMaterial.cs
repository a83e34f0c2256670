using VizPipeline.ActivationStore;
using VizPipeline.Jobs;

namespace VizPipeline.Worker.Jobs;

/// <summary>Identifies the top images of neurons, of which pictures are made.</summary>
internal static class TopMaterial
{
    /// <summary>Returns the hash of a neuron's list of top images.</summary>
    public static string Of(IReadOnlyList<TopListEntry> tops)
        => CanonicalJson.Hash(tops.Select(top => new { top.Image, top.Position, top.Activation }))[..16];

    /// <summary>
    /// Returns the hash of the top 9 of each neuron in a range: images, positions and activations in the order of the ranks.
    /// </summary>
    public static IReadOnlyDictionary<int, string> Of(LayerTable table, int first, int end)
    {
        var patches = table.Patches.ToLookup(patch => patch.Channel);
        return Enumerable.Range(first, end - first).ToDictionary(channel => channel, channel => CanonicalJson.Hash(
            patches[channel].OrderBy(patch => patch.Rank).Select(patch => new { patch.Image, patch.Y, patch.X, patch.Activation }))[..16]);
    }
}
