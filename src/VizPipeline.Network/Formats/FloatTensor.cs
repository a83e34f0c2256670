namespace VizPipeline.Network.Formats;

/// <summary>
/// A named float32 tensor in managed memory, row-major. Models are read into these, so that a graph can be
/// planned (shapes, receptive fields, neurons) in a process that never loads libtorch.
/// </summary>
public sealed class FloatTensor
{
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
                throw new ArgumentException($"tensor '{name}' has a negative extent in its shape [{string.Join(", ", shape)}]", nameof(shape));
            count = checked(count * extent);
        }
        if (count != values.Length)
            throw new ArgumentException($"tensor '{name}' of shape [{string.Join(", ", shape)}] needs {count} values and has {values.Length}", nameof(values));
        Name = name;
        Shape = shape;
        Values = values;
    }

    /// <summary>Name in the model.</summary>
    public string Name { get; }

    /// <summary>Extents, outermost first; empty for a scalar.</summary>
    public int[] Shape { get; }

    /// <summary>The elements in row-major order.</summary>
    public float[] Values { get; }

    /// <summary>The same values under another name or shape, not copied.</summary>
    /// <exception cref="ArgumentException">The new shape holds another number of values.</exception>
    public FloatTensor With(string? name = null, int[]? shape = null) => new(name ?? Name, shape ?? Shape, Values);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
