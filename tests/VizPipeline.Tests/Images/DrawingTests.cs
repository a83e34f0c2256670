using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class DrawingTests
{
    private static readonly TextStyle Black = new(13, Rgb.Grey(0));

    [Fact]
    public void Png_keeps_every_pixel_and_repeats_its_bytes()
    {
        var image = new RgbImage(37, 23);
        new Random(3).NextBytes(image.Pixels);

        var bytes = Png.Encode(image);

        Assert.Equal(image.Pixels, Png.Decode(bytes).Pixels);
        Assert.Equal(bytes, Png.Encode(image));
        Assert.Equal(2, bytes[25]); // colour type of the header: RGB without alpha
    }

    [Fact]
    public void Png_carries_texts_and_the_same_pixels()
    {
        var image = new RgbImage(5, 4);
        new Random(3).NextBytes(image.Pixels);
        var texts = new Dictionary<string, string> { ["Title"] = "conv1 7: top 9 patches", ["Recipe"] = "{\"name\": \"Größe 大\"}" };

        var bytes = Png.Encode(image, texts);

        Assert.Equal(texts, Png.ReadTexts(bytes));
        Assert.Equal(bytes, Png.Encode(image, texts));
        Assert.Equal(image.Pixels, Png.Decode(bytes).Pixels);
        Assert.Empty(Png.ReadTexts(Png.Encode(image)));
        // The checksum is zlib's.
        Assert.Contains(
            "6954587454" + "69746C65" + "0000000000" + "61" + "8558DFC7", Convert.ToHexString(Png.Encode(image, [new("Title", "a")])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(40)]
    public void Texts_of_a_file_that_is_cut_off_are_those_before_the_cut(int length)
        => Assert.Empty(Png.ReadTexts(Png.Encode(new RgbImage(5, 4), [new("Title", "a")]).AsSpan(0, length)));

    [Theory]
    [InlineData(-3, -2)]
    [InlineData(8, 5)]
    [InlineData(2, 1)]
    [InlineData(100, 100)]
    public void A_picture_that_sticks_out_is_cut_off(int x, int y)
    {
        var image = new RgbImage(4, 4);
        image.Pixels.AsSpan().Fill(9);
        using var canvas = new Canvas(10, 7, Rgb.Grey(200));

        canvas.Image(image, x, y);
        var result = canvas.ToImage();

        for (var row = 0; row < 7; row++)
            for (var column = 0; column < 10; column++)
            {
                var inside = column >= x && column < x + 4 && row >= y && row < y + 4;
                Assert.Equal(Rgb.Grey((byte)(inside ? 9 : 200)), result[column, row]);
            }
    }

    [Fact]
    public void Nearest_makes_blocks()
    {
        var big = Canvas.Scale(new RgbImage(2, 1, [1, 1, 1, 2, 2, 2]), 4, 2, Scaling.Nearest);

        Assert.Equal([1, 1, 2, 2, 1, 1, 2, 2], big.Pixels.Chunk(3).Select(pixel => (int)pixel[0]));
    }

    [Fact]
    public void Text_is_drawn_without_any_font_on_the_machine()
    {
        using var canvas = new Canvas(120, 20, Rgb.Grey(255));

        canvas.Text("conv5 · 37", 0, 0, 120, Black);
        var dark = canvas.ToImage().Pixels.Count(value => value < 100);

        Assert.InRange(dark, 200, 1500);
    }

    [Fact]
    public void Text_stays_in_its_width()
    {
        var style = Black;
        var full = style.Measure("great white shark");

        Assert.Equal("great white shark", style.Fit("great white shark", full));
        var cut = style.Fit("great white shark", full - 1);
        Assert.EndsWith("…", cut);
        Assert.InRange(style.Measure(cut), 1, full - 1);
        Assert.Equal("", style.Fit("great white shark", 2));
        Assert.True(style.Measure("mmm") > style.Measure("iii"));
    }

    [Fact]
    public void Signs_that_the_font_lacks_become_question_marks()
    {
        Assert.Equal("caf\u00e9 ?? a b", Black.Fit("caf\u00e9 \u732b\U0001F408 a\nb", 1000));
    }

    [Fact]
    public void A_sheet_puts_every_tile_in_its_place()
    {
        SheetTile[] tiles = [.. Enumerable.Range(0, 5).Select(i => new SheetTile(Plain(10, 10, (byte)(i * 40))))];
        var style = new SheetStyle { Margin = 4, Gap = 2, Background = Rgb.Grey(255) };

        var image = new Sheet { Tiles = tiles, Columns = 3, TileWidth = 10, TileHeight = 10, Style = style }.Draw();

        Assert.Equal((4 + 10 + 2 + 10 + 2 + 10 + 4, 4 + 10 + 2 + 10 + 4), (image.Width, image.Height));
        for (var i = 0; i < 5; i++)
            Assert.Equal(Rgb.Grey((byte)(i * 40)), image[4 + i % 3 * 12 + 5, 4 + i / 3 * 12 + 5]);
        Assert.Equal(Rgb.Grey(255), image[4 + 2 * 12 + 5, 4 + 12 + 5]);
        Assert.Equal(Rgb.Grey(255), image[4 + 10, 9]);
    }

    [Fact]
    public void A_picture_keeps_its_proportions_in_its_tile()
    {
        var sheet = new Sheet
        {
            Tiles = [new(Plain(20, 10, 0))],
            Columns = 1,
            TileWidth = 40,
            TileHeight = 40,
            Style = new() { Margin = 0, Gap = 0, Background = Rgb.Grey(255) },
        };

        var image = sheet.Draw();

        Assert.Equal([Rgb.Grey(255), Rgb.Grey(0), Rgb.Grey(0), Rgb.Grey(255)], [image[20, 9], image[20, 10], image[20, 29], image[20, 30]]);
    }

    [Fact]
    public void An_empty_sheet_is_still_a_picture()
        => Assert.Equal((10 + 32, 32), Draw(new Sheet { Tiles = [], Columns = 1, TileWidth = 10, TileHeight = 10 }));

    [Fact]
    public void Headings_and_legend_take_room_only_where_they_are()
    {
        var bare = new Sheet { Tiles = [new(Plain(300, 20, 0))], Columns = 1, TileWidth = 300, TileHeight = 20 };
        var (_, height) = Draw(bare);

        Assert.Equal(height + 25 + 8, Draw(bare with { Title = "conv1" }).Height);
        Assert.Equal(height + 25 + 18 + 8, Draw(bare with { Title = "conv1", Subtitle = "64 neurons" }).Height);
        Assert.Equal(height + 16 + 17, Draw(bare with { Legend = new(Colormap.Viridis, "0", "1") }).Height);
        Assert.True(Draw(bare with { RowLabels = ["a row"] }).Width > 332);
    }

    private static (int Width, int Height) Draw(Sheet sheet) => sheet.Draw() is var image ? (image.Width, image.Height) : default;

    private static RgbImage Plain(int width, int height, byte level)
    {
        var image = new RgbImage(width, height);
        image.Pixels.AsSpan().Fill(level);
        return image;
    }
}
