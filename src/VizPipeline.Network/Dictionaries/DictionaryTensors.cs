using System.Globalization;
using VizPipeline.Network.Formats;

namespace VizPipeline.Network.Dictionaries;

/// <summary>The tensors of a dictionary's file, and what is done to them until they are a <see cref="FeatureDictionary"/>.</summary>
internal sealed class DictionaryTensors(string file, int channels, DictionarySettings settings)
{
    private readonly OrderedDictionary<string, FloatTensor> _tensors = new(StringComparer.Ordinal);

    public string File { get; } = file;

    public IReadOnlyList<FloatTensor> All => [.. _tensors.Values];

    public IEnumerable<string> Names => _tensors.Keys;

    public void Add(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        foreach (var (name, tensor) in tensors)
            _tensors[name] = tensor;
    }

    public bool Has(string name) => _tensors.ContainsKey(name);

    public FloatTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    public FloatTensor? FirstOf(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is { } tensor)
                return tensor;
        }
        return null;
    }

    public FloatTensor Need(string name) => Find(name) ?? throw Fault($"has no tensor '{name}'");

    public void Set(string name, float[] values, int[] shape) => _tensors[name] = new FloatTensor(name, shape, values);

    public FloatTensor? Thresholds() => FirstOf("threshold", "theta");

    /// <summary>
    /// Returns an encoder [d, f] as [f, d]. One that is stored as [f, d] is recognised by the layer's number of channels.
    /// </summary>
    public FloatTensor Encoder(string name)
    {
        var stored = Need(name);
        if (stored.Shape is not [> 0, > 0])
            throw Fault($"'{name}' has shape [{string.Join(", ", stored.Shape)}], but it must be [channels, features]");
        if (stored.Shape[0] != channels && stored.Shape[1] == channels)
            return stored;
        return new FloatTensor(
            name, [stored.Shape[1], stored.Shape[0]], DictionaryFile.Transpose(stored.Values, stored.Shape[0], stored.Shape[1]));
    }

    /// <summary>
    /// Turns a gated encoder into thresholds: the gate W x + b_gate is above 0 exactly where the magnitude exp(r) W x + b_mag is above
    /// b_mag - exp(r) b_gate.
    /// </summary>
    public void OpenGates()
    {
        var (encoder, gate, scale, magnitude) = (Encoder("W_enc"), Need("b_gate"), Need("r_mag"), Need("b_mag"));
        var features = encoder.Shape[0];
        CheckLength(gate, features);
        CheckLength(scale, features);
        CheckLength(magnitude, features);
        var factors = scale.Values.Select(r => Math.Exp(r)).ToArray();
        Set("W_enc", DictionaryFile.Transpose(ScaleRows(encoder, factors), features, encoder.Shape[1]), [encoder.Shape[1], features]);
        Set("b_enc", magnitude.Values, [features]);
        Set("threshold", [.. factors.Select((factor, i) => (float)(magnitude.Values[i] - (factor * gate.Values[i])))], [features]);
    }

    /// <summary>Multiplies each feature by the length of its row of the decoder, and divides the row by it.</summary>
    public void ScaleByDecoder()
    {
        var (encoder, decoder) = (Encoder("W_enc"), Need("W_dec"));
        var (features, width) = (encoder.Shape[0], encoder.Shape[1]);
        if (decoder.Shape is not [var rows, var columns] || rows != features || columns != width)
            throw Fault($"'W_dec' has shape [{string.Join(", ", decoder.Shape)}], but it must be [{features}, {width}]");
        var lengths = new double[features];
        for (var i = 0; i < features; i++)
            lengths[i] = Math.Sqrt(decoder.Values.AsSpan(i * width, width).ToArray().Sum(value => (double)value * value));
        Set("W_enc", DictionaryFile.Transpose(ScaleRows(encoder, lengths), features, width), [width, features]);
        if (Find("b_enc") is { } bias)
        {
            CheckLength(bias, features);
            Set("b_enc", [.. bias.Values.Select((value, i) => (float)(value * lengths[i]))], [features]);
        }
        Set("W_dec", ScaleRows(decoder, [.. lengths.Select(length => length > 0 ? 1 / length : 0)]), decoder.Shape);
    }

    /// <summary>Folds a batch normalisation into a linear layer; returns the layer as it is if there is none.</summary>
    public (FloatTensor Weight, FloatTensor? Bias) Normalise(FloatTensor weight, FloatTensor? bias, string normalisation)
    {
        const double Epsilon = 1e-5;
        if (weight.Shape is not [> 0, > 0])
            throw Fault($"'{weight.Name}' has shape [{string.Join(", ", weight.Shape)}], but it must be [features, channels]");
        if (Find($"{normalisation}.running_var") is not { } variance)
            return Has($"{normalisation}.weight")
                ? throw Fault($"normalises by '{normalisation}' without running statistics", "supported is BatchNorm1d") : (weight, bias);
        var features = weight.Shape[0];
        var mean = Need($"{normalisation}.running_mean");
        var (gamma, beta) = (Find($"{normalisation}.weight"), Find($"{normalisation}.bias"));
        foreach (var vector in (FloatTensor?[])[variance, mean, gamma, beta, bias])
        {
            if (vector is not null)
                CheckLength(vector, features);
        }
        var factors = new double[features];
        for (var i = 0; i < features; i++)
            factors[i] = (gamma?.Values[i] ?? 1) / Math.Sqrt(variance.Values[i] + Epsilon);
        var folded = factors.Select((factor, i) => (float)((((bias?.Values[i] ?? 0) - mean.Values[i]) * factor) + (beta?.Values[i] ?? 0)));
        return (new FloatTensor(weight.Name, weight.Shape, ScaleRows(weight, factors)), new FloatTensor("bias", [features], [.. folded]));
    }

    /// <summary>Makes a dictionary of directions [n, d], or of a probe with its bias [n].</summary>
    public FeatureDictionary Directions(FloatTensor rows, FloatTensor? bias, string layout)
    {
        if (rows.Shape is not [> 0, > 0])
            throw Fault(
                $"has shape [{string.Join(", ", rows.Shape)}], but directions must be a table of one row per direction and {channels} "
                + "columns");
        return Finish(rows, bias, DictionaryActivation.None, null, subtractsDecoderBias: false, layout);
    }

    /// <summary>Checks all shapes and applies the user's settings.</summary>
    public FeatureDictionary Finish(
        FloatTensor encoder, FloatTensor? bias, DictionaryActivation? activation, int? count, bool subtractsDecoderBias, string layout)
    {
        if (encoder.Shape is not [> 0, > 0] || encoder.Shape[1] != channels)
            throw Fault(
                $"its encoder has shape [{string.Join(", ", encoder.Shape)}] (features, channels), but the layer has {channels} channels");
        var features = encoder.Shape[0];
        var chosen = settings.Activation ?? (settings.Threshold is not null ? DictionaryActivation.JumpRelu
            : settings.Count is not null ? DictionaryActivation.TopK : activation)
            ?? throw Fault(
                "does not say which activation follows its encoder", "add ,activation=relu or ,k=32 or ,threshold=0.1 to the option");
        var k = settings.Count ?? count ?? 0;
        if (chosen == DictionaryActivation.TopK && (k < 1 || k > features))
            throw Fault($"its k must be from 1 to {features}, not {k}", "give it with ,k=32");
        var thresholds = chosen != DictionaryActivation.JumpRelu ? null
            : settings.Threshold is { } one ? new FloatTensor("threshold", [features], [.. Enumerable.Repeat(one, features)])
            : Thresholds() ?? throw Fault("has no thresholds", "give one for all with ,threshold=0.1");
        var (decoder, after) = (Find("W_dec"), Find("b_dec"));
        if (decoder is { Shape: var shape } && (shape is not [_, _] || shape[0] != features || shape[1] != channels))
            throw Fault($"'W_dec' has shape [{string.Join(", ", shape)}], but it must be [{features}, {channels}]");
        var before = Find("b_pre") ?? ((settings.SubtractsDecoderBias ?? subtractsDecoderBias) ? after : null);
        foreach (var (vector, length) in (ReadOnlySpan<(FloatTensor?, int)>)[
            (bias, features), (thresholds, features), (before, channels), (after, channels)])
        {
            if (vector is not null)
                CheckLength(vector, length);
        }
        foreach (var tensor in (FloatTensor?[])[encoder, bias, before, decoder, after, thresholds])
        {
            if (tensor is not null && !Array.TrueForAll(tensor.Values, float.IsFinite))
                throw Fault($"'{tensor.Name}' has values that are not numbers");
        }
        return new FeatureDictionary
        {
            Encoder = encoder,
            EncoderBias = bias?.With(shape: [features]),
            InputBias = before?.With(shape: [channels]),
            Decoder = decoder,
            DecoderBias = after?.With(shape: [channels]),
            Activation = chosen,
            Count = chosen == DictionaryActivation.TopK ? k : 0,
            Thresholds = thresholds?.With(shape: [features]),
            Layout = layout,
        };
    }

    public DictionaryActivation Activation(string name) => Enum.TryParse<DictionaryActivation>(name, ignoreCase: true, out var known)
        && Enum.IsDefined(known) && !int.TryParse(name, out _)
            ? known : throw Fault($"has the activation '{name}'", "known are none, relu, topk and jumprelu");

    public int Number(string text, string name) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : throw Fault($"its {name} is '{text}', which is not a number");

    public ModelFormatException Fault(string problem, string? advice = null) => new(File, problem, advice);

    private void CheckLength(FloatTensor vector, int length)
    {
        if (vector.Count != length)
            throw Fault($"'{vector.Name}' has {vector.Count} values, but it must have {length}");
    }

    private static float[] ScaleRows(FloatTensor table, double[] factors)
    {
        var (width, scaled) = (table.Shape[1], new float[table.Values.Length]);
        for (var i = 0; i < scaled.Length; i++)
            scaled[i] = (float)(table.Values[i] * factors[i / width]);
        return scaled;
    }
}
