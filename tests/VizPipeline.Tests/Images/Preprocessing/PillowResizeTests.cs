using CsCheck;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class PillowResizeTests
{
    [Fact]
    public void Any_size_equals_the_slow_reference()
    {
        Gen.Select(Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Int[1, 90], Gen.Byte).Sample(
            (width, height, newWidth, newHeight, seed) =>
            {
                var image = Noise(width, height, seed);
                Assert.Equal(Reference.Resize(image, newWidth, newHeight).Pixels, PillowResize.Resize(image, newWidth, newHeight).Pixels);
            }, iter: 400);
    }

    [Fact]
    public void A_window_equals_that_part_of_the_whole()
    {
        var image = Noise(61, 47, 1);
        var whole = PillowResize.Resize(image, 40, 33);
        var part = new byte[17 * 11 * 3];

        PillowResize.Resize(image.Pixels, 61, 47, 40, 33, new(5, 7, 17, 11), part, 17 * 3);

        for (var y = 0; y < 11; y++)
            Assert.Equal(whole.Row(7 + y).Slice(5 * 3, 17 * 3).ToArray(), part.AsSpan(y * 17 * 3, 17 * 3).ToArray());
    }

    [Fact]
    public void White_stays_white_whatever_the_rounding_of_the_weights()
    {
        var white = new RgbImage(333, 251);
        white.Pixels.AsSpan().Fill(255);

        Assert.All(PillowResize.Resize(white, 97, 71).Pixels, value => Assert.Equal(255, value));
    }

    // Made by Pillow 9.4: a 7x5 picture with byte i = i * 37 % 256, resized with Image.BILINEAR.
    [Theory]
    [InlineData(3, 2, "68567B927B647BA08E69688D917A768DA183")]
    [InlineData(
        9, 8,
        "00254A4A6F94A05479BE1C414D7297A3C8266B904450759A9ABFE404294E4E7398A4587DC2204551769BA7CC2A6F944854799E9EC3E80A2F5454799E"
        + "AA5E83C8264B577CA1ADD230759A4E5A7FA4A4C9EE0F3459597EA3AF6388CD2B505C81A6B2D7357A9F535F84A9A9CEF3153A5F5F84A9B5698ED33156"
        + "6287ACB8DD3B80A559658AAFAFD4F91A3F646489AEBA6E93D8365B678CB1BDE24085AA5E6A8FB4B4D9FE20456A6A8FB48174996E3C616D92B7C37846"
        + "8B716470958ABADF7424496E6E93B853789D1B40657196BBC7254A8F4368749969BEE308")]
    public void Small_pictures_equal_recorded_Pillow_output(int width, int height, string expected)
    {
        var image = new RgbImage(7, 5, [.. Enumerable.Range(0, 105).Select(i => (byte)(i * 37))]);

        Assert.Equal(expected, Convert.ToHexString(PillowResize.Resize(image, width, height).Pixels));
    }

    private static RgbImage Noise(int width, int height, int seed)
    {
        var image = new RgbImage(width, height);
        new Random(seed).NextBytes(image.Pixels);
        return image;
    }

    /// <summary>Pillow's Resample.c written down once more, pixel by pixel, without windows, vectors or shared passes.</summary>
    private static class Reference
    {
        public static RgbImage Resize(RgbImage image, int width, int height)
        {
            var between = new RgbImage(width, image.Height);
            for (var x = 0; x < width; x++)
                for (var y = 0; y < image.Height; y++)
                    between[x, y] = Mix(image.Width, width, x, i => image[i, y]);
            var result = new RgbImage(width, height);
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    result[x, y] = Mix(image.Height, height, y, i => between[x, i]);
            return result;
        }

        private static Rgb Mix(int size, int newSize, int at, Func<int, Rgb> pixel)
        {
            var scale = (double)size / newSize;
            var support = scale < 1 ? 1 : scale;
            var centre = (at + 0.5) * scale;
            var min = Math.Max(0, (int)(centre - support + 0.5));
            var max = Math.Min(size, (int)(centre + support + 0.5));
            var weights = Enumerable.Range(min, max - min)
                .Select(i => Math.Max(0, 1 - Math.Abs((i - centre + 0.5) * (1.0 / support)))).ToArray();
            var total = 0.0;
            foreach (var weight in weights)
                total += weight;
            long r = 1 << 21, g = 1 << 21, b = 1 << 21;
            for (var i = min; i < max; i++)
            {
                var weight = (long)(0.5 + weights[i - min] / total * (1 << 22));
                var colour = pixel(i);
                (r, g, b) = (r + weight * colour.R, g + weight * colour.G, b + weight * colour.B);
            }
            return new(Clip(r), Clip(g), Clip(b));
        }

        private static byte Clip(long sum) => (byte)Math.Clamp(sum >> 22, 0, 255);
    }
}
