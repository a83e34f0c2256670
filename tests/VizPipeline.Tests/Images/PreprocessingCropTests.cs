using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class PreprocessingCropTests
{
    [Fact]
    public void Crops_of_photographs_equal_Pillows_to_the_bit()
    {
        var sample = TestData.Path("tiny-darknet", "dev-sample.npz");
        var names = Npz.ReadNames(sample, "images");
        var (shape, expected) = Npz.Read<byte>(sample, "crops");
        var preprocessing = Preprocessing.Unit(shape[1], shape[2]);

        for (var i = 0; i < names.Length; i++)
        {
            var image = ImageDecoder.Decode(File.ReadAllBytes(TestData.Path("images", names[i])), names[i]);
            var crop = preprocessing.Crop(image);
            var wanted = expected.AsSpan(i * crop.Length, crop.Length);
            Assert.True(wanted.SequenceEqual(crop), $"{names[i]}: {Differences(wanted, crop)}");
        }
    }

    // Sizes and offsets from torchvision's Resize(256) and CenterCrop(224).
    [Theory]
    [InlineData(500, 375)]
    [InlineData(375, 500)]
    [InlineData(256, 256)]
    [InlineData(100, 97)]
    [InlineData(513, 257)]
    public void A_crop_is_the_centre_of_the_resized_picture(int width, int height)
    {
        var image = Gradient(width, height);
        var (w, h) = width <= height ? (256, 256 * height / width) : (256 * width / height, 256);
        var whole = PillowResize.Resize(image, w, h);
        var (left, top) = (HalfToEven(w - 224), HalfToEven(h - 224));

        var crop = Preprocessing.Unit(224, 224).Crop(image);

        for (var y = 0; y < 224; y++)
            Assert.Equal(whole.Row(top + y).Slice(left * 3, 224 * 3).ToArray(), crop.AsSpan(y * 224 * 3, 224 * 3).ToArray());
    }

    [Fact]
    public void A_picture_smaller_than_the_crop_is_centred_on_black()
    {
        var image = new RgbImage(3, 1, [10, 11, 12, 20, 21, 22, 30, 31, 32]);
        var crop = new Preprocessing { CropHeight = 4, CropWidth = 6 }.Crop(image);

        // torchvision pads (6-3)/2 = 1 to the left and (4-1)/2 = 1 above.
        var expected = new byte[4 * 6 * 3];
        image.Pixels.CopyTo(expected, (1 * 6 + 1) * 3);
        Assert.Equal(expected, crop);
    }

    [Fact]
    public void A_picture_of_one_pixel_fills_the_crop()
    {
        var crop = Preprocessing.Unit(224, 224).Crop(new RgbImage(1, 1, [7, 8, 9]));

        Assert.All(crop.Chunk(3), pixel => Assert.Equal([7, 8, 9], pixel));
    }

    [Fact]
    public void An_absurdly_long_picture_does_not_overflow()
    {
        var crop = Preprocessing.Unit(224, 224).Crop(new RgbImage(20_000_000, 1));

        Assert.Equal(224 * 224 * 3, crop.Length);
    }

    private static int HalfToEven(int excess) => excess % 2 == 0 ? excess / 2 : (excess / 2) % 2 == 0 ? excess / 2 : excess / 2 + 1;

    private static RgbImage Gradient(int width, int height)
    {
        var image = new RgbImage(width, height);
        for (var i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(i * 7 + i / (width * 3) * 13);
        return image;
    }

    private static string Differences(ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> found)
    {
        int count = 0, largest = 0;
        for (var i = 0; i < wanted.Length; i++)
        {
            count += wanted[i] == found[i] ? 0 : 1;
            largest = Math.Max(largest, Math.Abs(wanted[i] - found[i]));
        }
        return $"{count} of {wanted.Length} bytes differ, by up to {largest}";
    }
}
