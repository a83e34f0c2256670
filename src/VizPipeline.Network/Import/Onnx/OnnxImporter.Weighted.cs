using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Onnx;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;

namespace VizPipeline.Network.Import.Onnx;

/// <summary>Convolutions and matrix products.</summary>
internal sealed partial class OnnxImporter
{
    private OnnxView Conv(OnnxNode node, string name)
    {
        var x = AsMap(node, name, View(node, 0));
        return Natural(_graph.Add(name, OnnxWindows.Convolution(node, name, _graph.Shape(x), Weight(node, 1), OptionalWeight(node, 2)), x));
    }

    // ONNX Runtime's optimiser joins a convolution with its nonlinearity, and with a sum before that.
    private OnnxView FusedConv(OnnxNode node, string name)
    {
        var parameters = node.GetFloats("activation_params") ?? [];
        float At(int index, float otherwise) => index < parameters.Count ? parameters[index] : otherwise;
        Operator? function = node.GetText("activation", "") switch
        {
            "" => null,
            "Relu" => new Relu(),
            "LeakyRelu" => new LeakyRelu(At(0, 0.01f)),
            "Sigmoid" => new Sigmoid(),
            "Tanh" => new Tanh(),
            "HardSigmoid" => new HardSigmoid(At(0, 0.2f), At(1, 0.5f)),
            "Clip" => new Clip(At(0, float.MinValue), At(1, float.MaxValue)),
            var other => throw Unsupported(node, $"activation {other}"),
        };
        var view = Conv(node, name);
        if (IsGiven(node, 3))
            view = view.WithNode(_graph.Add(name + ".sum", new Add(), view.Node, AsMap(node, name, View(node, 3))));
        return function is null ? view : view.WithNode(_graph.Add(name + ".activation", function, view.Node));
    }

    private OnnxView ConvTranspose(OnnxNode node, string name)
    {
        var x = AsMap(node, name, View(node, 0));
        return Natural(
            _graph.Add(name, OnnxWindows.ConvolutionTranspose(node, name, _graph.Shape(x), Weight(node, 1), OptionalWeight(node, 2)), x));
    }

    private OnnxView Gemm(OnnxNode node, string name)
    {
        if (node.GetInt("transA", 0) != 0)
            throw Unsupported(node, "transA");
        var weight = Matrix(Weight(node, 1), name);
        if (node.GetInt("transB", 0) == 0)
            weight = Transposed(weight, name);
        var (alpha, beta, bias, outputs) = (node.GetFloat("alpha", 1), node.GetFloat("beta", 1), OptionalWeight(node, 2), weight.Shape[0]);
        if (bias is { Count: 1 } && outputs > 1)
            bias = new FloatTensor(bias.Name, [outputs], [.. Enumerable.Repeat(bias.Values[0], outputs)]);
        else if (bias is not null
            && (bias.Count != outputs || bias.Shape.Length > 2 || (bias.Shape.Length > 0 && bias.Shape[^1] != outputs)))
            throw Unsupported(node, $"a bias of shape [{string.Join(", ", bias.Shape)}] for {outputs} outputs");
        var view = View(node, 0);
        if (view.Rank != 2 && view.StartsWithBatch)
            view = view.Reshaped([1, view.Shape.Aggregate(1, (product, extent) => product * extent)])!;
        return Linear(node, name, view, Times(weight, alpha), bias is null ? null : Times(bias.With(shape: [outputs]), beta));
    }

    private OnnxView MatMul(OnnxNode node, string name)
    {
        var (view, weight) = (View(node, 0), Weight(node, 1));
        while (weight.Shape is [1, _, _, ..])
            weight = weight.With(shape: weight.Shape[1..]);
        weight = Transposed(Matrix(weight, name), name);
        if (view.Rank == 2)
            return Linear(node, name, view, weight, null);
        var shape = ShapeOf(view);
        var last = view.Rank - 1;
        if (view.Rank < 2 || !view.Dimensions[last].All(factor => factor.Axis == GraphAxis.Channel) || view.Shape[last] != shape.Channels)
            throw Unsupported(node, $"{Text(view)}; the last dimension must be the channels");
        if (weight.Shape[1] != shape.Channels)
            throw new GraphException(name, $"the weight '{weight.Name}' is for {weight.Shape[1]} inputs but gets {shape.Channels}");
        // A fully connected layer at each position of a map is a 1x1 convolution.
        weight = InOrder(name, weight, view, last..view.Rank);
        var outputs = weight.Shape[0];
        var product = shape.IsVector
            ? _graph.Add(name, new Linear(weight, null), view.Node)
            : _graph.Add(name, new Convolution(weight.With(shape: [outputs, shape.Channels, 1, 1]), null, Window.Square(1)), view.Node);
        return view.With(last, OnnxView.Whole(GraphAxis.Channel, outputs)).WithNode(product);
    }

    private OnnxView Linear(OnnxNode node, string name, OnnxView view, FloatTensor weight, FloatTensor? bias)
    {
        if (view.Rank != 2 || !view.StartsWithBatch)
            throw Unsupported(node, $"a value of {Text(view)}; it must be a batch of vectors");
        var shape = ShapeOf(view);
        if (weight.Shape[1] != shape.Count)
        {
            throw new GraphException(
                name,
                $"the weight '{weight.Name}' is for {weight.Shape[1]} inputs but gets {shape.Count}; does --input-size match the network?");
        }
        weight = InOrder(name, weight, view, 1..2);
        var x = shape.IsVector ? view.Node : _graph.Add(name + ".flatten", new Flatten(), view.Node);
        return Natural(_graph.Add(name, new Linear(weight, bias), x));
    }

    /// <summary>Returns the weight [outputs, inputs] with its inputs reordered from the view's order to the graph's.</summary>
    private FloatTensor InOrder(string name, FloatTensor weight, OnnxView view, Range dimensions)
    {
        var (shape, inputs) = (ShapeOf(view), weight.Shape[1]);
        _folding.Spend(name, inputs);
        var places = dimensions.GetOffsetAndLength(view.Rank).Length == 1 && view.Rank > 2
            ? view.Places(shape with { Height = 1, Width = 1 }, dimensions) : view.Places(shape, dimensions);
        if (places is null || places.Length != inputs)
            throw new OperatorNotSupportedException(name, "MatMul", $"a value of {Text(view)}");
        if (IsOrdered(places))
            return weight;
        _folding.Spend(name, weight.Count);
        var values = new float[weight.Count];
        for (var o = 0; o < weight.Shape[0]; o++)
        {
            for (var i = 0; i < inputs; i++)
                values[(o * inputs) + places[i]] = weight.Values[(o * inputs) + i];
        }
        return new FloatTensor(weight.Name, weight.Shape, values);
    }

    private static FloatTensor Matrix(FloatTensor weight, string name) => weight.Shape is [>= 1, >= 1]
        ? weight : throw new GraphException(
            name, $"the weight '{weight.Name}' has shape [{string.Join(", ", weight.Shape)}]; it must be a matrix");

    private static FloatTensor Times(FloatTensor tensor, float factor) =>
        factor == 1 ? tensor : new FloatTensor(tensor.Name, tensor.Shape, [.. tensor.Values.Select(value => value * factor)]);

    private FloatTensor Transposed(FloatTensor weight, string name)
    {
        _folding.Spend(name, weight.Count);
        var (inputs, outputs) = (weight.Shape[0], weight.Shape[1]);
        var turned = new float[weight.Values.Length];
        for (var i = 0; i < inputs; i++)
        {
            for (var o = 0; o < outputs; o++)
                turned[(o * inputs) + i] = weight.Values[(i * outputs) + o];
        }
        return new FloatTensor(weight.Name, [outputs, inputs], turned);
    }
}
