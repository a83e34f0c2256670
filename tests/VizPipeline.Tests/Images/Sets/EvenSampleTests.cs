using CsCheck;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images.Sets;

public class EvenSampleTests
{
    [Fact]
    public void A_sample_is_ascending_evenly_spread_and_recognised()
    {
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300]).Sample((count, size) =>
        {
            var chosen = EvenSample.Select(count, size);
            Assert.Equal(Math.Min(count, size), chosen.Length);
            Assert.Equal(chosen.Distinct().Order(), chosen);
            Assert.Equal(chosen, Enumerable.Range(-2, count + 4).Where(image => EvenSample.Has(image, count, size)));
            var steps = chosen.Append(count).Zip(chosen.Skip(1).Append(count), (one, next) => next - one).SkipLast(1).ToList();
            Assert.True(steps.Count == 0 || steps.Max() - steps.Min() <= 1);
        });
    }
}
