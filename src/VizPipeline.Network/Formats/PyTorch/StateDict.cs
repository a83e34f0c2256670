namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>Reads the weights of a network from a file that torch.save wrote (.pth, .pt), without running any code that is in it.</summary>
public static class StateDict
{
    // Where training scripts put the weights beside epoch, optimizer and the like.
    private static readonly string[] UsualKeys = ["state_dict", "model_state_dict", "model", "net", "weights"];

    // First bytes of files before torch 1.6: a pickled number.
    private static readonly byte[] OldMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    /// <summary>
    /// All tensors of the state dict as float32, by name in file order. A checkpoint's nested <c>state_dict</c> is found,
    /// and the prefixes of <c>DataParallel</c> (<c>module.</c>) and <c>torch.compile</c> (<c>_orig_mod.</c>) are removed.
    /// </summary>
    /// <remarks>Tensors that share a whole storage, as tied weights do, share one array.</remarks>
    /// <exception cref="ModelFormatException">The file is damaged, of the old format, or would run code.</exception>
    public static IReadOnlyDictionary<string, FloatTensor> Read(string path) => Read(ByteSource.Of(path));

    internal static IReadOnlyDictionary<string, FloatTensor> Read(ByteSource source)
    {
        if (IsOld(source.Start(OldMagic.Length)))
        {
            throw new ModelFormatException(
                source.Name,
                "is in PyTorch's format from before version 1.6",
                "load it in a newer PyTorch and save it again: torch.save(torch.load(path, map_location='cpu', weights_only=True), new_path)");
        }
        using var archive = TorchArchive.Open(source);
        var views = Tensors(FindStateDict(archive.ReadPickle(), source.Name), source.Name);
        CheckTotal(views, source);
        return Materialize(views, archive);
    }

    internal static bool IsOld(ReadOnlySpan<byte> start) => start.StartsWith(OldMagic);

    private static PickleDict FindStateDict(object? root, string file)
    {
        if (root is not PickleDict dict)
            throw new ModelFormatException(file, "holds something other than a dict of tensors", "save one with torch.save(model.state_dict(), path)");
        // Four levels are more than any script has; a dict that contains itself must not keep us here.
        for (var level = 0; level < 4; level++)
        {
            if (UsualKeys.Select(key => dict.Find(key)).OfType<PickleDict>().FirstOrDefault() is not { } inner)
                break;
            dict = inner;
        }
        return dict;
    }

    private static List<KeyValuePair<string, TensorView>> Tensors(PickleDict dict, string file)
    {
        var views = new OrderedDictionary<string, TensorView>(StringComparer.Ordinal);
        foreach (var (key, value) in dict.Pairs)
        {
            if (key is string name && value is TensorView view)
                views[name] = view;
        }
        if (views.Count > 0)
            return [.. views];
        var keys = dict.Pairs.Select(pair => pair.Key).OfType<string>().Take(5);
        throw new ModelFormatException(file, $"has no tensors in its state dict (first keys: {string.Join(", ", keys)})", "save one with torch.save(model.state_dict(), path)");
    }

    // A stride of zero repeats an element, and views may overlap, so a few bytes can stand for any number of elements.
    private static void CheckTotal(List<KeyValuePair<string, TensorView>> views, ByteSource source)
    {
        var total = views.Select(view => view.Value.Count).Aggregate((Int128)0, (sum, count) => sum + count);
        if (total > source.Length)
            throw new ModelFormatException(source.Name, $"has tensors of {total} elements together, more than its {source.Length} bytes can hold");
    }

    private static OrderedDictionary<string, FloatTensor> Materialize(List<KeyValuePair<string, TensorView>> views, TorchArchive archive)
    {
        var arrays = new Dictionary<TensorView, float[]>(views.Count);
        // By storage, so that each is read once and let go again.
        foreach (var sharing in views.Select(view => view.Value).Distinct().GroupBy(view => (view.Storage.Key, view.Type, view.Storage.Type, view.Storage.Count)))
        {
            var numbers = archive.ReadStorage(sharing.First().Storage, sharing.Key.Item2);
            foreach (var view in sharing)
                arrays[view] = view.Gather(numbers);
        }
        var tensors = new OrderedDictionary<string, FloatTensor>(views.Count, StringComparer.Ordinal);
        var prefix = WeightNames.CommonWrapper(views.Select(view => view.Key));
        foreach (var (name, view) in views)
            tensors[name[prefix..]] = new FloatTensor(name[prefix..], view.Shape, arrays[view]);
        return tensors;
    }
}
