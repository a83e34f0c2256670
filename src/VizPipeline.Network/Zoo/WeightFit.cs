using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Zoo;

/// <summary>Weights whose architecture is known.</summary>
/// <param name="Model">The architecture.</param>
/// <param name="Weights">The weights under the architecture's names.</param>
internal sealed record FittedWeights(ZooModel Model, IReadOnlyDictionary<string, FloatTensor> Weights);

/// <summary>Finds the architecture to which weights belong.</summary>
internal static class WeightFit
{
    private const int MostPrefixes = 4;
    private const int MostNamed = 3;
    private const int MostCompared = 20_000;

    /// <summary>
    /// Returns the architecture to which <paramref name="weights"/> belong by names and shapes, which may have any prefix; among several,
    /// the one with the most parameters, then the one with the most layers of its usual widths. Null if none matches.
    /// </summary>
    public static FittedWeights? Find(IReadOnlyDictionary<string, FloatTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        // Nearly all were trained on RGB and have no prefix, and reading each one's first convolution takes longer than building it.
        return Find(ZooModels.All, weights, _ => [""], (_, _) => 3)
            ?? Find(ZooModels.All, weights, model => PrefixesOf(model, weights), (model, fitted) => model.ChannelsOf(fitted));
    }

    /// <summary>Returns <paramref name="weights"/> under the names of an architecture; null if they do not belong to it.</summary>
    public static FittedWeights? Find(IReadOnlyDictionary<string, FloatTensor> weights, ZooModel model)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(model);
        return Find([model], weights, of => PrefixesOf(of, weights), (of, fitted) => of.ChannelsOf(fitted));
    }

    /// <summary>
    /// Describes how the nearest architecture differs from weights that fit none: "the nearest is NAME, but ..."; null if none is near.
    /// </summary>
    public static string? DescribeNearest(IReadOnlyDictionary<string, FloatTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var best = (Alike: 0, Text: (string?)null);
        // No architecture has so many, and comparing with all of them would take long.
        if (weights.Count > MostCompared)
            return null;
        foreach (var model in ZooModels.All)
        {
            foreach (var prefix in PrefixesOf(model, weights))
            {
                var compared = new ComparedWeights(WithoutPrefix(weights, prefix));
                TryBuild(model, compared, model.ChannelsOf(compared), out var why);
                var alike = compared.Taken - compared.Missing.Count - compared.Unknown.Count;
                if (alike > best.Alike)
                    best = (alike, $"the nearest is {model.Name}: {why ?? string.Join(" and ", Differences(compared))}");
            }
        }
        return best.Text;
    }

    private static IEnumerable<string> Differences(ComparedWeights compared)
    {
        if (compared.Missing.Count > 0)
            yield return $"it has {Some(compared.Missing)}, which the file lacks,";
        if (compared.Unknown.Count > 0)
            yield return $"the file has {Some(compared.Unknown)}, which it lacks";
    }

    private static FittedWeights? Find(
        IReadOnlyList<ZooModel> models, IReadOnlyDictionary<string, FloatTensor> weights, Func<ZooModel, IEnumerable<string>> prefixesOf,
        Func<ZooModel, IReadOnlyDictionary<string, FloatTensor>, int> channelsOf)
    {
        var (best, rank) = ((FittedWeights?)null, (Parameters: -1L, Alike: -1));
        foreach (var model in models)
        {
            foreach (var prefix in prefixesOf(model))
            {
                var fitted = WithoutPrefix(weights, prefix);
                if (TryBuild(model, fitted, channelsOf(model, fitted), out _) is not { } graph)
                    continue;
                var alike = graph.Layers.Zip(model.Plan().Layers).Count(pair => pair.First.Neurons == pair.Second.Neurons);
                if ((graph.Parameters, alike).CompareTo(rank) > 0)
                    (best, rank) = (new FittedWeights(model, fitted), (graph.Parameters, alike));
            }
        }
        return best;
    }

    // Whatever comes before the name of the first convolution: the attribute in which a class keeps the network.
    private static IEnumerable<string> PrefixesOf(ZooModel model, IReadOnlyDictionary<string, FloatTensor> weights)
    {
        var first = model.FirstConvolution;
        return weights.Keys.Where(key => key.EndsWith(first, StringComparison.Ordinal)
            && (key.Length == first.Length || key[^(first.Length + 1)] == '.')).Take(MostPrefixes).Select(key => key[..^first.Length]);
    }

    // Names beside the prefix stay: the classifier may be there.
    private static IReadOnlyDictionary<string, FloatTensor> WithoutPrefix(IReadOnlyDictionary<string, FloatTensor> weights, string prefix)
    {
        if (prefix.Length == 0)
            return weights;
        var fitted = new OrderedDictionary<string, FloatTensor>(weights.Count, StringComparer.Ordinal);
        foreach (var (name, tensor) in weights.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)))
            fitted[name[prefix.Length..]] = tensor.With(name: name[prefix.Length..]);
        foreach (var (name, tensor) in weights.Where(entry => !entry.Key.StartsWith(prefix, StringComparison.Ordinal)))
            fitted.TryAdd(name, tensor);
        return fitted;
    }

    private static NetworkGraph? TryBuild(
        ZooModel model, IReadOnlyDictionary<string, FloatTensor> weights, int channels, out string? why)
    {
        why = null;
        try
        {
            return model.Build(new Shape(channels, model.InputSize, model.InputSize), weights);
        }
        catch (Exception mismatch) when (mismatch is WeightsMismatchException or GraphException)
        {
            why = mismatch.Message;
            return null;
        }
    }

    private static string Some(List<string> names) => string.Join(", ", names.Take(MostNamed).Select(name => $"'{name}'"))
        + (names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "");
}
