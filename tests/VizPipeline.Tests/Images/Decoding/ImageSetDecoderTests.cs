using VizPipeline.Images;
using static VizPipeline.Tests.Images.ScientificPictures;

namespace VizPipeline.Tests.Images;

/// <summary>Formats that are read in image sets only, against pixels written by hand.</summary>
public sealed class ImageSetDecoderTests
{
    public static TheoryData<string, int, byte[]> Pixels { get; } = new()
    {
        { "rgb.tif", 2, [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7] },
        { "deflated.tif", 2, [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7] },
        { "grey16.tif", 3, [1, 1, 1, 128, 128, 128, 255, 255, 255] },
        { "big-endian.tiff", 3, [1, 1, 1, 128, 128, 128, 255, 255, 255] },
        { "float.tif", 3, [0, 0, 0, 128, 128, 128, 255, 255, 255] },
        { "packed.tif", 8, [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4] },
        { "plain.pbm", 3, [0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255] },
        { "plain.pgm", 3, [0, 0, 0, 119, 119, 119, 255, 255, 255] },
        { "plain.ppm", 1, [1, 2, 3, 254, 253, 252] },
        { "raw.pgm", 3, [0, 0, 0, 128, 128, 128, 255, 255, 255] },
        { "raw16.pgm", 3, [1, 1, 1, 128, 128, 128, 255, 255, 255] },
        { "raw12.ppm", 1, [0, 128, 255] },
        { "raw.pbm", 10, [.. Grey(0, 255, 0, 255, 0, 255, 0, 255, 0, 0), .. Grey(255, 255, 255, 255, 255, 255, 255, 255, 255, 255)] },
        { "raw.ppm", 2, [1, 2, 3, 250, 251, 252] },
        { "rgb.tga", 2, [1, 2, 3, 250, 251, 252] },
        { "grey.tga", 3, [0, 0, 0, 128, 128, 128, 255, 255, 255] },
        { "runs.tga", 4, [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6] },
        { "rgba.tga", 1, [1, 2, 3] },
    };

    [Theory]
    [MemberData(nameof(Pixels))]
    public void A_file_has_the_pixels_that_were_written(string name, int width, byte[] expected)
    {
        var image = ImageSetDecoder.Decode(All[name], name);

        Assert.Equal((width, expected.Length / 3 / width), (image.Width, image.Height));
        Assert.Equal(expected, image.Pixels);
    }

    [Fact]
    public void Every_16_bit_value_is_divided_by_257_and_rounded()
    {
        var (tiff, pgm) = (new byte[2 * 65536], new byte[2 * 65536]);
        for (var value = 0; value < 65536; value++)
        {
            (tiff[2 * value], tiff[(2 * value) + 1]) = ((byte)value, (byte)(value >> 8));
            (pgm[2 * value], pgm[(2 * value) + 1]) = ((byte)(value >> 8), (byte)value);
        }
        byte[] expected = [.. Enumerable.Range(0, 65536).Select(value => (byte)Math.Round(value / 257.0))];

        Assert.Equal(expected, Red(ImageSetDecoder.Decode(Tiff(256, 256, 1, 16, tiff), "x.tif")));
        Assert.Equal(expected, Red(ImageSetDecoder.Decode(Pnm("P5 256 256 65535\n", pgm), "x.pgm")));
    }

    [Fact]
    public void Alpha_is_kept_for_networks_that_read_it()
    {
        using var pixels = ImageSetDecoder.DecodePooled(All["rgba.tga"], "rgba.tga", withAlpha: true);
        using var tiff = ImageSetDecoder.DecodePooled(All["rgba.tif"], "rgba.tif", withAlpha: true);

        Assert.Equal([77], pixels.Alpha!);
        Assert.Equal([128, 255], tiff.Alpha!);
        Assert.Equal([255, 0, 0, 1, 2, 3], tiff.Span.ToArray());
    }

    [Fact]
    public void Of_several_pages_the_first_is_read()
    {
        var page = All["grey16.tif"];
        // The next directory would be this file's own: a loop.
        var directory = BitConverter.ToUInt32(page, 4);

        Assert.Equal(Red(ImageSetDecoder.Decode(page, "x.tif")), Red(
            ImageSetDecoder.Decode(Tiff(3, 1, 1, 16, page.AsSpan(8, 6), next: directory), "x.tif")));
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        foreach (var (name, file) in All)
        {
            // The last number of a plain file may lose a digit unnoticed.
            var end = name.StartsWith("plain", StringComparison.Ordinal) ? file.AsSpan(0, file.Length - 1)
                .LastIndexOfAny((byte)' ', (byte)'\n') : file.Length;
            for (var length = 1; length < end; length++)
                Assert.Throws<UnreadableImageException>(() => ImageSetDecoder.Decode(file.AsMemory(0, length), name));
        }
    }

    [Theory]
    [InlineData(3, "compression 3")]
    [InlineData(4, "compression 4")]
    [InlineData(7, "compression 7")]
    [InlineData(50001, "compression 50001")]
    public void Compressions_with_other_decoders_are_refused(int compression, string reason) =>
        AssertRefused(Tiff(8, 1, 1, 8, new byte[8], compression), "x.tif", reason);

    [Fact]
    public void Kinds_of_tiff_that_are_not_read_are_named()
    {
        AssertRefused(Tiff(1, 1, 1, 32, Floats(2), sampleFormat: 3), "x.tif", "floats with the value 2; scale them to 0 to 1");
        AssertRefused(Tiff(1, 1, 1, 32, Floats(float.NaN), sampleFormat: 3), "x.tif", "the value NaN");
        AssertRefused(Tiff(1, 1, 1, 32, Deflated(Floats(1)), compression: 8, sampleFormat: 3), "x.tif", "floats are read uncompressed");
        AssertRefused(Tiff(1, 1, 1, 32, new byte[4]), "x.tif", "32-bit integers");
        AssertRefused(Tiff(1, 1, 1, 16, new byte[2], sampleFormat: 2), "x.tif", "signed integers");
        AssertRefused(Tiff(1, 1, 13, 16, new byte[26]), "x.tif", "13 channels");
        AssertRefused(Tiff(1, 1, 4, 8, new byte[4], photometric: 5), "x.tif", "colour model 5");
        AssertRefused([.. "II+\0"u8, .. new byte[40]], "x.tif", "BigTIFF");
    }

    [Fact]
    public void A_bomb_is_refused_before_memory_is_taken()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        AssertRefused(Tiff(60_000, 60_000, 3, 8, Deflated(new byte[1000]), compression: 8), "x.tif", "60000x60000 pixels");
        AssertRefused(Tiff(13_000, 13_000, 3, 8, Deflated(new byte[1000]), compression: 8), "x.tif", "more than its");
        AssertRefused(Pnm("P5 60000 60000 255\n", new byte[100]), "x.pgm", "ends before");
        AssertRefused(Tga(2, 24, 60_000, 60_000, new byte[100]), "x.tga", "ends before");
        AssertRefused(Tga(10, 24, 60_000, 60_000, 0xFF, 1, 2, 3), "x.tga", "ends before");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("rgb.tif", "TIFF")]
    [InlineData("raw.ppm", "PNM")]
    [InlineData("rgb.tga", "TGA")]
    public void Uploads_refuse_these_formats_and_say_so(string name, string format)
    {
        var error = Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(All[name], name));

        Assert.Equal($"it is a {format} file, which is read in image sets only; convert it to PNG", error.Reason);
    }

    [Fact]
    public void An_image_set_lists_and_reads_them()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, file) in All)
            File.WriteAllBytes(Path.Combine(folder.Path, name), file);

        var manifest = ImageManifest.Build(folder.Path, cancellationToken: TestContext.Current.CancellationToken);
        var source = new CropSource(manifest, folder.Path, Preprocessing.Unit(2, 2));

        Assert.Equal(All.Count, manifest.Entries.Count);
        Assert.All(manifest.Entries, entry => Assert.Null(source.Get(entry.Index).Unreadable));
    }

    private static byte[] Grey(params byte[] levels) => [.. levels.SelectMany(level => new[] { level, level, level })];

    private static byte[] Red(RgbImage image) => [.. image.Pixels.Where((_, i) => i % 3 == 0)];

    private static void AssertRefused(byte[] file, string name, string reason)
    {
        var error = Assert.Throws<UnreadableImageException>(() => ImageSetDecoder.Decode(file, name));
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }
}
