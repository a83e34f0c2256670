using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>What the reverse walk does at nonlinearities (METHODS 2).</summary>
public enum ReverseRule
{
    /// <summary>Zeiler-Fergus: rectify the signal; the forward sign is ignored.</summary>
    Deconvolution,

    /// <summary>Springenberg: rectify the signal and mask it by forward &gt; 0.</summary>
    GuidedBackpropagation,

    /// <summary>The gradient itself.</summary>
    Gradient,
}

/// <summary>One operator's place in one pass: weights on the device, what it remembers for the way back, and where its samples lie.</summary>
public sealed class Stage(Node node, IReadOnlyList<Shape> inputShapes, WeightBank weights, ReverseRule? rule)
{
    /// <summary>The node that is computed.</summary>
    public Node Node { get; } = node;

    /// <summary>Shapes of the whole inputs, for one image.</summary>
    public IReadOnlyList<Shape> InputShapes { get; } = inputShapes;

    /// <summary>The rule of the way back, or null for a pass that goes forward only and remembers nothing.</summary>
    public ReverseRule? Rule { get; } = rule;

    /// <summary>Whether the way back is the gradient, or masks by it.</summary>
    public bool NeedsForwardSign => Rule is ReverseRule.Gradient or ReverseRule.GuidedBackpropagation;

    /// <summary>True where the inputs are regions with their surroundings in place; false where they are whole maps.</summary>
    public bool IsRegion { get; init; }

    /// <summary>On a region, for each sample the map row at which its input region starts; else null.</summary>
    public int[]? RowOrigins { get; init; }

    /// <summary>On a region, for each sample the map column at which its input region starts; else null.</summary>
    public int[]? ColumnOrigins { get; init; }

    /// <summary>Whether nobody else reads the first input, so that it may be overwritten.</summary>
    public bool MayOverwrite { get; init; }

    /// <summary>What the operator keeps for the way back, batch first; null if nothing. Owned by the pass.</summary>
    public torch.Tensor? Memory { get; set; }

    /// <summary>Further tensors that the operator keeps for the way back, batch first. Owned by the pass.</summary>
    public IReadOnlyList<torch.Tensor> Operands { get; set; } = [];

    /// <summary>Batch shape of the first input as it was seen, [N, C, h, w] or [N, C].</summary>
    public long[] SeenShape { get; set; } = [];

    /// <summary>A weight on the device, made once per device and purpose.</summary>
    /// <param name="weight">The managed weight.</param>
    /// <param name="purpose">Name of a derived form, for example <c>transposed</c>.</param>
    /// <param name="derive">Makes the derived form from the plain one.</param>
    public torch.Tensor Weight(FloatTensor weight, string purpose = "", Func<torch.Tensor, torch.Tensor>? derive = null) =>
        weights.Get(weight, purpose, derive);

    /// <summary>Where tensors live.</summary>
    public torch.Device Device => weights.Device;

    /// <summary>A constant on the device, made once per device.</summary>
    public torch.Tensor Constant(string key, Func<FloatTensor> make) => weights.Constant(key, make);
}
