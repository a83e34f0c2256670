namespace VizPipeline.Jobs;

/// <summary>Which output of the network stands for which class of the images, to tell how often the network is right.</summary>
public sealed class OutputClasses
{
    private readonly int?[] _outputs;

    private OutputClasses(int layer, int?[] outputs) => (Layer, _outputs) = (layer, outputs);

    /// <summary>Index of the layer of outputs.</summary>
    public int Layer { get; }

    /// <summary>
    /// Matches the classes with the outputs; null if the atlas does not observe the outputs, if they are maps, or if no class is one.
    /// </summary>
    /// <remarks>
    /// By name, else by a number that is the name of the class. Without names of outputs, as many classes as outputs are taken in their
    /// order, as training on a folder of classes does.
    /// </remarks>
    public static OutputClasses? Of(AtlasSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.LayersInOrder().LastOrDefault(layer => layer.Kind == "output") is not { Height: 1, Width: 1 } layer)
            return null;
        var (classes, names, count) = (spec.Images.Classes, spec.OutputNames, layer.Channels);
        int?[] inOrder = [.. Enumerable.Range(0, Math.Min(count, classes.Count))];
        // Names need not differ: ImageNet has two cranes.
        if (names.Count > 0 && names.SequenceEqual(classes))
            return new OutputClasses(layer.Index, inOrder);
        int?[] found = [.. classes.Select(name => Find(name, names, count))];
        if (found.Any(output => output is not null))
            return new OutputClasses(layer.Index, found);
        return names.Count == 0 && classes.Count == count ? new OutputClasses(layer.Index, inOrder) : null;
    }

    /// <summary>Returns the output that is a class; null if none is.</summary>
    internal int? OutputOf(int label) => label >= 0 && label < _outputs.Length ? _outputs[label] : null;

    /// <summary>
    /// Returns the rank of a class among the outputs for an image, from 1; null if no output is the class, or if it is not a number. Equal
    /// outputs rank by their index.
    /// </summary>
    /// <param name="label">Index of the image's class; null for none.</param>
    /// <param name="values">The outputs.</param>
    public int? RankOf(int? label, ReadOnlySpan<float> values)
    {
        if (label is not { } number || OutputOf(number) is not { } own || float.IsNaN(values[own]))
            return null;
        var rank = 1;
        for (var i = 0; i < values.Length; i++)
            if (values[i] > values[own] || (i < own && values[i] == values[own]))
                rank++;
        return rank;
    }

    private static int? Find(string name, IReadOnlyList<string> names, int count)
    {
        for (var i = 0; i < Math.Min(names.Count, count); i++)
            if (string.Equals(names[i], name, StringComparison.OrdinalIgnoreCase))
                return i;
        return int.TryParse(name, out var index) && index >= 0 && index < count ? index : null;
    }
}
