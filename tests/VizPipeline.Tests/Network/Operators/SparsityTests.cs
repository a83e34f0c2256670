using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Network.Operators;

/// <summary>The activations of dictionaries against their definitions, and their margins.</summary>
public class SparsityTests
{
    [Theory]
    [InlineData(1), InlineData(3), InlineData(8)]
    public void TopK_keeps_the_largest_that_are_positive(int count)
    {
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        var (values, function) = (Values(), new TopChannels(count));
        Check(values, function, column =>
        {
            var least = Math.Max(0, column.OrderDescending().ElementAt(count - 1));
            return [.. column.Select(value => (Math.Max(0, value >= least ? value : 0), value - least))];
        });
    }

    [Fact]
    public void JumpRelu_keeps_what_is_above_its_threshold_and_above_0()
    {
        TorchRuntime.Start();
        using var scope = torch.NewDisposeScope();
        float[] thresholds = [0.2f, -0.3f, 0, 0.5f, 0.1f, 0, 0.7f, -1];
        Check(Values(), new JumpRelu(new FloatTensor("theta", [8], thresholds)), column => [.. column.Select((value, i) => (
            value > thresholds[i] ? Math.Max(0, value) : 0, value - Math.Max(0, thresholds[i])))]);
    }

    private static torch.Tensor Values()
    {
        var random = new Random(1);
        return torch.tensor(Enumerable.Range(0, 2 * 8 * 15).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray(), [2, 8, 3, 5]);
    }

    private static void Check(torch.Tensor values, Nonlinearity function, Func<double[], (double Value, double Margin)[]> expected)
    {
        foreach (var input in (torch.Tensor[])[values, values.flatten(2).transpose(1, 2).reshape(-1, 8)])
        {
            var (output, margin) = (function.Evaluate(input), function.Margin(input));
            var slope = function.Slope(input, output).to(torch.float32).ToArray();
            var area = input.dim() == 4 ? 15 : 1;
            var (inputs, outputs, margins) = (input.ToArray(), output.ToArray(), margin.ToArray());
            for (var n = 0; n < input.shape[0]; n++)
            {
                for (var place = 0; place < area; place++)
                {
                    int[] places = [.. Enumerable.Range(0, 8).Select(c => (((n * 8) + c) * area) + place)];
                    var wanted = expected([.. places.Select(i => (double)inputs[i])]);
                    for (var c = 0; c < 8; c++)
                    {
                        Assert.Equal(wanted[c].Value, outputs[places[c]], 1e-6);
                        Assert.Equal(wanted[c].Margin, margins[places[c]], 1e-6);
                        Assert.Equal(wanted[c].Value > 0 ? 1 : 0, slope[places[c]]);
                        // Negative exactly where the function gives 0 to what could be more.
                        Assert.False(margins[places[c]] < 0 && outputs[places[c]] > 0);
                    }
                }
            }
        }
    }
}
