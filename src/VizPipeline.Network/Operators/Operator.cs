using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// One kind of computation. Shape, receptive field, forward and backward rules are together in one type, so that a new operator is one new
/// file. Operators are stateless values; what a pass remembers is in its <see cref="Stage"/>.
/// </summary>
public abstract record Operator
{
    /// <summary>The operator's common name, for display.</summary>
    public abstract string Kind { get; }

    /// <summary>How output positions depend on input positions.</summary>
    public virtual Reach Reach => Reach.Point;

    /// <summary>
    /// Returns how output positions depend on positions of inputs of these shapes; differs from <see cref="Reach"/> if inputs are
    /// broadcast.
    /// </summary>
    public virtual Reach ReachOver(IReadOnlyList<Shape> inputs) => Reach;

    /// <summary>
    /// Returns what one input contributes to the receptive field (docs/methods.md, section 1); null for nothing. A gate or statistic that
    /// is one number for the whole map only scales what a position sees: it is computed from the whole map but does not widen the field.
    /// </summary>
    public virtual Reach? FieldOver(IReadOnlyList<Shape> inputs, int input) => ReachOver(inputs);

    /// <summary>Number of learned parameters, including those of folded normalisations.</summary>
    public virtual long Parameters => 0;

    /// <summary>The value of padding outside the input: 0, or -infinity for a maximum.</summary>
    public virtual float PaddingValue => 0;

    /// <summary>Returns the multiply-adds for one image with an output of the given shape; 0 if they are negligible.</summary>
    public virtual long MultiplyAdds(Shape output) => 0;

    /// <summary>The kind of layer that is observed at this operator; null if it starts no layer.</summary>
    public virtual LayerKind? LayerKind => null;

    /// <summary>How the operator belongs to a layer whose value only it reads.</summary>
    public virtual LayerPart LayerPart => LayerPart.None;

    /// <summary>The weight that the operator is known by; its name becomes the layer's. Null if it has none.</summary>
    public virtual FloatTensor? MainWeight => null;

    /// <summary>Whether its weights connect input channels to output channels and are shown as filters and connections.</summary>
    public virtual bool HasFilters => false;

    /// <summary>Whether its output is new memory that it does not remember, so that the output's only reader may overwrite it.</summary>
    public virtual bool AllowsOverwrite => false;

    /// <summary>Whether its output weighs other values, as a sigmoid's does in attention; see <see cref="Multiply"/>.</summary>
    public virtual bool MakesGate => false;

    /// <summary>Whether each output channel depends on one input channel only, apart from gates and statistics.</summary>
    public virtual bool KeepsChannels => false;

    /// <summary>
    /// Returns the origins of the output's channels, given those of the inputs' channels. Called only if <see cref="KeepsChannels"/>.
    /// </summary>
    /// <param name="origins">For each input, the origins of its channels; those of a flattened map stand for all units of a
    /// channel.</param>
    /// <param name="inputs">Shapes of the inputs.</param>
    public virtual ChannelSource[] TraceChannels(IReadOnlyList<ChannelSource[]> origins, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(origins);
        return origins[0];
    }

    /// <summary>Returns the operator with a bias, if it can have one and has none yet; else null.</summary>
    public virtual Operator? WithBias(FloatTensor bias) => null;

    /// <summary>Returns the shape of the output for one image.</summary>
    /// <exception cref="GraphException">The inputs do not match. This is the only check: torch aborts the process on some
    /// mismatches.</exception>
    public abstract Shape OutputShape(string node, IReadOnlyList<Shape> inputs);

    /// <summary>
    /// Computes the output [N, C, H, W] (or [N, C]). On a region, the inputs already include their surroundings, with
    /// <see cref="PaddingValue"/> outside the map, and the operator must not pad.
    /// </summary>
    public abstract torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs);

    /// <summary>
    /// Propagates a signal of the output's shape back to each input by <see cref="Stage.Rule"/> (docs/methods.md, section 2). Each result
    /// is a separate handle; null where nothing is propagated, as to a gate that is treated as a constant.
    /// </summary>
    public abstract IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal);

    /// <summary>Returns the shape of the only input.</summary>
    /// <exception cref="GraphException">There is not exactly one input.</exception>
    protected Shape OnlyInput(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Count == 1 ? inputs[0] : throw new GraphException(node, $"{Kind} takes one input but has {inputs.Count}");
    }

    /// <summary>Returns the shape of the only input, which must be a map.</summary>
    /// <exception cref="GraphException">There is not exactly one input, or it is a vector.</exception>
    protected Shape OnlyMap(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return input.IsVector
            ? throw new GraphException(node, $"{Kind} needs a feature map but gets a vector of {input.Channels}")
            : input;
    }

    /// <summary>Returns the shapes after checking that there are exactly two.</summary>
    /// <exception cref="GraphException">There are not exactly two inputs.</exception>
    protected IReadOnlyList<Shape> OnlyTwo(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Count == 2 ? inputs : throw new GraphException(node, $"{Kind} takes two inputs but has {inputs.Count}");
    }
}
