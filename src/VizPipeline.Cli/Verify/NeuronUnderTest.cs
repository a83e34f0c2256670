using VizPipeline.Catalog;
using VizPipeline.Methods.Search;
using VizPipeline.Network.Graph;
using Layer = VizPipeline.Network.Graph.Layer;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// A neuron under verification: compares its record in the atlas with maps computed in a different way. Each mismatch becomes a finding.
/// </summary>
internal sealed class NeuronUnderTest
{
    private const int TopSize = 9;

    private readonly List<string> _findings;
    private readonly Dictionary<int, Patch> _patches;
    private readonly Patch? _last;

    /// <summary>Creates the neuron and checks that its record is consistent.</summary>
    public NeuronUnderTest(Layer layer, Neuron neuron, IReadOnlyList<Patch> patches, Shape input, List<string> findings)
    {
        (Layer, Record, Patches, _findings) = (layer, neuron, patches, findings);
        Name = $"{layer.Name} neuron {neuron.Channel}";
        _patches = patches.GroupBy(patch => patch.ImageIndex).ToDictionary(group => group.Key, group => group.First());
        _last = patches.Count == TopSize ? patches[^1] : null;
        CheckRecord(input);
    }

    /// <summary>The layer in the network.</summary>
    public Layer Layer { get; }

    /// <summary>Its name in findings.</summary>
    public string Name { get; }

    /// <summary>Its record in the catalog.</summary>
    public Neuron Record { get; }

    /// <summary>The channel in the layer.</summary>
    public int Channel => Record.Channel;

    /// <summary>The patches by rank.</summary>
    public IReadOnlyList<Patch> Patches { get; }

    /// <summary>Returns the neuron's patch in an image; null if the image is not in its top 9.</summary>
    public Patch? FindPatch(int image) => _patches.GetValueOrDefault(image);

    /// <summary>Compares the record with the neuron's map on one image.</summary>
    /// <param name="image">The image's index.</param>
    /// <param name="path">The image's name in findings.</param>
    /// <param name="map">The map in row-major order.</param>
    public void Compare(int image, string path, ReadOnlySpan<float> map)
    {
        var peak = map[0];
        foreach (var value in map)
            peak = Math.Max(peak, value);
        if (FindPatch(image) is { } patch)
            ComparePatch(patch, path, map, peak);
        else if (_last is null && NeuronStatistics.IsNoExample(peak - (2 * Tolerance(0)), Layer.IsRectified))
            return;
        else if (_last is null)
            _findings.Add($"{Name}: {path} ({peak:G6}) is missing from its {Patches.Count} patches, although every image should be there");
        else if (peak > _last.Activation + Tolerance(_last.Activation))
            _findings.Add($"{Name}: {path} has activation {peak:G6}, more than its rank {TopSize} ({_last.Activation:G6})");
    }

    /// <summary>Compares the value at a patch's position with the value when all pixels outside the patch are zero.</summary>
    public void CompareAlone(Patch patch, string path, float whole, float alone)
    {
        if (Math.Abs(whole - alone) > Tolerance(whole))
            _findings.Add(
                $"{Name} rank {patch.Rank} ({path}): pixels outside its box change the activation from {alone:G6} to {whole:G6}");
    }

    private void ComparePatch(Patch patch, string path, ReadOnlySpan<float> map, float peak)
    {
        var tolerance = Tolerance(patch.Activation);
        // Written so that NaN is a mismatch, too.
        if (!(Math.Abs(peak - patch.Activation) <= tolerance))
            _findings.Add($"{Name} rank {patch.Rank} ({path}): activation {patch.Activation:G6}, computed again {peak:G6}");
        var place = (patch.Y * Layer.Shape.Width) + patch.X;
        if (patch.Y < 0 || patch.X < 0 || patch.X >= Layer.Shape.Width || place >= map.Length)
            _findings.Add(
                $"{Name} rank {patch.Rank} ({path}): position ({patch.Y}, {patch.X}) is outside its map of "
                + $"{Layer.Shape.Height}x{Layer.Shape.Width}");
        else if (!(map[place] >= peak - tolerance))
            _findings.Add(
                $"{Name} rank {patch.Rank} ({path}): the value at position ({patch.Y}, {patch.X}) is {map[place]:G6}, but the maximum "
                + $"is {peak:G6}");
    }

    private void CheckRecord(Shape input)
    {
        var expected = Math.Min(TopSize, (Layer.IsRectified ? Record.ActiveImages : Record.Images) ?? 0);
        if (Patches.Count != expected)
            _findings.Add($"{Name}: {Patches.Count} patches of {Record.Images} images, expected {expected}");
        if (_patches.Count != Patches.Count)
            _findings.Add($"{Name}: an image occurs twice in its patches");
        for (var i = 0; i < Patches.Count; i++)
        {
            var patch = Patches[i];
            if (patch.Rank != i + 1 || (i > 0 && IsOrderedBefore(patch, before: Patches[i - 1])))
                _findings.Add($"{Name} rank {patch.Rank}: not ordered by activation, then image");
            var box = Layer.Field.At(patch.Y, patch.X);
            if (box != new Box(patch.X0, patch.Y0, patch.X1, patch.Y1)
                || box.Clip(input.Height, input.Width) != new Box(patch.ClippedX0, patch.ClippedY0, patch.ClippedX1, patch.ClippedY1))
            {
                _findings.Add($"{Name} rank {patch.Rank}: its box is not the receptive field of position ({patch.Y}, {patch.X})");
            }
        }
    }

    private static bool IsOrderedBefore(Patch patch, Patch before)
        => patch.Activation > before.Activation || (patch.Activation == before.Activation && patch.ImageIndex < before.ImageIndex);

    // Relative to the value, but not below the neuron's own scale: a logit near zero is a difference of large numbers.
    private float Tolerance(float activation)
        => (1e-3f * Math.Max(Math.Abs(activation), 0.1f * (float)(Record.StandardDeviation ?? 0))) + 1e-6f;
}
