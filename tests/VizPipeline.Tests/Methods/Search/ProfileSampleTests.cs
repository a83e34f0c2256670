using CsCheck;
using VizPipeline.Methods.Search;

namespace VizPipeline.Tests.Methods.Search;

public class ProfileSampleTests
{
    private static readonly Gen<int> Counts = Gen.OneOf(Gen.Int[0, 3_000], Gen.Int[0, 2_000_000], Gen.Const(int.MaxValue));

    [Fact]
    public void A_sample_is_ascending_and_as_large_as_the_set_allows() => Counts.Sample(count =>
    {
        var sample = ProfileSample.Select(count);
        Assert.Equal(Math.Min(count, ProfileSample.Images), sample.Length);
        Assert.Equal(sample.Distinct().Order(), sample);
        Assert.All(sample, image => Assert.InRange(image, 0, count - 1));
    });

    [Fact]
    public void An_image_alone_tells_whether_it_is_taken() => Gen.Int[0, 3_000].Sample(count =>
        Assert.Equal(ProfileSample.Select(count), Enumerable.Range(-1, count + 2).Where(image => ProfileSample.Has(image, count))),
        iter: 50);

    [Fact]
    public void Images_of_the_largest_set_are_told_apart()
        => Assert.All(ProfileSample.Select(int.MaxValue), image => Assert.Equal(
            (true, false), (ProfileSample.Has(image, int.MaxValue), ProfileSample.Has(image + 1, int.MaxValue))));
}
