using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Atlas.Web.Data;

public sealed class ActivationShareTests
{
    [Theory]
    [InlineData(10_000, 0.5, 0)]
    [InlineData(10_000, 1, 0)]
    [InlineData(10_000, 1.5, 50)]
    [InlineData(10_000, 3.5, 99)]
    [InlineData(10_000, 4.5, 99.9)]
    [InlineData(10_000, 5.5, 100)]
    // Of 100 images, one can be above 99 % of them, but none above 99.9 %.
    [InlineData(100, 4.5, 99)]
    [InlineData(9, 4.5, 50)]
    [InlineData(1, 4.5, 0)]
    public void It_is_no_more_than_the_images_can_tell(int images, double activation, double share) =>
        Assert.Equal(share, ActivationShare.Below(new Neuron
        {
            Images = images,
            Q50 = 1,
            Q90 = 2,
            Q99 = 3,
            Q999 = 4,
            Max = 5,
        }, activation));

    [Fact]
    public void A_neuron_that_saturates_is_above_nothing_at_its_largest_value() =>
        Assert.Equal(0, ActivationShare.Below(new Neuron { Images = 10_000, Q50 = 6, Q90 = 6, Q99 = 6, Q999 = 6, Max = 6 }, 6));
}
