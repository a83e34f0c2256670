using VizPipeline.Atlas.Web;
using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Atlas.Web;

public sealed class FilterTileTests
{
    [Fact]
    public void A_neuron_that_reads_RGB_is_one_kernel_in_colour()
    {
        // Red positive, green zero, blue negative, regardless of the order of their strength.
        var picture = Draw([Input(2, [-2, -2], isInput: true), Input(0, [2, 1], isInput: true), Input(1, [0, 0], isInput: true)])!;
        Assert.Equal((2, 1), (picture.Width, picture.Height));
        Assert.Equal(new Rgb(255, 128, 0), picture[0, 0]);
        Assert.Equal(new Rgb(191, 128, 0), picture[1, 0]);
    }

    [Fact]
    public void Others_are_their_strongest_kernels_side_by_side_in_grey()
    {
        var picture = Draw([Input(7, [2, 0]), Input(3, [-2, 1])])!;
        Assert.Equal((5, 1), (picture.Width, picture.Height));
        Assert.Equal([255, 128, 250, 0, 191], Enumerable.Range(0, 5).Select(x => (int)picture[x, 0].R));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void There_is_none_of_a_channel_that_the_table_lacks(int channel) =>
        Assert.Null(FilterTile.Draw(Table([Input(0, [1, 1])]), channel));

    [Fact]
    public void A_table_whose_kernels_are_cut_short_draws_nothing() => Assert.Null(Draw([Input(0, [1])]));

    private static RgbImage? Draw(InputLinkRow[] inputs) => FilterTile.Draw(Table(inputs), 0);

    private static LinkTable Table(InputLinkRow[] inputs) => new(0, [new NeuronInputsRow(3, 2, inputs)], []);

    private static InputLinkRow Input(int channel, float[] weights, bool isInput = false) =>
        new(isInput ? -1 : 0, channel, channel, 1, weights.Sum(), new KernelRow(1, 2, weights));
}
