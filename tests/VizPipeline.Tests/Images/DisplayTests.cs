using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class DisplayTests
{
    [Fact]
    public void A_signed_signal_has_grey_zero_and_its_largest_magnitude_at_the_end()
    {
        // 0.5 + s / max(2 * 2, 2 * 4): -4 -> 0, 0 -> 0.5, 2 -> 0.75.
        var image = SignedDisplay.Render([-4f, 0f, 2f], 3, 1);

        Assert.Equal([Rgb.Grey(0), Rgb.Grey(128), Rgb.Grey(191)], [image[0, 0], image[1, 0], image[2, 0]]);
    }

    [Fact]
    public void Colour_planes_become_the_channels()
    {
        var image = SignedDisplay.Render([1f, 0f, 0f, -1f, 0f, 0.5f], 2, 1);

        Assert.Equal([new Rgb(255, 128, 128), new Rgb(128, 0, 191)], [image[0, 0], image[1, 0]]);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-45f)]
    [InlineData(float.NaN)]
    public void A_signal_without_magnitude_is_no_accident(float value)
    {
        var level = SignedDisplay.Render([value, 0f], 2, 1)[1, 0];

        Assert.Equal(Rgb.Grey(128), level);
    }

    [Fact]
    public void Filters_share_one_scale()
    {
        var tiles = SignedDisplay.Filters([0.5f, -1f], 1, 1, 1);

        Assert.Equal([Rgb.Grey(191), Rgb.Grey(0)], tiles.Select(tile => tile[0, 0]));
    }

    [Fact]
    public void A_range_is_cut_at_its_ends()
    {
        var image = RangeDisplay.Render([-1f, 0f, 0.5f, 1f, 9f, float.NaN], 6, 1);

        Assert.Equal([0, 0, 128, 255, 255, 0], Enumerable.Range(0, 6).Select(x => (int)image[x, 0].R));
    }

    [Fact]
    public void Planes_that_do_not_fit_are_an_argument_error()
    {
        Assert.Throws<ArgumentException>(() => SignedDisplay.Render(new float[8], 2, 2));
        Assert.Throws<ArgumentException>(() => SignedDisplay.Filters(new float[8], 1, 1, 3));
        Assert.Throws<ArgumentException>(() => Colormap.Grey.Render(new float[3], 2, 2, 0, 1));
    }

    // Values of matplotlib.colormaps['viridis'](t).
    [Theory]
    [InlineData(0f, 68, 1, 84)]
    [InlineData(0.25f, 59, 82, 139)]
    [InlineData(0.5f, 33, 145, 140)]
    [InlineData(0.75f, 94, 201, 98)]
    [InlineData(1f, 253, 231, 37)]
    public void Viridis_is_matplotlibs_to_the_eye(float value, int r, int g, int b)
    {
        var colour = Colormap.Viridis[value];

        Assert.InRange(Math.Abs(colour.R - r), 0, 6);
        Assert.InRange(Math.Abs(colour.G - g), 0, 6);
        Assert.InRange(Math.Abs(colour.B - b), 0, 6);
    }

    [Fact]
    public void A_colormap_covers_its_range_and_cuts_the_rest()
    {
        var image = Colormap.Grey.Render([1f, 2f, 3f, -9f, 9f, float.NaN], 6, 1, 1, 3);

        Assert.Equal([0, 128, 255, 0, 255, 0], Enumerable.Range(0, 6).Select(x => (int)image[x, 0].G));
        Assert.Equal(Rgb.Grey(0), Colormap.Grey.Render([5f], 1, 1, 5, 5)[0, 0]);
    }
}
