using System.Drawing;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images.Drawing;

public sealed class PatchMosaicTests
{
    private static readonly PatchMosaic Layout = new(8, 5);

    [Fact]
    public void Each_cell_is_cut_out_as_it_was_drawn_and_gutters_part_them()
    {
        var picture = Draw();

        Assert.Equal((28, 19), (picture.Width, picture.Height));
        for (var rank = 1; rank <= 9; rank++)
            Assert.All(Layout.Cut(picture, rank).Pixels, level => Assert.Equal(10 * rank, level));
        Assert.Equal([Rgb.Grey(250), Rgb.Grey(250)], [picture[8, 0], picture[0, 6]]);
    }

    [Fact]
    public void A_crop_is_a_part_of_its_cell_and_one_outside_gives_the_cell()
    {
        var picture = Draw();
        var corner = Layout.CornerOf(5);
        picture[corner.X + 3, corner.Y + 2] = new Rgb(1, 2, 3);

        var part = Layout.Cut(picture, 5, new Rectangle(3, 2, 100, 2));
        Assert.Equal((5, 2, new Rgb(1, 2, 3)), (part.Width, part.Height, part[0, 0]));
        Assert.Equal((8, 5), (Layout.Cut(picture, 5, new Rectangle(8, 0, 4, 4)).Width, Layout.Cut(picture, 5).Height));
        Assert.Throws<ArgumentOutOfRangeException>(() => Layout.Cut(picture, 10));
    }

    [Theory]
    [InlineData(8, 5)]
    [InlineData(224, 224)]
    [InlineData(7, 7)]
    public void The_layout_of_a_picture_is_found_with_gutters_and_without(int width, int height)
    {
        var layout = new PatchMosaic(width, height);

        Assert.Equal(layout, PatchMosaic.Detect(layout.CreateBlank()));
        Assert.Equal(new PatchMosaic(width, height, 0), PatchMosaic.Detect(new RgbImage(3 * width, 3 * height)));
    }

    [Fact]
    public void The_recorded_layout_is_read_again_and_older_ones_have_no_gutter()
    {
        Assert.Equal(Layout, PatchMosaic.FromJson(Layout.ToJson()));
        Assert.Equal(
            new PatchMosaic(7, 9, 0), PatchMosaic.FromJson("""{"cell_width":7,"cell_height":9,"columns":3,"rows":3}"""));
        Assert.All(["{}", "[]", "x", """{"cell_width":0,"cell_height":0,"gutter":0}"""], json => Assert.Null(PatchMosaic.FromJson(json)));
    }

    [Fact]
    public void Crops_are_drawn_at_one_size_and_signed_ones_with_full_contrast()
    {
        var picture = Layout.CreateBlank();
        for (var rank = 1; rank <= 9; rank++)
        {
            var corner = Layout.CornerOf(rank);
            for (var y = 0; y < 5; y++)
                for (var x = 0; x < 8; x++)
                    picture[corner.X + x, corner.Y + y] = Rgb.Grey((byte)(x < 4 ? 130 : 126));
        }

        var plain = Layout.DrawCrops(picture, [new Rectangle(0, 0, 5, 5)], 64, isSigned: false);
        var signed = Layout.DrawCrops(picture, [new Rectangle(0, 0, 5, 5)], 64, isSigned: true);

        Assert.Equal((64, 64), (plain.Width, plain.Height));
        Assert.Equal((Rgb.Grey(130), Rgb.Grey(247)), (plain[2, 2], signed[2, 2]));
        Assert.Equal((Rgb.Grey(126), Rgb.Grey(8)), (plain[19, 2], signed[19, 2]));
    }

    private static RgbImage Draw()
    {
        var picture = Layout.CreateBlank();
        for (var rank = 1; rank <= 9; rank++)
        {
            var corner = Layout.CornerOf(rank);
            for (var y = 0; y < Layout.CellHeight; y++)
                picture.Row(corner.Y + y).Slice(corner.X * 3, Layout.CellWidth * 3).Fill((byte)(10 * rank));
        }
        return picture;
    }
}
