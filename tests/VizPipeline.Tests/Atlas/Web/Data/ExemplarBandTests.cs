using VizPipeline.Atlas.Web.Data;

namespace VizPipeline.Tests.Atlas.Web.Data;

public sealed class ExemplarBandTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Bands_part_what_is_above_the_median_and_draw_three_of_each(int seed)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, 5000).Select(i => i % 50 == 7 ? float.NaN : (float)(random.NextDouble() * 9) - 2)];
        var bands = ExemplarBand.Cut(values, neuron: 12);

        Assert.Equal(
            ["top 40 to 50 %", "top 30 to 40 %", "top 20 to 30 %", "top 10 to 20 %", "top 5 to 10 %", "top 1 to 5 %", "top 0.1 to 1 %",
                "top 0.1 %"], bands.Select(band => band.Name));
        float[] sorted = [.. values.Where(value => !float.IsNaN(value)).Order()];
        // By counting instead of interpolating: 4900 values, of which 490 lie in each tenth.
        Assert.Equal([490, 490, 490, 490, 245, 196, 44, 5], bands.Select(band => band.Images));
        var rest = sorted.Skip(2450).ToList();
        foreach (var band in bands)
        {
            var members = rest.Take(band.Images).ToList();
            rest.RemoveRange(0, band.Images);
            Assert.Equal(3, band.Places.Distinct().Count());
            Assert.All(band.Places, place => Assert.Contains(values[place], members));
            Assert.Equal(band.Places.Select(place => values[place]).OrderDescending(), band.Places.Select(place => values[place]));
        }
        Assert.Empty(rest);
        Assert.Equal(bands.SelectMany(band => band.Places), ExemplarBand.Cut(values, 12).SelectMany(band => band.Places));
        Assert.NotEqual(bands.SelectMany(band => band.Places), ExemplarBand.Cut(values, 13).SelectMany(band => band.Places));
    }

    [Fact]
    public void Every_image_of_a_band_is_drawn_about_as_often()
    {
        float[] values = [.. Enumerable.Range(0, 100).Select(i => (float)i)];
        var counts = new int[100];
        for (var neuron = 0; neuron < 4000; neuron++)
        {
            foreach (var place in ExemplarBand.Cut(values, neuron)[0].Places)
                counts[place]++;
        }
        // 4000 draws of 3 out of the 10 images from 50 to 59, each 1200 times with a standard deviation of 29.
        Assert.All(Enumerable.Range(50, 10), place => Assert.InRange(counts[place], 1055, 1345));
        Assert.Equal(12000, counts[50..60].Sum());
    }

    [Fact]
    public void Equal_activations_leave_bands_empty_and_no_activation_has_none()
    {
        Assert.All(ExemplarBand.Cut([3, 3, 3, 3], 0), band => Assert.Empty(band.Places));
        Assert.Empty(ExemplarBand.Cut([float.NaN, float.NaN], 0));
        // A dead half: the median is 0, so the zeros are in no band.
        var bands = ExemplarBand.Cut([0, 0, 0, 0, 0, 0, 0, 0, 1, 2], 5);
        Assert.Equal([8, 9], bands.SelectMany(band => band.Places).Order());
    }
}
