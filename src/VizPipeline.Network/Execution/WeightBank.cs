using TorchSharp;
using VizPipeline.Network.Formats;

namespace VizPipeline.Network.Execution;

/// <summary>A network's weights on one device, in the forms that operators ask for. Not thread-safe.</summary>
public sealed class WeightBank(torch.Device device) : IDisposable
{
    private readonly Dictionary<(FloatTensor Weight, string Purpose), torch.Tensor> _tensors = [];
    private readonly Dictionary<string, FloatTensor> _constants = [];

    /// <summary>The device that holds the tensors.</summary>
    public torch.Device Device { get; } = device;

    /// <summary>Returns the tensor of a weight, or what <paramref name="derive"/> computes from it. The bank owns the tensor.</summary>
    public torch.Tensor Get(FloatTensor weight, string purpose = "", Func<torch.Tensor, torch.Tensor>? derive = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (_tensors.TryGetValue((weight, purpose), out var known))
            return known;
        using var scope = torch.NewDisposeScope();
        var plain = torch.tensor(weight.Values, [.. weight.Shape.Select(extent => (long)extent)]).to(Device);
        if (plain.dim() == 4)
            plain = plain.ChannelsLast();
        // Weights outlive the dispose scope of the pass that asked first.
        var made = (derive is null ? plain : derive(plain)).DetachFromDisposeScope();
        return _tensors[(weight, purpose)] = made;
    }

    /// <summary>Returns the tensor of a constant that is computed rather than learned.</summary>
    public torch.Tensor Constant(string key, Func<FloatTensor> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (!_constants.TryGetValue(key, out var constant))
            _constants[key] = constant = make();
        return Get(constant);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        _tensors.Clear();
    }
}
