using System.Formats.Tar;
using System.Runtime.ExceptionServices;
using SkiaSharp;
using VizPipeline.Fuzz.Mutations;
using VizPipeline.Images;
using VizPipeline.Tests.Images;

namespace VizPipeline.Fuzz.Targets;

/// <summary>
/// Pictures of all formats, and archives of them. Each is read twice, and must give the same pixels whatever lay in memory before.
/// </summary>
public sealed class ImageTarget : FuzzTarget
{
    private const int PicturesPerSet = 6;
    private const long BytesPerPixel = 16;
    private const byte Garbage = 0x5A;
    private const byte OtherGarbage = 0xC3;
    private static readonly Preprocessing[] Ways =
    [
        Preprocessing.Unit(8, 8), Preprocessing.Unit(8, 8, ChannelOrder.Grey), Preprocessing.Unit(8, 8, ChannelOrder.Rgba),
    ];

    /// <inheritdoc/>
    public override string Name => "images";

    /// <inheritdoc/>
    public override bool IsDocumented(Exception error) => error is UnreadableImageException or ImageSetException;

    /// <inheritdoc/>
    public override long AllowedBytes(FuzzInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        // For each pixel that a file of this size may have its four bytes and those of its planes, in arrays whose sizes the pool rounds
        // up; in a set, whose pictures may be packed, a few pictures, and an entry for each row or member.
        var pixels = ImageDecoder.MostPixels(input.Bytes.Length);
        return IsSet(input)
            ? (16 << 20) + (4096L * input.Bytes.Length) + (PicturesPerSet * BytesPerPixel * pixels)
            : (8 << 20) + (BytesPerPixel * pixels);
    }

    /// <inheritdoc/>
    public override string Read(FuzzInput input, string file, bool mayCrash, Action isRead)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(isRead);
        var first = After(Garbage, input, file, isRead);
        var second = After(OtherGarbage, input, file, () => { });
        if (first.Refusal?.Message != second.Refusal?.Message)
            throw new InvalidDataException(
                $"read again it ends otherwise: {first.Refusal?.Message ?? first.Outcome}; {second.Refusal?.Message ?? second.Outcome}");
        if (!first.Pixels.AsSpan().SequenceEqual(second.Pixels))
            throw new InvalidDataException("two results differ: they show memory that is not the picture");
        if (first.Refusal is { } refusal)
            ExceptionDispatchInfo.Throw(refusal);
        return first.Outcome;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds()
    {
        var seeds = Fixtures.All.Select(picture => OfKind(picture.Key, picture.Value.File)).ToList();
        seeds.AddRange(OddPictures.All.Select(picture => OfKind(picture.Key, picture.Value.File)));
        seeds.AddRange(ScientificPictures.All.Select(picture => new FuzzSeed(picture.Key, picture.Value)));
        var random = new Random(9);
        var noise = new RgbImage(40, 30);
        random.NextBytes(noise.Pixels);
        seeds.Add(OfKind("noise.png", Png.Encode(noise)));
        seeds.Add(OfKind("noise.jpg", Jpeg.Encode(noise, 80)));
        seeds.Add(OfKind("noise.webp", Encoded(noise, SKEncodedImageFormat.Webp)));
        var (small, members) = (Png.Encode(new RgbImage(2, 2)), new List<(string Name, byte[] Bytes)>());
        foreach (var (kind, picture) in Fixtures.All.Take(3))
            members.AddRange([($"train/{kind}.jpg", picture.File), ($"train/{kind}.cls", "7"u8.ToArray())]);
        members.Add((new string('l', 120) + ".png", small));
        seeds.Add(new("set.tar", Tar(members), ContainerMutations.Tar));
        seeds.Add(new("set.zip", ZipFiles.Of(members)));
        seeds.Add(new("deflated.zip", ZipFiles.Of(members, System.IO.Compression.CompressionLevel.Fastest)));
        foreach (var packing in new[]
        {
            Parquet.CompressionMethod.None, Parquet.CompressionMethod.Snappy,
            Parquet.CompressionMethod.Zstd, Parquet.CompressionMethod.Gzip,
        })
        {
            (byte[]?, long?)[] rows = [.. members.Where(member => member.Bytes.Length > 1).Select(
                (member, i) => ((byte[]?)member.Bytes, (long?)(i % 2))), (null, 1), (small, null)];
            seeds.Add(new($"{packing}.parquet", HuggingFaceTable.Of(rows, perGroup: 4, packing).GetAwaiter().GetResult()));
        }
        return seeds;
    }

    /// <summary>What is read when free memory is full of <paramref name="garbage"/>.</summary>
    private (string Outcome, byte[] Pixels, Exception? Refusal) After(byte garbage, FuzzInput input, string file, Action isRead)
    {
        using var filling = FreedMemory.Fill(garbage);
        try
        {
            return IsSet(input) ? OfSet(input, file, isRead) : OfPicture(input, isRead);
        }
        catch (Exception refusal) when (IsDocumented(refusal))
        {
            isRead();
            return ("", [], refusal);
        }
    }

    private static (string, byte[], Exception?) OfPicture(FuzzInput input, Action isRead)
    {
        if (ImageSetDecoder.Extensions.Contains(Path.GetExtension(input.Name)))
        {
            var image = ImageSetDecoder.Decode(input.Bytes, input.Name);
            isRead();
            return ("picture of a set", image.Pixels, null);
        }
        var crop = WayOf(input).CropOf(input.Bytes, input.Name);
        isRead();
        // The crop is small, and a wrong pixel may round away in it.
        return ("picture", [.. crop, .. ImageDecoder.Decode(input.Bytes, input.Name).Pixels], null);
    }

    private static (string, byte[], Exception?) OfSet(FuzzInput input, string file, Action isRead)
    {
        using var files = new ImageFiles(Path.GetDirectoryName(file)!);
        var manifest = ImageManifest.Build(files, new ImageSetOptions { Readers = 1 });
        var source = new CropSource(manifest, files, WayOf(input));
        var crops = Enumerable.Range(0, Math.Min(manifest.Entries.Count, PicturesPerSet)).Select(index => source.Get(index).Crop).ToList();
        isRead();
        var read = crops.OfType<byte[]>().ToList();
        return (read.Count == manifest.Entries.Count ? "set, whole" : "set, in part", [.. read.SelectMany(crop => crop)], null);
    }

    private static Preprocessing WayOf(FuzzInput input) => Ways[input.Bytes.Length % Ways.Length];

    private static bool IsSet(FuzzInput input) => FileListing.IsArchive(input.Name);

    private static FuzzSeed OfKind(string name, byte[] file) => file switch
    {
        [0x89, ..] => new(name, file, ContainerMutations.Png),
        [0xFF, ..] => new(name, file, ContainerMutations.Jpeg),
        _ => new(name, file),
    };

    private static byte[] Encoded(RgbImage image, SKEncodedImageFormat format)
    {
        using var bitmap = SKBitmap.Decode(Png.Encode(image));
        using var data = bitmap.Encode(format, 80);
        return data.ToArray();
    }

    private static byte[] Tar(List<(string Name, byte[] Bytes)> members)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            foreach (var (name, bytes) in members)
            {
                TarEntry entry = name.Length > 100 ? new PaxTarEntry(TarEntryType.RegularFile, name) : new UstarTarEntry(
                    TarEntryType.RegularFile, name);
                (entry.ModificationTime, entry.DataStream) = (DateTimeOffset.UnixEpoch, new MemoryStream(bytes));
                writer.WriteEntry(entry);
            }
        }
        return stream.ToArray();
    }
}
