using System.IO.Enumeration;

namespace VizPipeline.Network.Graph;

/// <summary>A layer name or pattern matches nothing in the network. The message names it and the nearest layer names.</summary>
public sealed class UnknownLayerException : Exception
{
    /// <summary>Creates the exception for <paramref name="name"/>, which is not a layer of <paramref name="graph"/>.</summary>
    public UnknownLayerException(string name, NetworkGraph graph)
        : base($"layer '{name}' is not in {graph.Name}; nearest: {string.Join(", ", Nearest(name, graph))} "
            + $"(`viz layers` lists all {graph.Layers.Count})")
        => LayerName = name;

    /// <summary>The name or pattern that matched nothing.</summary>
    public string LayerName { get; }

    private static IEnumerable<string> Nearest(string name, NetworkGraph graph) =>
        graph.Layers.Select(layer => layer.Name).OrderBy(candidate => Distance(name, candidate)).Take(3);

    // Levenshtein distance, one row at a time.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replace, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}

/// <summary>Selects layers by names and patterns such as <c>features.*</c>, <c>conv?</c>, <c>*expand3x3</c>.</summary>
public static class LayerPatterns
{
    /// <summary>
    /// Returns the layers that match any of <paramref name="patterns"/> (* and ? are wildcards), in network order; all layers if there is
    /// no pattern.
    /// </summary>
    /// <exception cref="UnknownLayerException">A pattern matches no layer.</exception>
    public static IReadOnlyList<Layer> Select(NetworkGraph graph, IReadOnlyCollection<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(patterns);
        if (patterns.Count == 0)
            return graph.Layers;
        var chosen = new HashSet<int>();
        foreach (var pattern in patterns)
        {
            var matches = graph.Layers.Where(
                layer => IsMatch(pattern, layer.Name) || (layer.Alias is { } alias && IsMatch(pattern, alias))).ToList();
            if (matches.Count == 0)
                throw new UnknownLayerException(pattern, graph);
            chosen.UnionWith(matches.Select(layer => layer.Index));
        }
        return [.. graph.Layers.Where(layer => chosen.Contains(layer.Index))];
    }

    /// <summary>Returns all layers except those that repeat others (<see cref="RepeatedLayers"/>), in network order.</summary>
    public static IReadOnlyList<Layer> SelectDefault(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var repeats = RepeatedLayers.Find(graph);
        return [.. graph.Layers.Where(layer => !repeats.ContainsKey(layer.Index))];
    }

    private static bool IsMatch(string pattern, string name) =>
        FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
