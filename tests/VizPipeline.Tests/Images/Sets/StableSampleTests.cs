using CsCheck;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images.Sets;

public class StableSampleTests
{
    [Fact]
    public void A_sample_has_the_images_with_the_smallest_hashes()
    {
        Gen.Select(Gen.Int[1, 300], Gen.Int[0, 300]).Sample(
            (count, size) => Assert.Equal(
                Enumerable.Range(0, count).OrderBy(Hash).ThenBy(image => image).Take(size).Order(), StableSample.Select(count, size)),
            iter: 100);
    }

    [Fact]
    public void When_a_set_grows_only_new_images_come_into_the_sample()
    {
        Gen.Select(Gen.Int[1, 300], Gen.Int[0, 300], Gen.Int[0, 200]).Sample((count, added, size) =>
        {
            var before = StableSample.Select(count, size);
            Assert.All(
                StableSample.Select(count + added, size), image => Assert.True(image >= count || before.Contains(image)));
        }, iter: 100);
    }

    // SplitMix64 with its finalizer applied to the index, then its first number, as 53 bits (docs/methods.md, section 5).
    private static ulong Hash(int image) => Mix(unchecked(Mix((uint)image) + 0x9E3779B97F4A7C15)) >> 11;

    private static ulong Mix(ulong z)
    {
        z = unchecked((z ^ (z >> 30)) * 13787848793156543929UL);
        z = unchecked((z ^ (z >> 27)) * 10723151780598845931UL);
        return z ^ (z >> 31);
    }
}
