namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>Reads a network's weights from a file that torch.save wrote (.pth, .pt), without running any code in it.</summary>
internal static class StateDict
{
    // Keys under which training scripts store the weights next to epoch, optimizer and so on; averaged weights only if there are no others.
    private static readonly string[] UsualKeys =
    [
        "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "module",
        "model_ema", "state_dict_ema", "ema_state_dict", "ema_model", "ema", "params_ema",
    ];

    /// <summary>
    /// Reads all tensors of the state dict as float32, by name in file order, in the formats since and before PyTorch 1.6. Finds a
    /// checkpoint's nested <c>state_dict</c>, removes prefixes such as <c>module.</c> (<c>DataParallel</c>) and <c>_orig_mod.</c>
    /// (<c>torch.compile</c>), and renames parameters of older versions to today's names.
    /// </summary>
    /// <remarks>Tensors that share a whole storage, such as tied weights, share one array.</remarks>
    /// <exception cref="ModelFormatException">The file is damaged, has no state dict, or a weight of an unknown class.</exception>
    public static IReadOnlyDictionary<string, FloatTensor> Read(string path) => Read(ByteSource.FromFile(path));

    internal static IReadOnlyDictionary<string, FloatTensor> Read(ByteSource source)
    {
        using var file = TorchFile.Open(source);
        var views = Tensors(FindStateDict(file.Root, source.Name), source.Name);
        CheckTotal(views, source);
        return Materialize(views, file);
    }

    internal static bool IsLegacy(ReadOnlySpan<byte> start) => LegacyTorchFile.IsLegacy(start);

    private static PickleDict FindStateDict(object? root, string file)
    {
        if (AsDict(root) is not { } dict)
        {
            throw new ModelFormatException(
                file,
                ((root as PickleInert)?.Name ?? (root as PickleGlobal)?.Name) is { } type
                    ? $"holds an object of the class {type}, which only code could create, not a dict of tensors"
                    : "holds something other than a dict of tensors",
                "save one with torch.save(model.state_dict(), path), where the network's code is");
        }
        // Four levels are more than any script uses; a dict that contains itself must not loop forever.
        for (var level = 0; level < 4; level++)
        {
            if (UsualKeys.Select(key => AsDict(dict.Find(key))).FirstOrDefault(found => found is not null) is not { } inner)
                break;
            dict = inner;
        }
        if (HasTensors(dict))
            return dict;
        // A custom key: accepted if it is the only dict with tensors.
        var holders = dict.Pairs.Select(pair => AsDict(pair.Value)).OfType<PickleDict>().Distinct().Where(HasTensors).Take(2).ToList();
        return holders.Count == 1 ? holders[0] : dict;
    }

    private static PickleDict? AsDict(object? value) => value as PickleDict ?? (value as PickleInert)?.Items;

    private static bool HasTensors(PickleDict dict) => dict.Pairs.Any(pair => pair is { Key: string, Value: TensorView });

    private static OrderedDictionary<string, TensorView> Tensors(PickleDict dict, string file)
    {
        var views = new OrderedDictionary<string, TensorView>(StringComparer.Ordinal);
        foreach (var (key, value) in dict.Pairs)
        {
            if (key is string name && value is TensorView view)
                views[name] = view;
            else if (key is string weight && weight.Contains('.') && value is PickleInert { HasNumbers: true } unknown)
                throw new ModelFormatException(
                    file,
                    $"the tensor '{weight}' is created by {unknown.Name}, which is not supported",
                    "save float weights, with torch.save(model.state_dict(), path)");
        }
        if (views.Count > 0)
            return views;
        var keys = dict.Pairs.Select(pair => pair.Key).OfType<string>().Take(5);
        throw new ModelFormatException(
            file,
            $"has no tensors in its state dict (first keys: {string.Join(", ", keys)})",
            "save one with torch.save(model.state_dict(), path)");
    }

    // A stride of zero repeats an element, and views may overlap, so a few bytes can expand to any number of elements.
    private static void CheckTotal(OrderedDictionary<string, TensorView> views, ByteSource source)
    {
        var total = views.Values.Aggregate((Int128)0, (sum, view) => sum + view.Count);
        if (total > source.Length)
        {
            throw new ModelFormatException(
                source.Name, $"has tensors of {total} elements together, more than its {source.Length} bytes can hold");
        }
    }

    private static OrderedDictionary<string, FloatTensor> Materialize(OrderedDictionary<string, TensorView> views, TorchFile file)
    {
        var arrays = new Dictionary<TensorView, float[]>(views.Count);
        // Grouped by storage, so that each storage is read once and then freed.
        foreach (var sharing in views.Values.Distinct()
            .GroupBy(view => (view.Storage.Key, view.Type, view.Storage.Type, view.Storage.Count)))
        {
            var numbers = file.ReadStorage(sharing.First().Storage, sharing.Key.Item2);
            foreach (var view in sharing)
                arrays[view] = view.Gather(numbers);
        }
        var tensors = new OrderedDictionary<string, FloatTensor>(views.Count, StringComparer.Ordinal);
        foreach (var (inFile, name) in WeightNames.Own(views.Keys))
            tensors[name] = new FloatTensor(name, views[inFile].Shape, arrays[views[inFile]]);
        return tensors;
    }
}
