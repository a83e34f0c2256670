using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Methods.Dictionaries;

/// <summary>Measures how well a dictionary restores its layer, batch by batch.</summary>
public sealed class ReconstructionTally : IDisposable
{
    private readonly torch.Tensor? _decoder;
    private readonly torch.Tensor? _bias;
    private readonly torch.Tensor _error;
    private readonly torch.Tensor _squares;
    private readonly torch.Tensor _sums;
    private readonly torch.Tensor _active;
    private readonly torch.Tensor _used;
    private long _places;
    private torch.Tensor? _source;

    /// <summary>Starts with empty sums.</summary>
    public ReconstructionTally(FeatureDictionary dictionary, torch.Device device)
    {
        ArgumentNullException.ThrowIfNull(dictionary);
        (_decoder, _bias) = (Upload(dictionary.Decoder, device), Upload(dictionary.DecoderBias, device));
        // On the device: reading each sum would wait for it.
        (_error, _squares) = (Zeros(torch.float64), Zeros(torch.float64));
        (_sums, _active, _used) = (
            Zeros(torch.float64, dictionary.Channels), Zeros(torch.int64), Zeros(torch.int64, dictionary.Features));

        torch.Tensor Zeros(torch.ScalarType type, params long[] shape) =>
            torch.zeros(shape, dtype: type, device: device).DetachFromDisposeScope();
    }

    /// <summary>The sums so far.</summary>
    public Reconstruction Total => new(
        _places, Read<long>(_active)[0], _decoder is null ? null : Read<double>(_error)[0], Read<double>(_squares)[0],
        Read<double>(_sums), Read<long>(_used));

    /// <summary>Returns the dictionary of a layer; null if it is not the layer of one.</summary>
    public static Readout? Find(NetworkGraph graph, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(layer);
        return layer.Kind == LayerKind.Dictionary ? graph.Readouts.Single(readout => readout.Name == layer.Name) : null;
    }

    /// <summary>Keeps the values of the layer until the features of the same batch arrive.</summary>
    /// <param name="values">[N, d, h, w] or [N, d].</param>
    public void Keep(torch.Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _source?.Dispose();
        _source = values.alias().DetachFromDisposeScope();
    }

    /// <summary>Adds the batch whose values were kept.</summary>
    /// <param name="features">[N, f, h, w] or [N, f].</param>
    public void Add(torch.Tensor features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var source = _source ?? throw new InvalidOperationException("the layer's values have not been kept");
        if (source.dim() == 2)
            AddPlaces(source.t(), features.t());
        // One image after the other: the features of a batch of large maps are most of the memory already.
        for (var n = 0; source.dim() == 4 && n < source.shape[0]; n++)
        {
            using var scope = torch.NewDisposeScope();
            AddPlaces(source[n].flatten(1), features[n].flatten(1));
        }
        source.Dispose();
        _source = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        foreach (var tensor in (torch.Tensor?[])[_decoder, _bias, _error, _squares, _sums, _active, _used])
            tensor?.Dispose();
    }

    // [d, places] and [f, places].
    private void AddPlaces(torch.Tensor values, torch.Tensor features)
    {
        using var scope = torch.NewDisposeScope();
        _places += values.shape[1];
        if (_decoder is not null)
        {
            var restored = _decoder.t().matmul(features);
            if (_bias is not null)
                restored = restored.PlusInPlace(_bias.unsqueeze(1));
            _error.PlusInPlace((restored - values).to(torch.float64).square().sum());
        }
        var exact = values.to(torch.float64);
        _squares.PlusInPlace(exact.square().sum());
        _sums.PlusInPlace(exact.sum([1L]));
        _active.PlusInPlace(features.Gt(0).sum());
        _used.PlusInPlace(features.Ne(0).sum([1L]));
    }

    private static torch.Tensor? Upload(FloatTensor? tensor, torch.Device device) => tensor is null
        ? null : torch.tensor(tensor.Values, [.. tensor.Shape.Select(extent => (long)extent)]).to(device).DetachFromDisposeScope();

    private static T[] Read<T>(torch.Tensor values) where T : unmanaged
    {
        using var here = values.contiguous().cpu();
        return MemoryMarshal.Cast<byte, T>(here.bytes).ToArray();
    }
}
