using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.PyTorch;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Network.Dictionaries;

/// <summary>
/// Reads dictionaries from the layouts in which they are published (SAELens, saev, Overcomplete), from plain safetensors, and from tables
/// of directions; recognises a layout by its keys. Writes the plain layout (docs/dictionaries.md).
/// </summary>
public static class DictionaryFile
{
    // saev writes its settings as one line of JSON before the tensors.
    private const int LongestHeader = 1 << 16;
    private const string EncoderKey = "W_enc";
    private const string ActivationKey = "activation";
    private const string DecoderKey = "W_dec";
    private const string SaeLensConfig = "cfg.json";
    private const string SaeLensWeights = "sae_weights.safetensors";

    /// <summary>Reads a dictionary.</summary>
    /// <param name="path">The file; or the folder that SAELens writes.</param>
    /// <param name="channels">Number of channels of the layer, d, which tells W_enc from its transpose.</param>
    /// <param name="settings">What the user says about the file.</param>
    /// <exception cref="ModelFormatException">The file cannot be read, its layout is unknown, or it does not say everything.</exception>
    public static FeatureDictionary Read(string path, int channels, DictionarySettings? settings = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var file = Directory.Exists(path) ? Path.Combine(path, SaeLensWeights) : path;
        var tensors = new DictionaryTensors(file, channels, settings ?? new DictionarySettings());
        if (file.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            return tensors.Directions(NpyArray.Read(file).ToTensor("directions"), null, "directions");
        var source = ByteSource.FromFile(file);
        if (ReadSaevHeader(source) is var (header, length))
        {
            if (source.Length - length > Array.MaxLength)
                throw new ModelFormatException(file, "is larger than 2 GiB", "save its tensors as safetensors, see docs/dictionaries.md");
            var rest = new byte[source.Length - length];
            source.Read(length, rest);
            tensors.Add(StateDict.Read(ByteSource.FromMemory(rest, file)));
            return ReadSaev(tensors, header);
        }
        tensors.Add(ModelWeights.Read(file));
        if (tensors.Has(EncoderKey))
        {
            var (metadata, config) = (MetadataOf(file), Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, SaeLensConfig));
            return !metadata.ContainsKey(ActivationKey) && File.Exists(config)
                ? ReadSaeLens(tensors, config) : ReadPlain(tensors, metadata);
        }
        return ReadOvercomplete(tensors) ?? ReadDirections(tensors);
    }

    /// <summary>
    /// Writes a dictionary in the plain layout, so that it can be read without settings. Equal dictionaries give equal files.
    /// </summary>
    public static void Write(string path, FeatureDictionary dictionary) => AtomicFile.Write(path, stream => Write(stream, dictionary));

    /// <summary>Computes the SHA-256, in lower-case hex, of the file that <see cref="Write(string, FeatureDictionary)"/> writes.</summary>
    public static string Hash(FeatureDictionary dictionary)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
            Write(stream, dictionary);
        return Convert.ToHexStringLower(hash.Hash!);
    }

    private static void Write(Stream stream, FeatureDictionary dictionary)
    {
        ArgumentNullException.ThrowIfNull(dictionary);
        var writer = new SafetensorsWriter();
        writer.Metadata[ActivationKey] = NameOf(dictionary.Activation);
        writer.Metadata["layout"] = dictionary.Layout;
        if (dictionary.Activation == DictionaryActivation.TopK)
            writer.Metadata["k"] = dictionary.Count.ToString(CultureInfo.InvariantCulture);
        var (features, channels) = (dictionary.Features, dictionary.Channels);
        writer.Add(EncoderKey, Transpose(dictionary.Encoder.Values, features, channels), channels, features);
        foreach (var (name, tensor) in (ReadOnlySpan<(string, FloatTensor?)>)[
            ("b_enc", dictionary.EncoderBias), ("b_pre", dictionary.InputBias), (DecoderKey, dictionary.Decoder),
            ("b_dec", dictionary.DecoderBias), ("threshold", dictionary.Thresholds)])
        {
            if (tensor is not null)
                writer.Add(name, tensor.Values, tensor.Shape);
        }
        writer.WriteTo(stream);
    }

    private static FeatureDictionary ReadPlain(DictionaryTensors tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var activation = metadata.TryGetValue(ActivationKey, out var name) ? tensors.Activation(name) : (DictionaryActivation?)null;
        var count = metadata.TryGetValue("k", out var k) ? tensors.Number(k, "k") : (int?)null;
        return tensors.Finish(
            tensors.Encoder(EncoderKey), tensors.Find("b_enc"), activation ?? (tensors.Thresholds() is null
                ? null : DictionaryActivation.JumpRelu), count, subtractsDecoderBias: false, metadata.GetValueOrDefault("layout", "plain"));
    }

    // https://github.com/decoderesearch/SAELens: cfg.json beside sae_weights.safetensors.
    private static FeatureDictionary ReadSaeLens(DictionaryTensors tensors, string config)
    {
        using var json = ReadJson(config, File.ReadAllBytes(config));
        var settings = new JsonSettings(config, json.RootElement);
        if (settings.Text("normalize_activations") is { } scaling and not ("none" or "expected_average_only_in"))
            throw tensors.Fault(
                $"was trained on activations normalised by '{scaling}', which is not the same for each position",
                "use one with normalize_activations 'none'");
        if (settings.Text("reshape_activations") is { } shape and not "none")
            throw tensors.Fault($"reshapes activations by '{shape}', which is for attention heads of language models");
        var architecture = settings.Text("architecture") ?? "standard";
        var function = settings.Text("activation_fn") ?? settings.Text("activation_fn_str") ?? "relu";
        var count = settings.Number("k") ?? settings.Inside("activation_fn_kwargs")?.Number("k");
        var activation = architecture switch
        {
            "standard" when function.StartsWith("topk", StringComparison.Ordinal) => DictionaryActivation.TopK,
            "standard" when function == "relu" => DictionaryActivation.Relu,
            "topk" => DictionaryActivation.TopK,
            "jumprelu" => DictionaryActivation.JumpRelu,
            "gated" => DictionaryActivation.JumpRelu,
            _ => throw tensors.Fault(
                $"has the architecture '{architecture}' with the activation '{function}'",
                "supported are standard with relu or topk, topk, jumprelu and gated"),
        };
        if (architecture == "gated")
            tensors.OpenGates();
        if (settings.Flag("rescale_acts_by_decoder_norm") == true)
            tensors.ScaleByDecoder();
        return tensors.Finish(
            tensors.Encoder(EncoderKey), tensors.Find("b_enc"), activation, count, settings.Flag("apply_b_dec_to_input") ?? true,
            "SAELens");
    }

    // https://github.com/OSU-NLP-Group/saev: a line of JSON, then a state dict.
    private static FeatureDictionary ReadSaev(DictionaryTensors tensors, JsonElement header)
    {
        var whole = new JsonSettings(tensors.File, header);
        var settings = whole.Inside("cfg") ?? whole;
        var activation = settings.Inside("activation");
        // The first of its schemas names the activation where later ones name the class.
        var name = activation?.Text("cls") ?? whole.Text("cls") ?? "Relu";
        var count = (activation?.Inside("params") ?? settings).Number("top_k");
        var kind = name switch
        {
            "TopK" or "BatchTopK" => DictionaryActivation.TopK,
            "Relu" or "SparseAutoencoderConfig" => DictionaryActivation.Relu,
            _ => throw tensors.Fault($"has the activation '{name}'", "supported are Relu, TopK and BatchTopK"),
        };
        return tensors.Finish(
            tensors.Encoder(EncoderKey), tensors.Find("b_enc"), kind, count, subtractsDecoderBias: false, "saev");
    }

    // https://github.com/KempnerInstitute/overcomplete: a linear layer and a batch normalisation, then the dictionary. The state dict does
    // not say which activation follows, except for thresholds, which are stored as logarithms.
    private static FeatureDictionary? ReadOvercomplete(DictionaryTensors tensors)
    {
        var decoder = tensors.FirstOf("dictionary._weights", "dictionary.dictionary");
        if (decoder is null)
            return null;
        if (tensors.Names.FirstOrDefault(name => name.Contains("mlp_blocks", StringComparison.Ordinal)
            || name.Contains("resnet_blocks", StringComparison.Ordinal) || name.Contains("attention_blocks", StringComparison.Ordinal))
            is { } deep)
            throw tensors.Fault($"has an encoder of several layers ('{deep}')", "supported are encoders of one linear layer");
        var stem = tensors.Has("encoder.final_block.0.weight") ? "encoder.final_block" : "encoder";
        var weight = tensors.Need($"{stem}.0.weight");
        var (encoder, bias) = tensors.Normalise(weight, tensors.Find($"{stem}.0.bias"), $"{stem}.1");
        if (tensors.FirstOf("thresholds") is { } logarithms)
            tensors.Set("threshold", [.. logarithms.Values.Select(MathF.Exp)], logarithms.Shape);
        tensors.Set(DecoderKey, decoder.Values, decoder.Shape);
        return tensors.Finish(
            encoder, bias, tensors.Thresholds() is null ? null : DictionaryActivation.JumpRelu, null, subtractsDecoderBias: false,
            "Overcomplete");
    }

    // Concept vectors, or a linear probe with its bias.
    private static FeatureDictionary ReadDirections(DictionaryTensors tensors)
    {
        var tables = tensors.All.Where(tensor => tensor.Shape.Length == 2).ToList();
        var vectors = tensors.All.Where(tensor => tensor.Shape.Length == 1).ToList();
        return tables.Count == 1 && vectors.Count <= 1 && tables.Count + vectors.Count == tensors.All.Count
            ? tensors.Directions(tables[0], vectors.FirstOrDefault(), vectors.Count == 0 ? "directions" : "probe")
            : throw tensors.Fault(
                $"has the tensors {string.Join(", ", tensors.Names.Take(6))}{(tensors.All.Count > 6 ? ", ..." : "")}, which is no layout "
                + "of a dictionary",
                "docs/dictionaries.md lists those that are read");
    }

    private static (JsonElement Header, long Length)? ReadSaevHeader(ByteSource source)
    {
        var start = source.Start(LongestHeader);
        var end = Array.IndexOf(start, (byte)'\n');
        // A safetensors file begins with the length of its header, whose upper bytes are 0.
        if (start.Length == 0 || start[0] != (byte)'{' || end < 0 || start.AsSpan(0, end).Contains((byte)0))
            return null;
        using var json = ReadJson(source.Name, start.AsMemory(0, end));
        return (json.RootElement.Clone(), end + 1L);
    }

    private static IReadOnlyDictionary<string, string> MetadataOf(string file)
        => file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? SafetensorsFile.Read(file).Metadata : new Dictionary<string, string>();

    private static JsonDocument ReadJson(string file, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException failure)
        {
            throw new ModelFormatException(file, $"its settings are not JSON: {failure.Message}", inner: failure);
        }
    }

    internal static string NameOf(DictionaryActivation activation) => activation.ToString().ToLowerInvariant();

    internal static float[] Transpose(float[] values, int rows, int columns)
    {
        var turned = new float[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                turned[(column * rows) + row] = values[(row * columns) + column];
        }
        return turned;
    }

    // Settings in JSON, any of which may be missing or of another type.
    private sealed class JsonSettings(string file, JsonElement json)
    {
        public string? Text(string name) => Find(name, JsonValueKind.String)?.GetString();

        public bool? Flag(string name) => Find(name, JsonValueKind.True, JsonValueKind.False)?.GetBoolean();

        public int? Number(string name) => Find(name, JsonValueKind.Number) is not { } number ? null
            : number.TryGetInt32(out var value) ? value : throw new ModelFormatException(file, $"its setting '{name}' is not an integer");

        public JsonSettings? Inside(string name) => Find(name, JsonValueKind.Object) is { } inner ? new JsonSettings(file, inner) : null;

        private JsonElement? Find(string name, params ReadOnlySpan<JsonValueKind> kinds)
            => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && kinds.Contains(value.ValueKind)
                ? value : null;
    }
}
