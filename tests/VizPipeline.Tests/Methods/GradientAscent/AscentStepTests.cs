using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Tests.Network;

namespace VizPipeline.Tests.Methods.GradientAscent;

/// <summary>
/// The steps of docs/methods.md, section 3, against the same steps written out in plain double-precision loops, with the gradient of a
/// one-layer network known in closed form: objective = relu(sum of w * x + b), gradient = w.
/// </summary>
public class AscentStepTests
{
    private const int Side = 9;
    private static readonly float[] Mean = [100, 110, 120];
    private static readonly float[] Scale = [1 / 57f, 1 / 58f, 1 / 59f];

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Every_preset_takes_the_steps_of_the_reference(int preset)
    {
        var recipe = AscentPresets.Published(preset) with { Steps = 7 };
        // Rates made for CaffeNet would leave the 0-255 range at once here.
        recipe = recipe with { Rule = recipe.Rule is ConstantRate ? new ConstantRate(30) : new ProgressRate(40, 0.2) };
        var graph = OneLayer(out var weight, out var bias);
        using var runner = new NetworkRunner(graph);
        var run = new AscentRun(
            runner, graph.Layers[0], recipe, new PixelScale(Scale, [.. Mean.Select((mean, c) => -mean * Scale[c])], Mean));
        var result = run.Ascend([1], seed: 5, TestContext.Current.CancellationToken)[0];

        var (curve, best) = Reference(recipe, Start(graph, recipe), weight, bias);
        Assert.Equal(curve.Length, result.Curve.Length);
        for (var i = 0; i < curve.Length; i++)
            Assert.Equal(curve[i], result.Curve[i], 1e-3 * Math.Max(1, Math.Abs(curve[i])));
        for (var i = 0; i < best.Length; i++)
            Assert.Equal(best[i], result.Image[i], 0.02);
    }

    private static NetworkGraph OneLayer(out float[] weight, out float bias)
    {
        var random = new Random(3);
        var tensor = RandomNetworks.Weight(random, "conv.weight", 2, 3, Side, Side);
        var biases = RandomNetworks.Weight(random, "conv.bias", 2);
        var graph = new GraphBuilder(new Shape(3, Side, Side));
        var x = graph.Add("conv", new Convolution(tensor, biases, Window.Square(Side)), 0);
        (weight, bias) = (tensor.Values[(3 * Side * Side)..], biases.Values[1]);
        var network = graph.Build("one", graph.Add("relu", new Relu(), x));
        return network;
    }

    // The start image is part of the contract (seed and neuron decide it), so it is read from a run of a single step.
    private static double[] Start(NetworkGraph graph, AscentRecipe recipe)
    {
        using var runner = new NetworkRunner(graph);
        var first = new AscentRun(runner, graph.Layers[0], recipe with { Steps = 1 }, new PixelScale(
            Scale, [.. Mean.Select((mean, c) => -mean * Scale[c])], Mean));
        var image = first.Ascend([1], seed: 5, TestContext.Current.CancellationToken)[0].Image;
        return [.. image.Select((value, i) => (double)value - Mean[i / (Side * Side)])];
    }

    private static (double[] Curve, double[] Best) Reference(AscentRecipe recipe, double[] x, float[] weight, float bias)
    {
        var (curve, best, bestValue) = (new List<double>(), x, double.NegativeInfinity);
        var g = weight.Select((w, i) => (double)w * Scale[i / (Side * Side)]).ToArray();
        var norm2 = g.Sum(value => value * value);
        for (var step = 0; step < recipe.Steps; step++)
        {
            x = [.. x.Select((value, i) => Math.Clamp(value + Mean[i / (Side * Side)], 0, 255) - Mean[i / (Side * Side)])];
            // Before and after the rectifier are equal where it is open; where it is shut the value before it is climbed.
            var objective = x.Select((value, i) => value * g[i]).Sum() + bias;
            curve.Add(objective);
            if (objective > bestValue)
                (bestValue, best) = (objective, [.. x.Select((value, i) => value + Mean[i / (Side * Side)])]);
            var rate = recipe.Rule switch
            {
                ConstantRate constant => constant.Rate,
                ProgressRate progress => Math.Min(
                progress.Max, progress.Desired / norm2),
                _ => 0
            };
            x = [.. x.Select((value, i) => value + (rate * g[i]))];
            if (step < recipe.Steps - 1)
                x = Regularize(recipe, x, g, step);
        }
        return ([.. curve], best);
    }

    private static double[] Regularize(AscentRecipe recipe, double[] x, double[] g, int step)
    {
        foreach (var regularizer in recipe.Regularizers)
        {
            x = regularizer switch
            {
                L2Decay decay => [.. x.Select(value => value * (1 - decay.Decay))],
                Blur blur when step % blur.Every == 0 => GaussianFilter(x, blur.Sigma * Math.Min(1, Side / 11.0)),
                SmallNormClipping norm => Clip(
                    x, pixel => Math.Sqrt(Enumerable.Range(0, 3).Sum(c => Math.Pow(x[(c * Side * Side) + pixel], 2))), norm.Percentile),
                SmallContributionClipping part => Clip(x, pixel => Math.Abs(
                    Enumerable.Range(0, 3).Sum(c => g[(c * Side * Side) + pixel] * -x[(c * Side * Side) + pixel])), part.Percentile),
                _ => x,
            };
        }
        return x;
    }

    private static double[] Clip(double[] x, Func<int, double> measure, double percentile)
    {
        var values = Enumerable.Range(0, Side * Side).Select(measure).ToArray();
        var sorted = values.Order().ToArray();
        var at = percentile / 100 * (sorted.Length - 1);
        var level = sorted[(int)at] + ((sorted[Math.Min((int)at + 1, sorted.Length - 1)] - sorted[(int)at]) * (at - (int)at));
        return [.. x.Select((value, i) => values[i % (Side * Side)] < level - 1e-9 ? 0 : value)];
    }

    // Directly in two dimensions, with the border reflected pixel by pixel.
    private static double[] GaussianFilter(double[] x, double sigma)
    {
        var radius = (int)((4 * sigma) + 0.5);
        double Kernel(int d) => Math.Exp(-d * d / (2 * sigma * sigma));
        var total = Enumerable.Range(-radius, (2 * radius) + 1).Sum(Kernel);
        int Reflect(int i)
        {
            while (i < 0 || i >= Side)
                i = i < 0 ? -1 - i : (2 * Side) - 1 - i;
            return i;
        }
        var blurred = new double[x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            var (c, row, column) = (i / (Side * Side), i / Side % Side, i % Side);
            for (var dy = -radius; dy <= radius; dy++)
            {
                for (var dx = -radius; dx <= radius; dx++)
                    blurred[i] += Kernel(dy) * Kernel(dx) / (total * total) * x[(c * Side * Side) + (Reflect(row + dy) * Side) + Reflect(
                        column + dx)];
            }
        }
        return blurred;
    }
}
