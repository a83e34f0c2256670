using CsCheck;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class DisplayTests
{
    [Fact]
    public void A_signed_signal_has_grey_zero_and_its_largest_magnitude_near_the_end()
    {
        // Of the scale of 4: -1 -> -(0.75 + 0.25 tanh 1) = -0.9404, 0 -> 0, 0.5 -> 0.5; then 0.5 + s / 2.
        var image = SignedDisplay.Render([-4f, 0f, 2f], 3, 1);

        Assert.Equal([Rgb.Grey(8), Rgb.Grey(128), Rgb.Grey(191)], [image[0, 0], image[1, 0], image[2, 0]]);
    }

    [Fact]
    public void One_large_value_does_not_hide_the_rest()
    {
        // 1,000 values of 1, zeros, and one value of 100: on a scale up to the largest, 1 would be grey 129.
        var signal = new float[40 * 40];
        signal.AsSpan(0, 1000).Fill(1f);
        signal[1200] = 100f;
        signal[1201] = -100f;
        var image = SignedDisplay.Render(signal, 40, 40);

        Assert.Equal(1f, SignedDisplay.ShownMagnitude(signal, SignedDisplay.ShownShare));
        Assert.Equal((247, 128), (image[0, 0].R, image[39, 39].R));
        // What is beyond the scale keeps its sign and its order.
        Assert.Equal((255, 0), (image[0, 30].R, image[1, 30].R));
    }

    [Fact]
    public void The_scale_of_a_signal_is_a_quantile_of_its_nonzero_magnitudes()
    {
        float[] signal = [0f, -3f, 1f, float.NaN, 2f, 0f, 4f];

        Assert.Equal([4f, 3f, 2f, 1f], new[] { 1, 0.75, 0.5, 0.25 }.Select(share => SignedDisplay.ShownMagnitude(signal, share)));
        Assert.Equal(0f, SignedDisplay.ShownMagnitude([0f, float.NaN], 0.99));
    }

    [Fact]
    public void The_quantile_is_that_of_sorting()
    {
        Gen.Select(Gen.Float.Array[1, 80], Gen.Double[0, 1]).Sample((values, share) =>
        {
            var sorted = values.Select(MathF.Abs).Where(value => value > 0f).Order().ToArray();
            var expected = sorted.Length == 0 ? 0f : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
            Assert.Equal(expected, SignedDisplay.ShownMagnitude(values, share));
        });
    }

    [Fact]
    public void A_larger_value_is_never_darker()
    {
        Gen.Float[-5f, 5f].Array[2, 50].Sample(signal =>
        {
            var image = SignedDisplay.Render(signal, signal.Length, 1);
            var shown = Enumerable.Range(0, signal.Length).OrderBy(i => signal[i]).Select(i => image[i, 0].R).ToList();
            Assert.Equal(shown.Order(), shown);
        });
    }

    [Fact]
    public void Colour_planes_become_the_channels()
    {
        var image = SignedDisplay.Render([1f, 0f, 0f, -1f, 0f, 0.5f], 2, 1);

        Assert.Equal([new Rgb(247, 128, 128), new Rgb(128, 8, 191)], [image[0, 0], image[1, 0]]);
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
    public void The_magnitude_of_a_pixel_is_its_largest_plane_without_sign()
    {
        var image = SignedDisplay.RenderMagnitude([0f, -2f, 0.5f, 0f, 1f, 0f], 2, 1);

        // The scale is 2: 0.5 -> 0.25 is less than 1 -> 0.5 in the other plane. 1 -> 0.75 + 0.25 tanh 1.
        Assert.Equal([Rgb.Grey(128), Rgb.Grey(240)], [image[0, 0], image[1, 0]]);
    }

    [Fact]
    public void A_lit_picture_is_as_it_was_where_the_signal_is_and_dark_elsewhere()
    {
        var (picture, signal) = (new RgbImage(60, 60), new float[60 * 60]);
        Array.Fill(picture.Pixels, (byte)200);
        for (var y = 10; y < 25; y++)
            signal.AsSpan((y * 60) + 10, 15).Fill(-1f);

        var lit = SignedDisplay.RenderLit(picture, signal);

        // 0.18 of 200 is 36.
        Assert.Equal((Rgb.Grey(200), Rgb.Grey(36)), (lit[17, 17], lit[45, 45]));
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
