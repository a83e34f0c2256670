namespace VizPipeline.Network.Import.Onnx;

/// <summary>Arithmetic on shapes as ONNX defines it. Methods return null for invalid arguments.</summary>
internal static class OnnxShapes
{
    /// <summary>Returns an axis counted from the front; null if it does not exist.</summary>
    public static int? Axis(long axis, int rank) => axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : null;

    /// <summary>Returns axes counted from the front; null if one does not exist or occurs twice.</summary>
    public static int[]? Axes(IReadOnlyList<long> axes, int rank)
    {
        int?[] all = [.. axes.Select(axis => Axis(axis, rank))];
        return all.Contains(null) || all.Distinct().Count() != all.Length ? null : [.. all.Select(axis => axis!.Value)];
    }

    /// <summary>Returns the number of elements of a shape; null if they do not fit into an array or an extent is negative.</summary>
    public static int? Count(IReadOnlyList<int> shape)
    {
        long count = 1;
        foreach (var extent in shape)
        {
            if (extent < 0 || (count *= extent) > Array.MaxLength)
                return null;
        }
        return (int)count;
    }

    /// <summary>Returns the shape of an elementwise result.</summary>
    public static int[]? Broadcast(int[] a, int[] b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (var i = 1; i <= result.Length; i++)
        {
            var (one, other) = (i <= a.Length ? a[^i] : 1, i <= b.Length ? b[^i] : 1);
            if (one != other && one != 1 && other != 1)
                return null;
            result[^i] = one == 1 ? other : one;
        }
        return result;
    }

    /// <summary>
    /// Returns, for each element of <paramref name="shape"/>, the index of the element of <paramref name="from"/> that is broadcast to it.
    /// </summary>
    public static int[] BroadcastPlaces(int[] from, int[] shape)
    {
        var strides = new int[shape.Length];
        var stride = 1;
        for (var i = 1; i <= from.Length; stride *= from[^i], i++)
            strides[^i] = from[^i] == 1 ? 0 : stride;
        return Places(shape, strides, 0);
    }

    /// <summary>Returns row-major strides.</summary>
    public static int[] Strides(int[] shape)
    {
        var strides = new int[shape.Length];
        var stride = 1;
        for (var i = shape.Length - 1; i >= 0; stride *= shape[i], i--)
            strides[i] = stride;
        return strides;
    }

    /// <summary>Returns the indices of elements with the given strides, in row-major order of the shape.</summary>
    public static int[] Places(int[] shape, int[] strides, int first)
    {
        var places = new int[Count(shape)!.Value];
        var (index, place) = (new int[shape.Length], first);
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = place;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                place += strides[axis];
                if (++index[axis] < shape[axis])
                    break;
                place -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }
        return places;
    }

    /// <summary>Returns the result shape of Reshape: 0 keeps an extent, and one -1 takes the remaining elements.</summary>
    public static int[]? Reshape(IReadOnlyList<long> wanted, int[] from, bool allowZero = false)
    {
        var to = new long[wanted.Count];
        var (open, known) = (-1, 1L);
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = wanted[i] == 0 && !allowZero ? (i < from.Length ? from[i] : -2) : wanted[i];
            if (to[i] == -1 && open < 0)
                (open, to[i]) = (i, 1);
            if (to[i] is < 0 or > int.MaxValue || (known *= Math.Max(1, to[i])) > int.MaxValue)
                return null;
        }
        if (Count(from) is not { } count)
            return null;
        if (open >= 0)
        {
            if (count % known != 0 || to.Contains(0))
                return null;
            to[open] = count / known;
        }
        return to.Aggregate(1L, (product, extent) => product * extent) == count ? [.. to.Select(extent => (int)extent)] : null;
    }

    /// <summary>
    /// Returns the result shape of Squeeze. Without axes it removes all extents of 1, except the first one if <paramref name="keepFirst"/>.
    /// </summary>
    public static int[]? Squeeze(IReadOnlyList<long>? axes, int[] from, bool keepFirst)
    {
        int[]? gone = axes is null
            ? [.. Enumerable.Range(0, from.Length).Where(i => from[i] == 1 && !(keepFirst && i == 0))] : Axes(axes, from.Length);
        return gone is null || gone.Any(axis => from[axis] != 1) ? null : [.. from.Where((_, i) => !gone.Contains(i))];
    }

    /// <summary>Returns the result shape of Unsqueeze.</summary>
    public static int[]? Unsqueeze(IReadOnlyList<long> axes, int[] from)
    {
        if (axes.Count + from.Length > 16 || Axes(axes, from.Length + axes.Count) is not { } added)
            return null;
        var (rest, to) = (0, new int[from.Length + axes.Count]);
        for (var i = 0; i < to.Length; i++)
            to[i] = added.Contains(i) ? 1 : from[rest++];
        return to;
    }

    /// <summary>Returns the start, step and count that Slice takes of an axis; null for a step of 0.</summary>
    public static (int Start, int Step, int Count)? Slice(long start, long end, long step, int extent)
    {
        if (step is 0 or > int.MaxValue or < -int.MaxValue)
            return null;
        var (low, high) = step > 0 ? (0, extent) : (-1, extent - 1);
        var from = Math.Clamp(start < 0 ? Math.Max(start, -int.MaxValue) + extent : start, step > 0 ? 0 : -1, high);
        var to = Math.Clamp(end < 0 ? Math.Max(end, long.MinValue + int.MaxValue) + extent : end, low, high);
        var count = step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step;
        return ((int)from, (int)step, (int)Math.Max(0, count));
    }
}
