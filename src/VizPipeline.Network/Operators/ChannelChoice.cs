using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// A range of channels of a map, or of units of a vector: a part of a split. Its backward rule sets the other channels to zero.
/// </summary>
/// <param name="First">First channel.</param>
/// <param name="Count">Number of channels, at least 1.</param>
public sealed record ChannelSlice(int First, int Count) : Operator
{
    /// <inheritdoc/>
    public override string Kind => "Slice";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return First >= 0 && Count >= 1 && (long)First + Count <= input.Channels
            ? input with { Channels = Count }
            : throw new GraphException(
                node, $"channels {First} to {(long)First + Count - 1} are out of range; its input has {input.Channels}");
    }

    /// <inheritdoc/>
    public override ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(origins);
        ArgumentNullException.ThrowIfNull(inputs);
        return origins[0].Length == inputs[0].Channels ? origins[0][First..(First + Count)] : origins[0];
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs) => inputs[0].narrow(1, First, Count);

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var rest = stage.InputShapes[0].Channels - First - Count;
        long[] pad = signal.dim() == 4 ? [0, 0, 0, 0, First, rest] : [First, rest];
        return [torch.nn.functional.pad(signal, pad)];
    }
}

/// <summary>
/// Selects channels in any order, possibly some of them or some repeatedly: ShuffleNet's shuffle. Its backward rule returns each signal to
/// the channel that it came from.
/// </summary>
/// <param name="Channels">The input channel of each output channel.</param>
public sealed record ChannelGather(IReadOnlyList<int> Channels) : Operator
{
    // The largest integer range that float32 represents exactly.
    private const int MostChannels = 1 << 24;

    private readonly FloatTensor _index = new("channels", [Channels.Count], [.. Channels.Select(channel => (float)channel)]);

    /// <summary>Creates ShuffleNet's shuffle: channels as [groups, C / groups], transposed.</summary>
    public static ChannelGather Shuffle(int channels, int groups) =>
        groups >= 1 && channels % groups == 0
            ? new([.. Enumerable.Range(0, channels).Select(i => ((i % groups) * (channels / groups)) + (i / groups))])
            : throw new GraphException("shuffle", $"{channels} channels do not divide into {groups} groups");

    /// <inheritdoc/>
    public override string Kind => "ChannelShuffle";

    /// <inheritdoc/>
    public override bool KeepsChannels => true;

    /// <inheritdoc/>
    public override Shape OutputShape(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return Channels.Count is >= 1 and <= MostChannels
            && input.Channels <= MostChannels && Channels.All(channel => channel >= 0 && channel < input.Channels)
            ? input with { Channels = Channels.Count }
            : throw new GraphException(node, $"it selects channels that are out of range; its input has {input.Channels}");
    }

    /// <inheritdoc/>
    public override ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(origins);
        ArgumentNullException.ThrowIfNull(inputs);
        return origins[0].Length == inputs[0].Channels ? [.. Channels.Select(channel => origins[0][channel])] : origins[0];
    }

    /// <inheritdoc/>
    public override torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs)
    {
        stage.SeenShape = inputs[0].shape;
        return inputs[0].index_select(1, Index(stage));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal)
    {
        var back = torch.zeros([signal.shape[0], .. stage.SeenShape[1..]], dtype: signal.dtype, device: signal.device);
        return [back.IndexAddInPlace(1, Index(stage), signal)];
    }

    private torch.Tensor Index(Stage stage) => stage.Weight(_index, "index", plain => plain.to(torch.int64));
}
