namespace VizPipeline.Network.Formats.PyTorch;

/// <summary>A tensor as PyTorch stores it: a storage, an offset into it, and a stride for each axis.</summary>
internal sealed class TensorView
{
    private const int MostDimensions = 16;

    private TensorView(StorageRef storage, ElementType type, long offset, int[] shape, long[] strides, long count)
    {
        Storage = storage;
        Type = type;
        Offset = offset;
        Shape = shape;
        Strides = strides;
        Count = count;
    }

    public StorageRef Storage { get; }

    public ElementType Type { get; }

    public long Offset { get; }

    public int[] Shape { get; }

    public long[] Strides { get; }

    public long Count { get; }

    /// <summary>Number of elements in the storage, in this tensor's type.</summary>
    public long StorageCount => Storage.Type is null ? Storage.Count / Type.Size() : Storage.Count;

    /// <summary>Creates a view, or says what is wrong with it. No element may lie outside the storage.</summary>
    public static (TensorView? View, string? Problem) Create(
        StorageRef storage, ElementType type, long offset, long[] sizes, long[] strides)
    {
        if (sizes.Length != strides.Length || sizes.Length > MostDimensions)
            return (null, "sizes and strides that do not match");
        if (sizes.Any(size => size is < 0 or > int.MaxValue) || strides.Any(stride => stride < 0) || offset < 0)
            return (null, "a negative or too large size, stride or offset");
        int[] shape = [.. sizes.Select(size => (int)size)];
        if (Elements.Count(shape) is not { } count || count > Array.MaxLength)
            return (null, "more elements than one array can hold");
        var view = new TensorView(storage, type, offset, shape, strides, count);
        return view.Fits() ? (view, null) : (null, "elements outside of its storage");
    }

    /// <summary>Gathers the elements in row-major order. Returns the storage itself, not a copy, if the tensor covers all of it.</summary>
    public float[] Gather(float[] storage)
    {
        if (IsContiguous())
            return Count == storage.Length ? storage : storage.AsSpan((int)Offset, (int)Count).ToArray();
        var target = new float[Count];
        var index = new int[Shape.Length];
        var from = Offset;
        for (var to = 0; to < target.Length; to++)
        {
            target[to] = storage[from];
            for (var axis = Shape.Length - 1; axis >= 0; axis--)
            {
                from += Strides[axis];
                if (++index[axis] < Shape[axis])
                    break;
                from -= Strides[axis] * Shape[axis];
                index[axis] = 0;
            }
        }
        return target;
    }

    private bool Fits()
    {
        // Negative extents and offsets have been refused, so the last element is the farthest.
        Int128 last = Offset;
        for (var axis = 0; axis < Shape.Length; axis++)
            last += (Int128)Math.Max(Shape[axis] - 1, 0) * Strides[axis];
        return Count == 0 ? Offset <= StorageCount : last < StorageCount;
    }

    private bool IsContiguous()
    {
        long expected = 1;
        for (var axis = Shape.Length - 1; axis >= 0; axis--)
        {
            if (Shape[axis] != 1 && Strides[axis] != expected)
                return Count == 0;
            expected *= Shape[axis];
        }
        return true;
    }
}
