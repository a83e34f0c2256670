namespace VizPipeline.Jobs;

/// <summary>Adds layers to an atlas and takes some away; the others keep their indices, under which their results are stored.</summary>
public static class LayerChanges
{
    /// <summary>Returns the spec without some of its layers. What was computed from one of them is then computed from its inputs.</summary>
    /// <param name="spec">The atlas.</param>
    /// <param name="names">The names of the layers.</param>
    public static AtlasSpec Without(AtlasSpec spec, IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var gone = spec.Layers.Where(layer => names.Contains(layer.Name)).ToDictionary(layer => layer.Index);
        if (gone.Count == 0)
            return spec;
        return spec with
        {
            Layers = [.. spec.Layers.Where(layer => !gone.ContainsKey(layer.Index))
                .Select(layer => layer with { Inputs = layer.Inputs is { } inputs ? PassBy(inputs) : null })],
            Dictionaries = spec.Dictionaries?.Where(dictionary => !names.Contains(dictionary.LayerName)).ToList() is { Count: > 0 } left
                ? left : null,
            NextLayer = spec.NextLayer ?? spec.Layers[^1].Index + 1,
        };

        List<int> PassBy(IReadOnlyList<int> inputs) => Walk(
            inputs, input => !gone.ContainsKey(input), input => gone[input].Inputs ?? []);
    }

    /// <summary>Joins the layers of an atlas with those that are asked for.</summary>
    /// <returns>
    /// The layers of both; null if two of one name differ, or if there are new ones and nothing tells where in the network they belong.
    /// </returns>
    internal static IReadOnlyList<LayerSpec>? TryJoin(AtlasSpec stored, AtlasSpec asked)
    {
        var known = stored.Layers.ToDictionary(layer => layer.Name);
        var wanted = asked.Layers.ToDictionary(layer => layer.Name);
        var added = asked.Layers.Where(layer => !known.ContainsKey(layer.Name)).ToList();
        var network = AtlasGrowth.JoinNetworks(stored, asked);
        if ((added.Count > 0 && network is null)
            || wanted.Values.Any(layer => known.TryGetValue(layer.Name, out var own) && !IsSame(own, layer)))
            return null;
        var first = stored.NextLayer ?? stored.Layers[^1].Index + 1;
        // Higher than that of any addition of images, whose scans are done.
        var pass = stored.NeedsScan() ? stored.LastPass() + 1 : 0;
        List<LayerSpec> layers =
        [
            .. stored.Layers.Select(layer => wanted.TryGetValue(layer.Name, out var now)
                ? now with { Index = layer.Index, Pass = layer.Pass, Inputs = layer.Inputs } : layer),
            .. added.Select((layer, i) => layer with { Index = first + i, Pass = pass, Inputs = null }),
        ];
        return network is null ? layers : Connect(layers, network);
    }

    private static bool IsSame(LayerSpec one, LayerSpec other) => CanonicalJson.Hash(Content(one)) == CanonicalJson.Hash(Content(other));

    private static LayerSpec Content(LayerSpec layer)
        => layer with { Index = 0, Pass = 0, Inputs = null, Rectified = null, Work = null };

    // The nearest observed layers, which may be other ones now.
    private static List<LayerSpec> Connect(List<LayerSpec> layers, IReadOnlyList<NetworkLayer> network)
    {
        var indices = layers.ToDictionary(layer => layer.Name, layer => layer.Index);
        var places = network.Index().DistinctBy(layer => layer.Item.Name).ToDictionary(layer => layer.Item.Name, layer => layer.Index);
        return [.. layers.Select(layer => places.TryGetValue(layer.Name, out var place)
            ? layer with { Inputs = [.. FindInputs(network[place]).Order()] } : layer)];

        IEnumerable<int> FindInputs(NetworkLayer layer) => Walk(
            layer.Inputs, at => !IsKnown(at) || indices.ContainsKey(network[at].Name), at => network[at].Inputs)
            .Where(IsKnown).Select(at => indices[network[at].Name]);

        bool IsKnown(int at) => at >= 0 && at < network.Count;
    }

    // The nodes at which walks from some nodes end, in ascending order.
    private static List<int> Walk(IEnumerable<int> from, Func<int, bool> isEnd, Func<int, IReadOnlyList<int>> next)
    {
        var (found, seen, open) = (new SortedSet<int>(), new HashSet<int>(), new Stack<int>(from));
        while (open.TryPop(out var at))
        {
            if (!seen.Add(at))
                continue;
            if (isEnd(at))
                found.Add(at);
            else
                foreach (var input in next(at))
                    open.Push(input);
        }
        return [.. found];
    }
}
