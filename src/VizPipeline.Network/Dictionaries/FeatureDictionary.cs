using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Dictionaries;

/// <summary>What a dictionary does with the encoder's values.</summary>
public enum DictionaryActivation
{
    /// <summary>Nothing: the features are directions, and can be negative.</summary>
    None,

    /// <summary>Negative values become 0.</summary>
    Relu,

    /// <summary>Only the k largest values of a position are kept, where they are positive.</summary>
    TopK,

    /// <summary>Only values above the feature's threshold are kept.</summary>
    JumpRelu,
}

/// <summary>
/// A dictionary on the d channels of a layer: f features, each a direction with its own activation (docs/methods.md, section 12). Sparse
/// autoencoders, principal components, probes and concept vectors are dictionaries.
/// </summary>
public sealed record FeatureDictionary
{
    /// <summary>W_enc as [f, d]: one row per feature.</summary>
    public required FloatTensor Encoder { get; init; }

    /// <summary>b_enc [f]; null for none.</summary>
    public FloatTensor? EncoderBias { get; init; }

    /// <summary>b_pre [d], which is subtracted from the layer's values first; null for none.</summary>
    public FloatTensor? InputBias { get; init; }

    /// <summary>W_dec [f, d], which restores the layer's values from the features; null if the dictionary only reads.</summary>
    public FloatTensor? Decoder { get; init; }

    /// <summary>b_dec [d], which is added to the restored values; null for none.</summary>
    public FloatTensor? DecoderBias { get; init; }

    /// <summary>What is done with the encoder's values.</summary>
    public required DictionaryActivation Activation { get; init; }

    /// <summary>k of <see cref="DictionaryActivation.TopK"/>.</summary>
    public int Count { get; init; }

    /// <summary>Thresholds of <see cref="DictionaryActivation.JumpRelu"/>, [f].</summary>
    public FloatTensor? Thresholds { get; init; }

    /// <summary>The layout of the file that it was read from, for display, e.g. <c>SAELens</c>.</summary>
    public string Layout { get; init; } = "plain";

    /// <summary>Number of features, f.</summary>
    public int Features => Encoder.Shape[0];

    /// <summary>Number of channels of the layer, d.</summary>
    public int Channels => Encoder.Shape[1];

    /// <summary>Describes it in a few words, e.g. <c>TopK 32 of 4,096 features</c>.</summary>
    public string Describe() => Activation switch
    {
        DictionaryActivation.TopK => $"TopK {Count} of {Features:N0} features",
        DictionaryActivation.JumpRelu => $"JumpReLU, {Features:N0} features",
        DictionaryActivation.Relu => $"ReLU, {Features:N0} features",
        _ => $"{Features:N0} directions",
    };

    /// <summary>Returns the encoder as an operator on maps (a 1x1 convolution) or on vectors.</summary>
    /// <param name="name">The layer's name.</param>
    /// <param name="isVector">Whether the layer is a vector.</param>
    internal Operator CreateEncoder(string name, bool isVector)
    {
        var weight = Encoder.With(name: $"{name}.weight");
        var bias = Bias(name);
        return isVector
            ? new Linear(weight, bias) : new Convolution(weight.With(shape: [Features, Channels, 1, 1]), bias, Window.Square(1, 1, 0));
    }

    /// <summary>Returns the activation as an operator; null for none.</summary>
    internal Operator? CreateActivation() => Activation switch
    {
        DictionaryActivation.Relu => new Relu(),
        DictionaryActivation.TopK => new TopChannels(Count),
        DictionaryActivation.JumpRelu => new JumpRelu(Thresholds!),
        _ => null,
    };

    // b_enc - W_enc b_pre, so that the layer's values need no extra pass.
    private FloatTensor? Bias(string name)
    {
        if (InputBias is null)
            return EncoderBias?.With(name: $"{name}.bias");
        var (weight, before, bias) = (Encoder.Values, InputBias.Values, new float[Features]);
        for (var feature = 0; feature < bias.Length; feature++)
        {
            var sum = (double)(EncoderBias?.Values[feature] ?? 0);
            for (var channel = 0; channel < before.Length; channel++)
                sum -= (double)weight[(feature * before.Length) + channel] * before[channel];
            bias[feature] = (float)sum;
        }
        return new FloatTensor($"{name}.bias", [Features], bias);
    }
}
