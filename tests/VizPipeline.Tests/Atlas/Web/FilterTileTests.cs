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

    [Fact]
    public void Single_weights_touch_and_fill_their_rows()
    {
        var picture = Draw([.. Enumerable.Range(0, 8).Select(i => new InputLinkRow(0, i, i, 1, 1, new KernelRow(1, 1, [2])))])!;
        Assert.Equal((4, 2), (picture.Width, picture.Height));
        Assert.All(picture.Pixels, level => Assert.Equal(255, level));
    }

    [Fact]
    public void On_the_scale_of_the_layer_a_weak_neuron_is_pale()
    {
        var table = new LinkTable(
            0, [new NeuronInputsRow(3, 2, [Input(0, [2, -2])]), new NeuronInputsRow(1, 0.5f, [Input(0, [0.5f, -0.5f])])], []);
        int[] Levels(TileView view) => [.. Enumerable.Range(0, 2).Select(x => (int)FilterTile.Draw(table, 1, view)![x, 0].R)];

        Assert.Equal([255, 0], Levels(TileView.Filter));
        Assert.Equal([159, 96], Levels(TileView.FilterOfLayer));
        Assert.Equal(2, FilterTile.GetLayerScale(table));
    }

    [Fact]
    public void Filters_in_colour_and_single_kernels_are_readable_many_kernels_and_single_weights_are_not()
    {
        Assert.True(FilterTile.IsReadable(Table([Input(0, [1, 1], true), Input(1, [1, 1], true), Input(2, [1, 1], true)])));
        Assert.True(FilterTile.IsReadable(Table([Input(0, [1, 1])])));
        Assert.False(FilterTile.IsReadable(Table([Input(0, [1, 1]), Input(1, [1, 1])])));
        Assert.False(FilterTile.IsReadable(Table([new InputLinkRow(0, 0, 0, 1, 1, new KernelRow(1, 1, [1]))])));
        Assert.False(FilterTile.IsReadable(Table([])));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void There_is_none_of_a_channel_that_the_table_lacks(int channel) =>
        Assert.Null(FilterTile.Draw(Table([Input(0, [1, 1])]), channel, TileView.Filter));

    [Fact]
    public void A_table_whose_kernels_are_cut_short_draws_nothing() => Assert.Null(Draw([Input(0, [1])]));

    private static RgbImage? Draw(InputLinkRow[] inputs) => FilterTile.Draw(Table(inputs), 0, TileView.Filter);

    private static LinkTable Table(InputLinkRow[] inputs) => new(0, [new NeuronInputsRow(3, 2, inputs)], []);

    private static InputLinkRow Input(int channel, float[] weights, bool isInput = false) =>
        new(isInput ? -1 : 0, channel, channel, 1, weights.Sum(), new KernelRow(1, 2, weights));
}
