using System.Buffers;
using System.Runtime.InteropServices;
using CsCheck;
using VizPipeline.Fuzz;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

public class ImageDecoderTests
{
    public static TheoryData<string> Kinds => [.. Fixtures.All.Keys];

    public static TheoryData<string> OddKinds => [.. OddPictures.All.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_of_file_gives_Pillows_pixels(string kind)
    {
        var (file, pixels) = Fixtures.All[kind];

        var image = ImageDecoder.Decode(file, kind);

        Assert.Equal((11, 9), (image.Width, image.Height));
        Assert.Equal(pixels, image.Pixels);
    }

    [Theory]
    [MemberData(nameof(OddKinds))]
    public void Only_the_pictures_own_pixels_are_shown_whatever_lay_in_memory_before(string kind)
    {
        var (file, expected) = OddPictures.All[kind];
        foreach (var garbage in new byte[] { 0x5A, 0xC3 })
        {
            using var filling = FreedMemory.Fill(garbage);
            var image = ImageDecoder.Decode(file, kind);
            Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
            Assert.True(expected.Pixels.AsSpan().SequenceEqual(image.Pixels), $"pixels differ with 0x{garbage:X2} in memory");
        }
    }

    // Without this the test above could not fail.
    [Theory]
    [InlineData(24)]
    [InlineData(500)]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    public unsafe void Garbage_reaches_memory_that_native_code_and_the_pool_give(int size)
    {
        // glibc keeps its notes in the first bytes of a free block.
        const int Notes = 16;
        using var filling = FreedMemory.Fill(0xC3);
        // The runtime allocates small blocks itself, so that it may have taken some of the filled ones.
        var blocks = new nint[16];
        var array = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            for (var i = 0; i < blocks.Length; i++)
                blocks[i] = (nint)NativeMemory.Alloc((nuint)size);
            Assert.Contains(blocks, block => !new ReadOnlySpan<byte>((void*)block, size)[Notes..].ContainsAnyExcept((byte)0xC3));
            Assert.DoesNotContain(array, value => value != 0xC3);
        }
        finally
        {
            foreach (var block in blocks)
                NativeMemory.Free((void*)block);
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    [Fact]
    public void A_progressive_file_without_its_last_scans_is_refused_as_cut_short()
    {
        var file = Fixtures.All["Jpeg_444_progressive"].File;
        var firstScan = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        for (var length = firstScan + 20; length < file.Length; length++)
        {
            var error = Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(file.AsMemory(0, length), "x"));
            Assert.Equal("the file ends before the picture does", error.Reason);
        }
    }

    // Cut anywhere, a file is unreadable or (where only its trailer is gone) still whole; it is never half a picture.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_truncated_file_is_never_half_a_picture(string kind)
    {
        var (file, pixels) = Fixtures.All[kind];
        for (var length = 0; length < file.Length; length++)
        {
            if (TryDecode(file.AsMemory(0, length), kind) is { } image)
                Assert.True(pixels.AsSpan().SequenceEqual(image.Pixels), $"{kind} cut to {length} of {file.Length} bytes");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_bytes_give_a_picture_or_the_one_exception(string kind)
    {
        var file = Fixtures.All[kind].File;
        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length - 1], Gen.Byte).Sample((first, a, second, b) =>
        {
            byte[] damaged = [.. file];
            (damaged[first], damaged[second]) = (a, b);
            TryDecode(damaged, kind, pixelLimit: 1_000_000);
        }, iter: 500, threads: 1);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("not a picture at all", "it is not a JPEG, PNG, WebP, BMP or GIF file")]
    [InlineData("\0\0\u0001\u0001........", "it is not a JPEG, PNG, WebP, BMP or GIF file")]
    [InlineData("BM", "its header is damaged or cut off")]
    public void What_is_no_picture_is_named_with_its_reason(string content, string reason)
    {
        var file = System.Text.Encoding.Latin1.GetBytes(content);
        var error = Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(file, "a/b.jpg"));

        Assert.Equal("a/b.jpg", error.Name);
        Assert.Equal(reason, error.Reason);
        Assert.Equal($"a/b.jpg is unreadable: {reason}", error.Message);
    }

    [Fact]
    public void A_decompression_bomb_is_refused_by_its_header()
    {
        // A PNG whose header promises 50,000 x 50,000 pixels: 10 GB if it were believed.
        byte[] bomb = [.. Fixtures.All["Png_rgb"].File];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(16), 50_000);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bomb.AsSpan(20), 50_000);
        var checksum = System.IO.Hashing.Crc32.HashToUInt32(bomb.AsSpan(12, 17));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bomb.AsSpan(29), checksum);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(bomb, "bomb.png"));

        Assert.Contains("50000x50000", error.Reason);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void The_pixel_limit_is_the_last_size_that_is_read()
    {
        var file = Fixtures.All["Bmp"].File;

        Assert.NotNull(ImageDecoder.Decode(file, "x", pixelLimit: 99));
        Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(file, "x", pixelLimit: 98));
    }

    [Fact]
    public void A_small_file_that_claims_more_pixels_than_it_can_hold_takes_no_memory_for_them()
    {
        byte[] gif = [.. Fixtures.All["Gif"].File];
        BitConverter.TryWriteBytes(gif.AsSpan(6), (ushort)13000);
        BitConverter.TryWriteBytes(gif.AsSpan(8), (ushort)13000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<UnreadableImageException>(() => ImageDecoder.Decode(gif, "bomb.gif"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal($"its header says 13000x13000 pixels, more than its {gif.Length} bytes can hold", error.Reason);
    }

    [Fact]
    public void A_picture_of_one_pixel_is_a_picture()
    {
        var image = ImageDecoder.Decode(Png.Encode(new RgbImage(1, 1, [1, 2, 3])), "dot.png");

        Assert.Equal(new Rgb(1, 2, 3), image[0, 0]);
    }

    private static RgbImage? TryDecode(ReadOnlyMemory<byte> file, string name, long pixelLimit = ImageDecoder.DefaultPixelLimit)
    {
        try
        {
            return ImageDecoder.Decode(file, name, pixelLimit);
        }
        catch (UnreadableImageException)
        {
            return null;
        }
    }
}
