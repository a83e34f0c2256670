using VizPipeline.Fuzz;
using VizPipeline.Fuzz.Targets;

namespace VizPipeline.Tests;

/// <summary>
/// A short run of the fuzzing program in this process: readers refuse damaged files as they document it, within bounds of memory.
/// </summary>
public sealed class FuzzTests
{
    private const int Seed = 20;

    public static TheoryData<string, int> Readers => new() { { "onnx", 4000 }, { "weights", 4000 }, { "images", 2500 } };

    [Theory]
    [MemberData(nameof(Readers))]
    public void Damaged_files_are_read_or_refused(string reader, int inputs)
    {
        FuzzTarget target = reader switch { "onnx" => new OnnxTarget(), "weights" => new WeightsTarget(), _ => new ImageTarget() };
        using var folder = new TemporaryFolder();
        var (outcomes, failures) = Campaign.Here(target, Seed, inputs, folder.Path);
        Assert.True(failures.Count == 0, string.Join("\n\n", failures.Take(3).Select(
            failure => $"input {failure.Index} of {failure.Name}: {failure.Problem}\n{Convert.ToBase64String(failure.Bytes)}")));
        // Else the damage would be too small, or too large, to mean anything.
        var refused = outcomes.Where(outcome => outcome.Key.EndsWith("Exception", StringComparison.Ordinal)).Sum(outcome => outcome.Value);
        Assert.InRange(refused, inputs * 0.3, inputs * 0.95);
    }

    [Theory]
    [InlineData("onnx")]
    [InlineData("weights")]
    [InlineData("images")]
    public void Inputs_follow_from_their_number(string reader)
    {
        FuzzTarget One() => reader switch { "onnx" => new OnnxTarget(), "weights" => new WeightsTarget(), _ => new ImageTarget() };
        var (first, second) = (One(), One());
        for (var index = 0; index < 50; index++)
            Assert.Equal(first.Input(Seed, index).Bytes, second.Input(Seed, index).Bytes);
        Assert.NotEqual(first.Input(Seed, 0).Bytes, first.Input(Seed + 1, 0).Bytes);
    }
}
