using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>How signals are propagated back through nonlinearities (docs/methods.md, section 2).</summary>
public enum ReverseRule
{
    /// <summary>Zeiler and Fergus: rectify the signal and ignore the forward sign.</summary>
    Deconvolution,

    /// <summary>Springenberg et al.: rectify the signal and mask it by forward &gt; 0.</summary>
    GuidedBackpropagation,

    /// <summary>The gradient.</summary>
    Gradient,
}

/// <summary>
/// One operator within one pass: weights on the device, what it remembers for the backward pass, and its samples' positions.
/// </summary>
public sealed class Stage(Node node, IReadOnlyList<Shape> inputShapes, WeightBank weights, ReverseRule? rule)
{
    /// <summary>The node that is computed.</summary>
    public Node Node { get; } = node;

    /// <summary>Shapes of the whole inputs, for one image.</summary>
    public IReadOnlyList<Shape> InputShapes { get; } = inputShapes;

    /// <summary>The backward rule, or null for a forward-only pass that remembers nothing.</summary>
    public ReverseRule? Rule { get; } = rule;

    /// <summary>Whether the rule is the gradient or masks by the forward sign.</summary>
    public bool NeedsForwardSign => Rule is ReverseRule.Gradient or ReverseRule.GuidedBackpropagation;

    /// <summary>True if the inputs are regions that include their surroundings; false if they are whole maps.</summary>
    public bool IsRegion { get; init; }

    /// <summary>
    /// Whether a nonlinearity that blocks a sample's whole gradient lets through the part that increases its input (Lucid's redirected
    /// gradients). Otherwise an ascent that starts at an image on which the neuron is inactive could not move.
    /// </summary>
    public bool RescuesDead { get; init; }

    /// <summary>On a region, the map row at which each sample's input region starts; else null.</summary>
    public int[]? RowOrigins { get; init; }

    /// <summary>On a region, the map column at which each sample's input region starts; else null.</summary>
    public int[]? ColumnOrigins { get; init; }

    /// <summary>Whether no other node reads the first input, so that it may be overwritten.</summary>
    public bool MayOverwrite { get; init; }

    /// <summary>What the operator keeps for the backward pass, batch first; null if nothing. Owned by the pass.</summary>
    public torch.Tensor? Memory { get; set; }

    /// <summary>Further tensors that the operator keeps for the backward pass, batch first. Owned by the pass.</summary>
    public IReadOnlyList<torch.Tensor> Operands { get; set; } = [];

    /// <summary>Actual batch shape of the first input, [N, C, h, w] or [N, C].</summary>
    public long[] SeenShape { get; set; } = [];

    /// <summary>Returns a weight on the device, created once per device and purpose.</summary>
    /// <param name="weight">The managed weight.</param>
    /// <param name="purpose">Name of a derived form, for example <c>transposed</c>.</param>
    /// <param name="derive">Computes the derived form from the plain one.</param>
    public torch.Tensor Weight(FloatTensor weight, string purpose = "", Func<torch.Tensor, torch.Tensor>? derive = null) =>
        weights.Get(weight, purpose, derive);

    /// <summary>The device of the tensors.</summary>
    public torch.Device Device => weights.Device;

    /// <summary>Returns a constant on the device, created once per device.</summary>
    public torch.Tensor Constant(string key, Func<FloatTensor> make) => weights.Constant(key, make);
}
