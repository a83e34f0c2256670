using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

/// <summary>Tests the outputs of a classifier as probabilities.</summary>
public sealed class OutputProbabilitiesTests
{
    [Fact]
    public void Outputs_become_probabilities_by_softmax_unless_they_are_some_already()
    {
        var shares = OutputProbabilities.From([1000, 1000 + MathF.Log(3), -1000]);
        Assert.Equal(0.25, shares[0], 1e-4);
        Assert.Equal(0.75, shares[1], 1e-4);
        Assert.Equal(0, shares[2]);
        Assert.Equal([0.25, 0.5, 0.25], OutputProbabilities.From([0.25f, 0.5f, 0.25f]));
        // Scores from 0 to 1 that do not add up to 1 are no probabilities.
        Assert.Equal([0.5, 0.5], OutputProbabilities.From([0.9f, 0.9f]));
    }
}
