using TorchSharp;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;

namespace VizPipeline.Tests.Network.Operators;

/// <summary>Slopes against differences in double precision, from what the way back has: the input or the output.</summary>
public class NonlinearityTests
{
    private static Nonlinearity[] All =>
    [
        .. ModernNetworks.Functions(new Random(1), 4, "all"), new LeakyRelu(-0.4), new Power(3), new Power(0.5), new Power(-1),
        new Absolute(), new Exponential(), new Logarithm(), new ErrorFunction(),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, All.Length)];

    [Theory, MemberData(nameof(Numbers))]
    public void Slope_equals_the_difference(int number)
    {
        TorchRuntime.Start();
        var function = All[number];
        using var scope = torch.NewDisposeScope();
        // Four channels; away from kinks, and where logarithms and roots are defined.
        double[] places = function is Logarithm or Power
            ? [0.13, 0.41, 1.27, 2.9]
            : [-4.1, -2.3, -0.71, -0.23, 0.071, 0.33, 0.93, 2.7, 3.7];
        var input = torch.tensor([.. places.SelectMany(place => Enumerable.Repeat(place, 4))], [places.Length, 4, 1, 1]);
        const double Step = 1e-5;
        var difference = (function.Evaluate(input + Step) - function.Evaluate(input - Step)) / (2 * Step);
        var (before, after) = function.SlopeNeedsInput ? (input, torch.full_like(input, double.NaN)) : (torch.full_like(
            input, double.NaN), function.Evaluate(input));
        var slope = function.Slope(before, after).to(torch.float64);
        Assert.InRange((slope - difference).abs().max().item<double>(), 0, 1e-6);
    }

    [Theory, MemberData(nameof(Numbers))]
    public void Leaves_its_input_as_it_is(int number)
    {
        TorchRuntime.Start();
        using var input = torch.linspace(-3, 3, 28).reshape(7, 4, 1, 1);
        using var copy = input.clone();
        All[number].Evaluate(input).Dispose();
        Assert.Equal(copy.ToArray(), input.ToArray());
    }
}
