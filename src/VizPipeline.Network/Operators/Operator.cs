using TorchSharp;
using VizPipeline.Network.Graph;

namespace VizPipeline.Network.Operators;

/// <summary>
/// One kind of computation. Shape, reach, forward and reverse stand together, so that a new operator is one new file.
/// Operators are values without state; what a pass remembers lives in its <see cref="Stage"/>.
/// </summary>
public abstract record Operator
{
    /// <summary>The field's name of the operator, for people.</summary>
    public abstract string Kind { get; }

    /// <summary>How output positions depend on input positions.</summary>
    public virtual Reach Reach => Reach.Point;

    /// <summary>How output positions depend on positions of inputs of these shapes; differs from <see cref="Reach"/> where inputs are broadcast.</summary>
    public virtual Reach ReachOver(IReadOnlyList<Shape> inputs) => Reach;

    /// <summary>
    /// What the receptive field (METHODS 1) counts of one input; null for nothing. A gate or a statistic that is one number for the whole
    /// map only scales what a position sees, so it is computed from the whole map but does not widen the field.
    /// </summary>
    public virtual Reach? FieldOver(IReadOnlyList<Shape> inputs, int input) => ReachOver(inputs);

    /// <summary>Learned numbers, folded normalisations included.</summary>
    public virtual long Parameters => 0;

    /// <summary>What stands outside the borders of the input: 0, or -infinity for a maximum.</summary>
    public virtual float PaddingValue => 0;

    /// <summary>Multiply-adds for one image whose output has the given shape; 0 where they do not count beside a convolution's.</summary>
    public virtual long MultiplyAdds(Shape output) => 0;

    /// <summary>Shape of the output for one image.</summary>
    /// <exception cref="GraphException">The inputs do not fit. This is the only guard: torch aborts the process on some misfits.</exception>
    public abstract Shape OutputShape(string node, IReadOnlyList<Shape> inputs);

    /// <summary>
    /// Computes the output [N, C, H, W] (or [N, C]). On a region the inputs hold their surroundings already, with
    /// <see cref="PaddingValue"/> outside the map, and the operator must not pad.
    /// </summary>
    public abstract torch.Tensor Forward(Stage stage, IReadOnlyList<torch.Tensor> inputs);

    /// <summary>
    /// Leads a signal of the output's shape back to each input (METHODS 2), by <see cref="Stage.Rule"/>. Each is a handle of its own;
    /// null where nothing goes, as to a gate that counts as a constant.
    /// </summary>
    public abstract IReadOnlyList<torch.Tensor?> Reverse(Stage stage, torch.Tensor signal);

    /// <summary>The only input's shape.</summary>
    /// <exception cref="GraphException">There is not exactly one.</exception>
    protected Shape OnlyInput(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Count == 1 ? inputs[0] : throw new GraphException(node, $"{Kind} takes one input and has {inputs.Count}");
    }

    /// <summary>The only input's shape, which must be a map.</summary>
    /// <exception cref="GraphException">There is not exactly one, or it is a vector.</exception>
    protected Shape OnlyMap(string node, IReadOnlyList<Shape> inputs)
    {
        var input = OnlyInput(node, inputs);
        return input.IsVector ? throw new GraphException(node, $"{Kind} needs a feature map and gets a vector of {input.Channels}") : input;
    }

    /// <summary>The shapes, if there are exactly two.</summary>
    /// <exception cref="GraphException">There are not.</exception>
    protected IReadOnlyList<Shape> OnlyTwo(string node, IReadOnlyList<Shape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Count == 2 ? inputs : throw new GraphException(node, $"{Kind} takes two inputs and has {inputs.Count}");
    }
}
