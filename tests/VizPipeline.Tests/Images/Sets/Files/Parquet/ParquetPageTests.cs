using System.IO.Compression;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>Pages whose packing is damaged are refused as such, whatever the unpacker of their codec says of it.</summary>
public sealed class ParquetPageTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 7 * i))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void Damage_is_InvalidData(int codec)
    {
        var (valid, random, refused) = (Packed(codec), new Random(codec), 0);
        Assert.Equal(Content, Page(valid.Length, Content.Length).Unpack(valid, codec, 0).Values.ToArray());
        for (var i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. valid[..^random.Next(valid.Length / 2)]];
            for (var times = random.Next(4); times > 0; times--)
                damaged[random.Next(Math.Min(damaged.Length, random.Next(2) == 0 ? 4 : damaged.Length))] = (byte)random.Next(256);
            try
            {
                Page(damaged.Length, Content.Length).Unpack(damaged, codec, 0);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1000, 3000);
        // A length that does not end.
        valid.AsSpan(0, 12).Fill(255);
        Assert.Throws<InvalidDataException>(() => Page(valid.Length, Content.Length).Unpack(valid, codec, 0));
    }

    [Theory]
    [InlineData(1, 23)]
    [InlineData(2, 30_000)]
    [InlineData(6, 30_000)]
    public void A_page_that_claims_what_its_codec_cannot_do_takes_no_memory(int codec, int times)
    {
        var bytes = new byte[1000];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => Page(bytes.Length, bytes.Length * times).Unpack(bytes, codec, 0));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    private static ParquetPage Page(int packed, int unpacked)
    {
        // Thrift's compact protocol: data page, both sizes, and a header of one value, plain.
        byte[] header = [0x15, 0, 0x15, .. ZigZag(unpacked), 0x15, .. ZigZag(packed), 0x2C, 0x15, 2, 0x15, 0, 0, 0];
        var page = ParquetPage.Read(header, out var length);
        Assert.Equal((header.Length, packed, unpacked, 1), (length, page.Packed, page.Unpacked, page.Values));
        return page;
    }

    private static IEnumerable<byte> ZigZag(int number)
    {
        var rest = (uint)number << 1;
        for (; rest >= 0x80; rest >>= 7)
            yield return (byte)(rest | 0x80);
        yield return (byte)rest;
    }

    private static byte[] Packed(int codec)
    {
        if (codec == 1)
            return Snappier.Snappy.CompressToArray(Content);
        if (codec == 6)
        {
            using var packer = new ZstdSharp.Compressor();
            return packer.Wrap(Content).ToArray();
        }
        using var target = new MemoryStream();
        using (Stream stream = codec == 2 ? new GZipStream(target, CompressionMode.Compress, leaveOpen: true) : new BrotliStream(
            target, CompressionMode.Compress, leaveOpen: true))
            stream.Write(Content);
        return target.ToArray();
    }
}
