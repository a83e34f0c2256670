using System.Diagnostics;
using TorchSharp;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;

namespace VizPipeline.Tests.Network.Import.Onnx;

/// <summary>Models that make no sense, or too much of it, end in one line; nothing allocates by their word or aborts the process.</summary>
public class OnnxRefusalTests
{
    private const int Huge = int.MaxValue;

    // More, for a long search: VIZ_ONNX_DAMAGES.
    private static readonly int Damages = int.TryParse(
        Environment.GetEnvironmentVariable("VIZ_ONNX_DAMAGES"), out var tries) ? tries : 2000;

    private static readonly Dictionary<string, OnnxCases.Case> Wrong = new()
    {
        ["a kernel beyond its span"] = m => m.Add(
            "MaxPool", [X(m)], ("kernel_shape", new[] { 1 << 20, 1 << 20 }), ("dilations", new[] { 1 << 20, 1 << 20 })),
        ["huge borders of a pool"] = m => m.Add(
            "AveragePool", [X(m)], ("kernel_shape", new[] { 1 << 19, 1 << 19 }), ("pads", new[] { 1 << 19, 1 << 19, 1 << 19, 1 << 19 })),
        ["huge borders"] = m => m.Add("Pad", [X(m), m.Longs(0, 0, 1 << 20, 1 << 20, 0, 0, 1 << 20, 1 << 20)]),
        ["borders beyond all numbers"] = m => m.Add("Pad", [X(m), m.Longs(0, 0, long.MinValue, 1, 0, 0, long.MaxValue, 1)]),
        ["a mirror farther than the map"] = m => m.Add("Pad", [X(m), m.Longs(0, 0, 8, 0, 0, 0, 0, 0)], ("mode", "reflect")),
        ["cutting off everything"] = m => m.Add("Pad", [X(m), m.Longs(0, 0, -4, 0, 0, 0, -4, 0)]),
        ["stride zero"] = m => m.Add("Conv", [X(m), m.Weight(2, 4, 3, 3)], ("strides", new[] { 0, 1 }), ("auto_pad", "SAME_UPPER")),
        ["no groups"] = m => m.Add("Conv", [X(m), m.Weight(2, 4, 3, 3)], ("group", 0)),
        ["groups that do not divide"] = m => m.Add("Conv", [X(m), m.Weight(3, 2, 3, 3)], ("group", 2)),
        ["a transposed convolution of a huge stride"] = m => m.Add(
            "ConvTranspose", [X(m), m.Weight(4, 2, 3, 3)], ("strides", new[] { 1 << 20, 1 << 20 })),
        ["a transposed convolution to a huge map"] = m => m.Add(
            "ConvTranspose", [X(m), m.Weight(4, 2, 3, 3)], ("output_shape", new[] { 1 << 20, 1 << 20 })),
        ["more cut off than there is"] = m => m.Add("ConvTranspose", [X(m), m.Weight(4, 2, 1, 1)], ("pads", new[] { 4, 0, 4, 0 })),
        ["axes that are none"] = m => m.Add("ReduceMean", [X(m)], ("axes", new[] { 2, 9 })),
        ["an axis twice"] = m => m.Add("ReduceMean", [X(m)], ("axes", new[] { 2, -2 })),
        ["the batch"] = m => m.Add("ReduceMean", [X(m)], ("axes", new[] { 0 })),
        ["a transposition of other dimensions"] = m => m.Add("Transpose", [X(m)], ("perm", new[] { 0, 1, 1, 2 })),
        ["rows as channels"] = m => m.Conv(m.Add("Transpose", [X(m)], ("perm", new[] { 0, 1, 2 })), 8, 2),
        ["a reshape to more"] = m => m.Add("Reshape", [X(m), m.Longs(-1, Huge)]),
        ["a reshape beyond all numbers"] = m => m.Add("Reshape", [X(m), m.Longs(long.MaxValue, 2, 3)]),
        ["a reshape of two open extents"] = m => m.Add("Reshape", [X(m), m.Longs(-1, -1)]),
        ["parts that do not add up"] = m => m.AddTo("", "Split", [X(m), m.Longs(1, 2)], 2, ("axis", 1))[0],
        ["parts beyond all numbers"] = m => m.AddTo("", "Split", [X(m), m.Longs(long.MaxValue, long.MaxValue)], 2, ("axis", 1))[0],
        ["a slice of nothing"] = m => m.Add("Slice", [X(m), m.Longs(2), m.Longs(2), m.Longs(1)]),
        ["a slice of step zero"] = m => m.Add("Slice", [X(m), m.Longs(0), m.Longs(2), m.Longs(1), m.Longs(0)]),
        ["channels that are not there"] = m => m.Add("Gather", [X(m), m.Longs(0, 4)], ("axis", 1)),
        ["a resize to a huge map"] = m => m.Add("Resize", [X(m), "", m.Floats([1, 1, 1e9f, 1e9f], 4)]),
        ["a resize by no number"] = m => m.Add("Resize", [X(m), "", m.Floats([1, 1, float.NaN, 2], 4)]),
        ["many huge resizes"] = m => Enumerable.Range(0, 50)
            .Aggregate(X(m), (x, i) => m.Add("Resize", [x, "", "", m.Longs(1, 4, i % 2 == 0 ? 20000 : 8, 8)])),
        ["a normalisation over huge neighbourhoods"] = m => m.Add("LRN", [X(m)], ("size", Huge)),
        ["an even neighbourhood"] = m => m.Add("LRN", [X(m)], ("size", 4)),
        ["a negative epsilon"] = m => m.Add("InstanceNormalization", [X(m), m.Weight(4), m.Weight(4)], ("epsilon", -1f)),
        ["groups of a normalisation that do not divide"] = m => m.Add(
            "GroupNormalization", [X(m), m.Weight(4), m.Weight(4)], ("num_groups", 3)),
        ["a norm of power zero"] = m => m.Add("LpPool", [X(m)], ("kernel_shape", new[] { 2, 2 }), ("p", 0)),
        ["slopes of other channels"] = m => m.Add("PRelu", [X(m), m.Weight(3, 1, 1)]),
        ["maps that do not match"] = m => m.Add("Mul", [X(m), m.Conv(OnnxModel.Input, 3, 4, 2)]),
        ["a constant per pixel"] = m => m.Add("Add", [X(m), m.Weight(1, 4, 8, 8)]),
        ["a bias of other units"] = m => m.Add("Gemm", [m.Add("Flatten", [X(m)]), m.Weight(4 * 64, 3), m.Weight(4)]),
        ["a matrix of other inputs"] = m => m.Add("MatMul", [m.Add("Flatten", [X(m)]), m.Weight(4 * 63, 3)]),
        ["a constant as large as asked for"] = m => m.Add("Add", [X(m), m.Add("ConstantOfShape", [m.Longs(Huge, Huge, 4)])]),
        ["many large constants"] = m => m.Add("Add", [
            X(m),
            Enumerable.Range(0, 100).Select(_ => m.Add("ConstantOfShape", [m.Longs(4000000)]))
                .Aggregate((sum, next) => m.Add("Add", [sum, next]))]),
        ["an endless range"] = m => m.Add("Add", [X(m), m.Add("Range", [m.Number(0), m.Number(1e30), m.Number(1e-30)])]),
        ["a constant that is spread wide"] = m => m.Add("Add", [X(m), m.Add("Expand", [m.Weight(1), m.Longs(60000, 60000)])]),
        ["a constant that is repeated often"] = m => m.Add("Add", [X(m), m.Add("Tile", [m.Weight(4), m.Longs(1 << 20)])]),
        ["an outer product of constants"] = m => m.Add(
            "Add", [X(m), m.Add("Mul", [m.Add("ConstantOfShape", [m.Longs(100000, 1)]), m.Add("ConstantOfShape", [m.Longs(1, 100000)])])]),
        ["scales of another axis"] = m => m.Add(
            "Conv", [X(m), m.Add("DequantizeLinear", [m.Bytes(new sbyte[8], 2, 4, 1, 1), m.Weight(3)], ("axis", 0))]),
        ["no scale"] = m => m.Add("QuantizeLinear", [X(m), m.Number(0), m.Codes([0])]),
        ["codes that are floats"] = m => m.Add("QuantizeLinear", [X(m), m.Number(0.1)], ("output_dtype", 17)),
        ["codes of four bits"] = m => m.Add("QuantizeLinear", [X(m), m.Number(0.1)], ("output_dtype", 22)),
        ["a dropout in training"] = m => m.Add("Dropout", [X(m), m.Number(0.5), m.Add("Cast", [m.Longs(1)], ("to", 9))]),
        ["integer arithmetic"] = m => m.Add("MatMulInteger", [X(m), m.Bytes(new sbyte[8], 2, 4)]),
        ["an input that is missing"] = m => m.Add("Concat", [X(m), ""], ("axis", 1)),
        ["an attribute of another kind"] = m => m.Add("Concat", [X(m), X(m)], ("axis", "channels")),
        ["an activation that falls"] = m => m.Add("Elu", [X(m)], ("alpha", -1f)),
        ["limits in the wrong order"] = m => m.Add("Clip", [X(m), m.Floats([2]), m.Floats([1])]),
        ["a name of several lines"] = m => m.Add("Bell\a\nLine", [X(m)]),
        ["another domain"] = m => m.AddTo("org.example", "Relu", [X(m)], 1)[0],
        ["softmax over positions in the middle"] = m => m.Conv(m.Add("Softmax", [X(m)], ("axis", 3)), 4, 2),
    };

    public static TheoryData<string> Names => [.. Wrong.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Is_refused_in_one_line(string name)
    {
        var model = new OnnxModel(new Random(1), 18, 1, 3, 8, 8);
        var bytes = model.Write(Wrong[name](model));
        var (before, watch) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.StartNew());
        NetworkGraph? graph = null;
        var refusal = Record.Exception(() => graph = OnnxParity.Load(bytes));
        // Or what comes before is read, and a note says what is wrong.
        var text = graph is null ? refusal!.Message : Assert.Single(graph.Notes);
        if (graph is null)
            Assert.True(refusal is GraphException or ModelFormatException, $"{refusal}");
        else
            Assert.Matches("are left out: node '.+': operator '.+' is not supported", text);
        Assert.DoesNotContain('\n', text);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 512 << 20);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact]
    public void A_newer_operator_set_is_refused()
    {
        var model = new OnnxModel(new Random(1), 26, 1, 3, 8, 8);
        var bytes = model.Write(X(model));
        Assert.Contains(
            "uses operator set 26", Assert.Throws<ModelFormatException>(() => OnnxParity.Load(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_operators_than_any_network_has_are_refused()
    {
        var model = new OnnxModel(new Random(1), 18, 1, 1, 2, 2);
        var bytes = model.Write(
            Enumerable.Range(0, GraphBuilder.MaxNodes).Aggregate(model.Conv(OnnxModel.Input, 1, 1), (at, _) => model.Add("Relu", [at])));
        Assert.Contains("more than", Assert.Throws<GraphException>(() => OnnxParity.Load(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_chain_is_read_in_time_that_grows_with_it()
    {
        var model = new OnnxModel(new Random(1), 18, 1, 1, 2, 2);
        var x = Enumerable.Range(0, 20000).Aggregate(model.Conv(OnnxModel.Input, 1, 1), (at, i) => (i % 3) switch
        {
            0 => model.Add("Mul", [at, at]),
            1 => model.Add("Identity", [at]),
            _ => model.Add("Tanh", [at]),
        });
        var bytes = model.Write(x);
        var watch = Stopwatch.StartNew();
        OnnxParity.Load(bytes);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void Damaged_models_are_refused_or_run()
    {
        var (valid, ran) = (OnnxCases.All.Keys.Order().ToArray(), 0);
        for (var i = 0; i < Damages; i++)
        {
            var random = new Random(-i);
            NetworkGraph? graph = null;
            var model = new OnnxModel(new Random(i), 13 + (i % 9), 1, 3, 8, 9);
            var bytes = model.Write(OnnxCases.All[valid[i % valid.Length]](model));
            for (var times = random.Next(1, 4); times > 0; times--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : bytes[random.Next(
                    bytes.Length)] ^ (1 << random.Next(8)));
            try
            {
                graph = OnnxParity.Load(bytes);
                if (graph.Nodes.Sum(node => node.Shape.Count) > 1 << 18 || graph.InputShape != new Shape(3, 8, 9))
                    continue;
                using var runner = new NetworkRunner(graph);
                using var geometry = new PassGeometry(runner, RegionPlan.Whole(graph, graph.Output));
                using var pass = new Pass(geometry, (VizPipeline.Network.Operators.ReverseRule)(i % 3));
                using var mode = torch.inference_mode();
                using var images = torch.ones([1, 3, 8, 9]);
                pass.Reverse(pass.Forward(images).clone());
                ran++;
            }
            catch (Exception refusal) when (refusal is GraphException or ModelFormatException)
            {
                Assert.DoesNotContain('\n', refusal.Message);
            }
            catch (Exception failure)
            {
                Assert.Fail(
                    $"case {i}, {valid[i % valid.Length]}: "
                    + $"{string.Join(", ", graph?.Nodes.Select(node => node.Operator) ?? [])}: {failure}");
            }
        }
        Assert.InRange(ran, Damages / 6, Damages - 1);
    }

    private static string X(OnnxModel m) => m.Conv(OnnxModel.Input, 3, 4);
}
