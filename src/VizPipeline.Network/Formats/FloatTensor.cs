namespace VizPipeline.Network.Formats;

/// <summary>
/// A named float32 tensor in managed memory, row-major. Models are read into these, so that a graph can be planned (shapes, receptive
/// fields, neurons) in a process that never loads libtorch.
/// </summary>
public sealed class FloatTensor
{
    private readonly float[]? _values;

    /// <summary>Wraps <paramref name="values"/> without copying.</summary>
    /// <param name="name">Name in the model, for example <c>features.0.weight</c>.</param>
    /// <param name="shape">Extents, outermost first; empty for a scalar.</param>
    /// <param name="values">The elements in row-major order.</param>
    /// <exception cref="ArgumentException">The number of values is not the product of the extents, or an extent is negative.</exception>
    public FloatTensor(string name, int[] shape, float[] values)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(values);
        long count = 1;
        foreach (var extent in shape)
        {
            if (extent < 0)
            {
                throw new ArgumentException(
                    $"tensor '{name}' has a negative extent in its shape [{string.Join(", ", shape)}]", nameof(shape));
            }
            count = checked(count * extent);
        }
        if (count != values.Length)
        {
            throw new ArgumentException(
                $"tensor '{name}' of shape [{string.Join(", ", shape)}] needs {count} values but has {values.Length}", nameof(values));
        }
        (Name, Shape, Count, _values) = (name, shape, count, values);
    }

    private FloatTensor(string name, int[] shape)
    {
        (Name, Shape) = (name, shape);
        Count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
    }

    /// <summary>Name in the model.</summary>
    public string Name { get; }

    /// <summary>Extents, outermost first; empty for a scalar.</summary>
    public int[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>The elements in row-major order.</summary>
    /// <exception cref="InvalidOperationException">The tensor is a placeholder: the network was built without weights.</exception>
    public float[] Values => _values
        ?? throw new InvalidOperationException($"the network has no weights ('{Name}' is a placeholder); give them with --weights");

    /// <summary>Whether only the shape is known.</summary>
    public bool IsPlaceholder => _values is null;

    /// <summary>Creates a tensor of which only the shape is known, which is enough to plan a network and list its layers.</summary>
    public static FloatTensor Placeholder(string name, params int[] shape) => new(name, shape);

    /// <summary>Returns the same values, not copied, under another name or shape.</summary>
    /// <exception cref="ArgumentException">The new shape holds another number of values.</exception>
    public FloatTensor With(string? name = null, int[]? shape = null) =>
        _values is null ? new(name ?? Name, shape ?? Shape) : new(name ?? Name, shape ?? Shape, _values);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
