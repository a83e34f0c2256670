using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Operators that move values: tracked symbolically where possible, computed otherwise.</summary>
internal sealed partial class OnnxImporter
{
    /// <summary>Returns a node whose own order [N, C, H, W] is the view's; reorders the value if necessary.</summary>
    private int AsMap(OnnxNode node, string name, OnnxView view)
    {
        var shape = ShapeOf(view);
        if (view.Rank != 4 || !view.StartsWithBatch)
            throw Unsupported(node, $"a value of {Text(view)}; it must be a batch of maps");
        if (!shape.IsVector && view.Is(2, GraphAxis.Row, shape.Height) && view.Is(3, GraphAxis.Column, shape.Width))
            return InChannelOrder(name, view, 1..2);
        if (shape.IsVector && view.Is(1, GraphAxis.Channel, shape.Channels))
            return _graph.Add(name + ".map", new Unflatten(shape.Channels, 1, 1), view.Node);
        var extents = view.Shape;
        return _graph.Add(name + ".map", new Unflatten(extents[1], extents[2], extents[3]), AsVector(
            node, name, view with { Dimensions = [view.Dimensions[0], [.. view.Dimensions.Skip(1).SelectMany(dimension => dimension)]] }));
    }

    /// <summary>Returns a node whose own order [N, C] is the view's; reorders the value if necessary.</summary>
    private int AsVector(OnnxNode node, string name, OnnxView view)
    {
        if (view.Rank != 2 || !view.StartsWithBatch)
            throw Unsupported(node, $"a value of {Text(view)}; it must be a batch of vectors");
        var places = PlacesOf(node, view, 1..2);
        var x = ShapeOf(view).IsVector ? view.Node : _graph.Add(name + ".flatten", new Flatten(), view.Node);
        return IsOrdered(places) ? x : _graph.Add(name + ".order", new ChannelGather(places), x);
    }

    private int[] PlacesOf(OnnxNode node, OnnxView view, Range dimensions)
    {
        _folding.Spend(node.Name, ShapeOf(view).Count);
        return view.Places(ShapeOf(view), dimensions) is { } places
            && places.Length == ShapeOf(view).Count ? places : throw Unsupported(node, $"a value of {Text(view)}");
    }

    private int InChannelOrder(string name, OnnxView view, Range dimensions)
    {
        var channels = ShapeOf(view).Channels;
        _folding.Spend(name, channels);
        var places = view.Places(ShapeOf(view) with { Height = 1, Width = 1 }, dimensions)!;
        return IsOrdered(places) ? view.Node : _graph.Add(name + ".order", new ChannelGather(places), view.Node);
    }

    private static bool IsOrdered(int[] places) => places.Select((place, i) => place == i).All(same => same);

    private static string Text(OnnxView view)
        => "shape ["
            + string.Join(", ", view.Shape.Select((extent, i) => view.Dimensions[i] is [{ Axis: GraphAxis.Batch }] ? "N" : $"{extent}"))
            + "]";

    private OnnxView Transpose(OnnxNode node, string name)
    {
        var view = View(node, 0);
        int[]? order = node.GetInts("perm") is { } perm ? OnnxShapes.Axes(perm, view.Rank) : [.. Enumerable.Range(0, view.Rank).Reverse()];
        return order is not null && order.Length == view.Rank
            ? view.Transposed(order)
            : throw new GraphException(name, $"cannot transpose {Text(view)} by [{string.Join(", ", node.GetInts("perm")!)}]");
    }

    private OnnxView Reshape(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var wanted = node.GetInts("shape") ?? Constant(node, 1)?.Longs ?? throw Unsupported(node, "a shape that is computed from values");
        var allowZero = node.GetInt("allowzero", 0) != 0;
        if (wanted.Count > 16)
            throw new GraphException(name, $"it has {wanted.Count} dimensions");
        // A batch size that was fixed at export.
        var isFixed = _batch > 1
            && wanted.Count > 0 && wanted[0] > 0 && wanted[0] % _batch == 0 && view.Dimensions is [[{ Axis: GraphAxis.Batch }, ..], ..];
        var to = OnnxShapes.Reshape(isFixed ? [wanted[0] / _batch, .. wanted.Skip(1)] : wanted, view.Shape, allowZero);
        if (to is null)
            throw new GraphException(name, $"cannot reshape {Text(view)} to [{string.Join(", ", wanted)}]");
        return view.Reshaped(to)
            ?? throw Unsupported(node, $"{Text(view)} to [{string.Join(", ", wanted)}], because the extents do not divide evenly");
    }

    private OnnxView Flatten(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var axis = node.GetInt("axis", 1);
        if (axis < -view.Rank || axis > view.Rank)
            throw new GraphException(name, $"there is no axis {axis} in {view.Rank} dimensions");
        var cut = (int)(axis < 0 ? axis + view.Rank : axis);
        return cut >= 1 && view.StartsWithBatch && view.Shape[1..cut].All(extent => extent == 1)
            ? view.Reshaped([1, view.Shape.Aggregate(1, (product, extent) => product * extent)])!
                : throw Unsupported(node, $"axis {axis} on {Text(view)}");
    }

    private OnnxView Squeeze(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var axes = node.GetInts("axes") ?? Constant(node, 1)?.Longs;
        var gone = axes is null
            ? [.. Enumerable.Range(0, view.Rank).Where(i => view.Dimensions[i].Count == 0)] : OnnxShapes.Axes(axes, view.Rank);
        return gone is not null && gone.All(axis => view.Dimensions[axis].Count == 0)
            ? view with { Dimensions = [.. view.Dimensions.Where((_, i) => !gone.Contains(i))] }
                : throw Unsupported(node, $"axes [{string.Join(", ", axes ?? [])}] on {Text(view)}");
    }

    private OnnxView Unsqueeze(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var axes = node.GetInts("axes") ?? Constant(node, 1)?.Longs ?? throw new GraphException(name, "Unsqueeze lacks its axes");
        if (view.Rank + axes.Count > 16 || OnnxShapes.Axes(axes, view.Rank + axes.Count) is not { } added)
            throw new GraphException(name, $"cannot add the axes [{string.Join(", ", axes)}] to {Text(view)}");
        var dimensions = view.Dimensions.ToList();
        foreach (var axis in added.Order())
            dimensions.Insert(axis, []);
        return view with { Dimensions = dimensions };
    }

    // Only where it changes nothing; arithmetic broadcasts by itself.
    private OnnxView Pass(OnnxNode node, string name) => View(node, 0);

    private OnnxView Expand(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (Constant(node, 1)?.Longs is not { Length: <= 16 } wanted || wanted.Any(extent => extent is < 1 or > int.MaxValue))
            throw Unsupported(node, "a shape that is computed from values");
        int[] to = [.. wanted.Select(extent => (int)extent)];
        if (_batch > 1 && to.Length == view.Rank && to[0] == _batch)
            to[0] = 1;
        return OnnxShapes.Broadcast(view.Shape, to) is { } shape && shape.SequenceEqual(view.Shape) ? view
            : throw Unsupported(node, $"{Text(view)} to [{string.Join(", ", wanted)}]");
    }

    private OnnxView Cast(OnnxNode node, string name) => node.OpType == "CastLike" || node.GetInt("to", 1) is 1 or 10 or 11 or 16
        ? View(node, 0) : throw Unsupported(node, "a computed value as integers");

    private OnnxView Concat(OnnxNode node, string name)
    {
        OnnxView[] parts = [.. node.Inputs.Select((_, i) => View(node, i))];
        if (parts.Length == 0 || OnnxShapes.Axis(node.GetInt("axis", 1), parts[0].Rank) is not { } axis)
            throw Unsupported(node, $"axis {node.GetInt("axis", 1)}");
        if (!parts.All(part => InnerOf(part, axis) is { } inner && inner == InnerOf(parts[0], axis) && SameBut(part, parts[0], axis)))
        {
            if (axis != 1)
                throw Unsupported(node, $"axis {axis} of {Text(parts[0])}; only channels can be concatenated");
            parts = [.. parts.Select(part => Natural(part.Rank == 2 ? AsVector(node, name, part) : AsMap(node, name, part)))];
        }
        else if (parts.Any(part => ShapeOf(part).IsVector) && !parts.All(part => ShapeOf(part).IsVector))
        {
            parts = [.. parts.Select(part => part.WithNode(Widened(name, part)))];
        }
        var channels = parts.Sum(part => (long)ShapeOf(part).Channels);
        if (channels > int.MaxValue)
            throw new GraphException(name, $"{channels} channels are too many");
        var step = InnerOf(parts[0], axis) ?? throw Unsupported(node, $"axis {axis} of {Text(parts[0])}");
        var joined = _graph.Add(name, new Concat([.. parts.Select(part => ShapeOf(part).Channels)]), [.. parts.Select(part => part.Node)]);
        return parts[0].With(axis, (int)channels == step ? [] : [new AxisFactor(GraphAxis.Channel, step, (int)channels / step)])
            .WithNode(joined);
    }

    // Number of consecutive channels at one position of a dimension that counts the outermost part of them; 1 if it counts them all.
    private int? InnerOf(OnnxView view, int dimension)
    {
        if (view.Rank <= dimension)
            return null;
        var channels = ShapeOf(view).Channels;
        return view.Dimensions[dimension] switch
        {
            [] => channels,
            [{ Axis: GraphAxis.Channel } part] when (long)part.Step * part.Extent == channels => part.Step,
            _ => null,
        };
    }

    private bool IsChannels(OnnxView view, int dimension) =>
        view.Rank > dimension
            && view.Is(dimension, GraphAxis.Channel, ShapeOf(view).Channels)
            && !view.Dimensions.Where((_, i) => i != dimension).Any(factors => factors.Any(factor => factor.Axis == GraphAxis.Channel));

    private static bool SameBut(OnnxView a, OnnxView b, int dimension) =>
        a.Rank == b.Rank && !Enumerable.Range(0, a.Rank).Any(i => i != dimension && !a.Dimensions[i].SequenceEqual(b.Dimensions[i]));

    private List<OnnxView> Split(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (OnnxConstantFolding.PartsOf(node, Constants(node), view.Shape) is not (var axis, var parts)
            || (IsGiven(node, 1) && Constant(node, 1) is null))
            throw new GraphException(name, $"cannot split {Text(view)}");
        if (parts.Contains(0))
            throw Unsupported(node, "empty parts");
        var (results, first) = (new List<OnnxView>(), 0);
        foreach (var part in parts)
        {
            results.Add(Take(node, name, view, axis, first, 1, part));
            first += part;
        }
        return results;
    }

    private OnnxView Slice(OnnxNode node, string name)
    {
        var view = View(node, 0);
        for (var i = 1; i < node.Inputs.Count; i++)
            _ = Constant(node, i);
        var slices = OnnxConstantFolding.SlicesOf(node, Constants(node), view.Shape)
            ?? throw new GraphException(name, $"cannot slice {Text(view)} that way");
        foreach (var (axis, (start, step, count)) in slices)
            view = Take(node, name, view, axis, start, step, count);
        return view;
    }

    private OnnxView Gather(OnnxNode node, string name)
    {
        var view = View(node, 0);
        // PyTorch's as_strided where it only changes the shape.
        if (view.Rank == 1
            && Constant(node, 1) is { Longs: { } all, Shape.Length: > 1 and <= 16 } order
            && all.Length == view.Shape[0] && all.Select((place, i) => place == i).All(same => same))
            return view.Reshaped(order.Shape) ?? throw Unsupported(node, $"{Text(view)} as [{string.Join(", ", order.Shape)}]");
        if (OnnxShapes.Axis(node.GetInt("axis", 0), view.Rank) is not { } axis
            || Constant(node, 1) is not { Longs: { Length: > 0 } indices, Shape.Length: <= 1 } wanted)
            throw Unsupported(node, $"indices that are not a constant list on {Text(view)}");
        var extent = view.Shape[axis];
        if (indices.Any(index => index < -extent || index >= extent))
            throw new GraphException(name, $"its indices are out of range for an extent of {extent}");
        int[] chosen = [.. indices.Select(index => (int)(index < 0 ? index + extent : index))];
        var step = chosen.Length > 1 ? chosen[1] - chosen[0] : 1;
        var isEven = chosen.Select((place, i) => place == chosen[0] + ((long)i * step)).All(even => even) && step != 0;
        var taken = isEven ? Take(node, name, view, axis, chosen[0], step, chosen.Length) : TakeChannels(node, name, view, axis, chosen);
        return wanted.Shape.Length == 0 ? taken.Without(axis) : taken;
    }

    private OnnxView Take(OnnxNode node, string name, OnnxView view, int axis, int start, int step, int count)
    {
        var extent = view.Shape[axis];
        if (start == 0 && step == 1 && count == extent)
            return view;
        if (count < 1)
            throw Unsupported(node, "an empty result");
        var shape = ShapeOf(view);
        if (view.Dimensions[axis].All(factor => factor.Axis == GraphAxis.Channel))
        {
            if (step == 1 && IsChannels(view, axis))
            {
                return view.With(axis, OnnxView.Whole(GraphAxis.Channel, count))
                    .WithNode(_graph.Add(name, new ChannelSlice(start, count), view.Node));
            }
            _folding.Spend(name, count);
            return TakeChannels(node, name, view, axis, [.. Enumerable.Range(0, count).Select(i => start + (i * step))]);
        }
        var rows = view.Is(axis, GraphAxis.Row, shape.Height);
        if (shape.IsVector || step < 1 || !(rows || view.Is(axis, GraphAxis.Column, shape.Width)))
            throw Unsupported(node, $"axis {axis} of {Text(view)}");
        var cut = new WindowAxis(1, step, -start, start + ((count - 1) * step) + 1 - extent);
        var all = new WindowAxis(1);
        var cropped = _graph.Add(name, new Crop(rows ? new Window(cut, all) : new Window(all, cut)), view.Node);
        return view.With(axis, OnnxView.Whole(rows ? GraphAxis.Row : GraphAxis.Column, count)).WithNode(cropped);
    }

    // Takes some positions of a dimension that counts channels or a part of them: selects those channels in the graph's order and
    // renumbers.
    private OnnxView TakeChannels(OnnxNode node, string name, OnnxView view, int axis, int[] chosen)
    {
        var shape = ShapeOf(view);
        if (!view.Dimensions[axis].All(factor => factor.Axis == GraphAxis.Channel))
            throw Unsupported(node, $"axis {axis} of {Text(view)}");
        var others = view.Dimensions.Where((_, i) => i != axis).SelectMany(factors => factors)
            .Where(factor => factor.Axis == GraphAxis.Channel).OrderByDescending(factor => factor.Step).ToList();
        var inner = others.Aggregate(1, (product, factor) => product * factor.Extent);
        _folding.Spend(name, (long)chosen.Length * inner);
        var one = new OnnxView(view.Node, [view.Dimensions[axis]]).Places(shape with { Height = 1, Width = 1 }, ..)!;
        var rest = new OnnxView(view.Node, [others]).Places(shape with { Height = 1, Width = 1 }, ..)!;
        var gathered = _graph.Add(
            name, new ChannelGather([.. chosen.SelectMany(place => rest.Select(other => one[place] + other))]), view.Node);
        var steps = new Dictionary<AxisFactor, int>();
        foreach (var (factor, step) in others.Select(
            (factor, i) => (factor, others.Skip(i + 1).Aggregate(1, (product, next) => product * next.Extent))))
            steps[factor] = step;
        return new OnnxView(gathered, [.. view.Dimensions.Select((factors, i) => i == axis
            ? (IReadOnlyList<AxisFactor>)(chosen.Length == 1 ? [] : [new AxisFactor(GraphAxis.Channel, inner, chosen.Length)])
            : [.. factors.Select(factor => steps.TryGetValue(factor, out var step) ? factor with { Step = step } : factor)])]);
    }

    // The first pixels of all blocks, then the second ones, and so on, stacked as channels.
    private OnnxView SpaceToDepth(OnnxNode node, string name)
    {
        var x = AsMap(node, name, View(node, 0));
        var (block, shape) = (node.GetInt("blocksize", 0), _graph.Shape(x));
        if (block < 1 || block > 64 || shape.Height % block != 0 || shape.Width % block != 0)
            throw new GraphException(name, $"a map of {shape} does not divide into blocks of {block}");
        var parts = new List<int>();
        for (var y = 0; y < block; y++)
        {
            for (var column = 0; column < block; column++)
                parts.Add(_graph.Add(
                    $"{name}.part", new Crop(new Window(Part(y, (int)block, shape.Height), Part(column, (int)block, shape.Width))), x));
        }
        return Natural(_graph.Add(name, new Concat([.. parts.Select(_ => shape.Channels)]), [.. parts]));

        static WindowAxis Part(int start, int step, int extent) => new(1, step, -start, start - step + 1);
    }

    /// <summary>Returns a vector's node as a map of one position; returns a map's node unchanged.</summary>
    private int Widened(string name, OnnxView view) =>
        ShapeOf(view) is { IsVector: true } shape ? _graph.Add(name + ".map", new Unflatten(shape.Channels, 1, 1), view.Node) : view.Node;
}
