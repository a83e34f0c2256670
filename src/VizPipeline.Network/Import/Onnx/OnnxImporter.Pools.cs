using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Pools, reductions, padding and resizing.</summary>
internal sealed partial class OnnxImporter
{
    private const int MostBranches = 32;

    private OnnxView Pool(OnnxNode node, string name)
    {
        var x = AsMap(node, name, View(node, 0));
        var window = OnnxWindows.Pool(node, name, _graph.Shape(x));
        Operator pool = node.OpType switch
        {
            "MaxPool" => new MaxPool(window),
            "LpPool" => new LpPool(window, Power(node)),
            _ => new AveragePool(window, node.GetInt("count_include_pad", 0) != 0),
        };
        return Natural(_graph.Add(name, pool, x));
    }

    private static long Power(OnnxNode node) =>
        node.GetInt("p", 2) is var power and >= 1 and <= 64 ? power : throw Unsupported(node, $"p {node.GetInt("p", 2)}");

    private OnnxView GlobalPool(OnnxNode node, string name)
    {
        var view = View(node, 0);
        if (view.Rank < 3)
            throw Unsupported(node, Text(view));
        return Reduced(node, name, view, [.. Enumerable.Range(2, view.Rank - 2)], keep: true);
    }

    private OnnxView Reduce(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var named = node.GetInts("axes") ?? Constant(node, 1)?.Longs ?? [];
        if (named.Count == 0)
            return node.GetInt("noop_with_empty_axes", 0) != 0 ? view : throw Unsupported(node, "all axes, including the batch");
        var axes = OnnxShapes.Axes(named, view.Rank)
            ?? throw new GraphException(name, $"the axes [{string.Join(", ", named)}] do not exist in its input");
        return Reduced(node, name, view, axes, node.GetInt("keepdims", 1) != 0);
    }

    private OnnxView Reduced(OnnxNode node, string name, OnnxView view, int[] axes, bool keep)
    {
        var (shape, gone) = (ShapeOf(view), axes.SelectMany(axis => view.Dimensions[axis]).ToList());
        if (gone.Any(factor => factor.Axis == GraphAxis.Batch))
            throw Unsupported(node, $"axes [{string.Join(", ", axes)}] of {Text(view)}, which include the batch");
        var (channels, rows, columns) = (Covers(GraphAxis.Channel, shape.Channels), Covers(GraphAxis.Row, shape.Height),
            Covers(GraphAxis.Column, shape.Width));
        if (channels is null && rows is false && columns is false && axes.Length == 1)
            return ReducedPart(node, name, view, axes[0], keep);
        if (channels is null || rows is null || columns is null)
            throw Unsupported(node, $"axes [{string.Join(", ", axes)}] of {Text(view)}, which are parts of axes");
        var at = view.Node;
        // The norm of a single number is its absolute value, not the number itself.
        var isNorm = node.OpType is "ReduceL1" or "ReduceL2" or "GlobalLpPool";
        if (rows.Value || columns.Value || (isNorm && !channels.Value))
            at = _graph.Add(name, OverMap(node, name, shape, rows.Value || shape.Height == 1, columns.Value || shape.Width == 1), at);
        if (node.OpType is "ReduceSum" && (rows.Value || columns.Value))
            at = _graph.Add(
                name + ".sum", Uniform(name, view, (double)(rows.Value ? shape.Height : 1) * (columns.Value ? shape.Width : 1), 0), at);
        if (channels.Value)
            at = _graph.Add(rows.Value || columns.Value ? name + ".channels" : name, OverChannels(node), at);
        return view with
        {
            Node = at,
            Dimensions = [.. view.Dimensions.Select((factors, i) => axes.Contains(i) ? [] : factors)
                .Where((_, i) => keep || !axes.Contains(i))],
        };

        // Whether the reduction covers an axis completely; null if it covers a part of it.
        bool? Covers(GraphAxis axis, int extent)
        {
            var taken = gone.Where(factor => factor.Axis == axis).Aggregate(1, (product, factor) => product * factor.Extent);
            return taken == 1 ? false : taken == extent ? true : null;
        }
    }

    // Reduces over a part of the channels, as split attention sums its branches: each position of the dimension is one value.
    private OnnxView ReducedPart(OnnxNode node, string name, OnnxView view, int axis, bool keep)
    {
        var count = view.Shape[axis];
        if (count > MostBranches || node.OpType is not ("ReduceSum" or "ReduceMean" or "ReduceMax"))
            throw Unsupported(node, $"axis {axis} of {Text(view)}");
        OnnxView[] parts = [.. Enumerable.Range(0, count).Select(i => TakeChannels(node, $"{name}.part", view, axis, [i]))];
        var result = parts[0];
        if (node.OpType == "ReduceMax")
            result = parts.Skip(1)
                .Aggregate(result, (most, part) => most.WithNode(_graph.Add(name, new Extremum(Largest: true), most.Node, part.Node)));
        else
            result = result.WithNode(_graph.Add(name, new Add(), [.. parts.Select(part => part.Node)]));
        if (node.OpType == "ReduceMean")
            result = result.WithNode(_graph.Add(name + ".mean", Uniform(name, result, 1.0 / count, 0), result.Node));
        return keep ? result : result.Without(axis);
    }

    private static Operator OverMap(OnnxNode node, string name, Shape shape, bool rows, bool columns)
    {
        if (rows && columns)
        {
            return node.OpType switch
            {
                "GlobalMaxPool" or "ReduceMax" => new GlobalMaxPool(),
                "GlobalLpPool" => new GlobalLpPool(Power(node)),
                "ReduceL2" => new GlobalLpPool(2),
                "ReduceL1" => new GlobalLpPool(1),
                _ => new GlobalAveragePool(),
            };
        }
        var window = new Window(new WindowAxis(rows ? shape.Height : 1), new WindowAxis(columns ? shape.Width : 1));
        return node.OpType switch
        {
            "GlobalMaxPool" or "ReduceMax" => new MaxPool(window),
            "ReduceL2" => new LpPool(window, 2),
            "ReduceL1" => new LpPool(window, 1),
            _ => new AveragePool(window, false),
        };
    }

    private static ChannelReduction OverChannels(OnnxNode node) => new(node.OpType switch
    {
        "ReduceMax" => ChannelReductionKind.Max,
        "ReduceMean" => ChannelReductionKind.Mean,
        "ReduceSum" => ChannelReductionKind.Sum,
        _ => throw Unsupported(node, "channels"),
    });

    private OnnxView Pad(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var pads = node.GetInts("pads") ?? Constant(node, 1)?.Longs ?? throw new GraphException(name, "Pad lacks its pads");
        var (value, mode) = (Number(node, 2) ?? node.GetFloat("value", 0), node.GetText("mode", "constant"));
        int[]? axes = Constant(node, 3)?.Longs is { } named ? OnnxShapes.Axes(named, view.Rank) : [.. Enumerable.Range(0, view.Rank)];
        if (axes is null || pads.Count != 2 * axes.Length || pads.Any(pad => Math.Abs(Math.Max(pad, -int.MaxValue)) > 1 << 20))
            throw new GraphException(name, $"pads [{string.Join(", ", pads)}] do not match {Text(view)}");
        for (var i = 0; i < axes.Length; i++)
            view = Padded(node, name, view, axes[i], (int)pads[i], (int)pads[i + axes.Length], mode, value);
        return view;
    }

    private OnnxView Padded(OnnxNode node, string name, OnnxView view, int axis, int before, int after, string mode, double value)
    {
        if (before == 0 && after == 0)
            return view;
        var shape = ShapeOf(view);
        if (IsChannels(view, axis) && mode == "constant" && before >= 0 && after >= 0 && value == 0)
        {
            return view.With(axis, OnnxView.Whole(GraphAxis.Channel, shape.Channels + before + after))
                .WithNode(_graph.Add(name, new ChannelPad(before, after), view.Node));
        }
        var rows = !shape.IsVector && view.Is(axis, GraphAxis.Row, shape.Height) && !(shape.Height == 1 && axis != view.Rank - 2);
        if (shape.IsVector || !(rows || view.Is(axis, GraphAxis.Column, shape.Width)))
            throw Unsupported(node, $"padding along axis {axis} of {Text(view)}");
        var extent = rows ? shape.Height : shape.Width;
        var (cut, grown) = (new WindowAxis(
            1, 1, Math.Min(0, before), Math.Min(0, after)), new WindowAxis(1, 1, Math.Max(0, before), Math.Max(0, after)));
        var at = view.Node;
        if (before < 0 || after < 0)
            at = _graph.Add(name, new Crop(Along(cut)), at);
        if (before > 0 || after > 0)
        {
            at = _graph.Add(name, mode switch
            {
                "constant" => new ConstantPad(Along(grown), (float)value),
                "reflect" => new MirrorPad(Along(grown), IsEdge: false),
                "edge" => new MirrorPad(Along(grown), IsEdge: true),
                _ => throw Unsupported(node, $"mode {mode}"),
            }, at);
        }
        return view.With(axis, OnnxView.Whole(rows ? GraphAxis.Row : GraphAxis.Column, extent + before + after)).WithNode(at);

        Window Along(WindowAxis along) => rows ? new Window(along, new WindowAxis(1)) : new Window(new WindowAxis(1), along);
    }

    private OnnxView Resize(OnnxNode node, string name)
    {
        var view = View(node, 0);
        var shape = ShapeOf(view);
        if (view.Rank != 4 || shape.IsVector)
            throw Unsupported(node, Text(view));
        var scaling = OnnxResize.Read(
            node, Opset, [.. view.Dimensions.Select(factors => factors is [{ Axis: GraphAxis.Batch }] ? _batch : OnnxView.Extent(factors))],
            i => Constant(node, i));
        var at = view.Node;
        for (var axis = 0; axis < view.Rank; axis++)
        {
            if (scaling[axis] is not { } scaled)
                continue;
            var rows = view.Is(axis, GraphAxis.Row, shape.Height) && !(shape.Height == 1 && axis == view.Rank - 1);
            if (!rows && !view.Is(axis, GraphAxis.Column, shape.Width))
                throw Unsupported(node, $"axis {axis} of {Text(view)}; only rows and columns can be resized");
            var matrix = OnnxResize.Matrix(node, scaled, amount => _folding.Spend(name, amount));
            at = _graph.Add(name, rows ? new Resample(matrix, null) : new Resample(null, matrix), at);
            view = view.With(axis, OnnxView.Whole(rows ? GraphAxis.Row : GraphAxis.Column, matrix.Shape[0]));
        }
        return view.WithNode(at);
    }
}
