using System.Formats.Tar;
using SkiaSharp;
using VizPipeline.Fuzz.Mutations;
using VizPipeline.Images;
using VizPipeline.Tests.Images;

namespace VizPipeline.Fuzz.Targets;

/// <summary>Pictures of all formats, and archives of them.</summary>
public sealed class ImageTarget : FuzzTarget
{
    private const int PicturesPerSet = 6;
    private const long BytesPerPixel = 16;
    private static readonly Preprocessing[] Ways = [Preprocessing.Unit(8, 8), Preprocessing.Unit(8, 8, ChannelOrder.Grey), Preprocessing.Unit(8, 8, ChannelOrder.Rgba)];

    /// <inheritdoc/>
    public override string Name => "images";

    /// <inheritdoc/>
    public override bool IsDocumented(Exception error) => error is UnreadableImageException or ImageSetException;

    /// <inheritdoc/>
    public override long AllowedBytes(FuzzInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        // For each pixel that a file of this size may have its four bytes and those of its planes, in arrays whose sizes the pool rounds up; in a
        // set, whose pictures may be packed, a few pictures, and an entry for each row or member.
        var pixels = ImageDecoder.MostPixels(input.Bytes.Length);
        return IsSet(input) ? (16 << 20) + (4096L * input.Bytes.Length) + (PicturesPerSet * BytesPerPixel * pixels) : (8 << 20) + (BytesPerPixel * pixels);
    }

    /// <inheritdoc/>
    public override string Read(FuzzInput input, string file, bool mayCrash, Action isRead)
    {
        ArgumentNullException.ThrowIfNull(input);
        var way = Ways[input.Bytes.Length % Ways.Length];
        if (!IsSet(input))
        {
            way.CropOf(input.Bytes, input.Name);
            return "picture";
        }
        using var files = new ImageFiles(Path.GetDirectoryName(file)!);
        var manifest = ImageManifest.Build(files, new ImageSetOptions { Readers = 1 });
        var source = new CropSource(manifest, files, way);
        var read = Enumerable.Range(0, Math.Min(manifest.Entries.Count, PicturesPerSet)).Count(index => source.Get(index).Crop is not null);
        return read == manifest.Entries.Count ? "set, whole" : "set, in part";
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds()
    {
        var seeds = Fixtures.All.Select(picture => OfKind(picture.Key, picture.Value.File)).ToList();
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
        foreach (var packing in new[] { Parquet.CompressionMethod.None, Parquet.CompressionMethod.Snappy, Parquet.CompressionMethod.Zstd, Parquet.CompressionMethod.Gzip })
        {
            (byte[]?, long?)[] rows = [.. members.Where(member => member.Bytes.Length > 1).Select((member, i) => ((byte[]?)member.Bytes, (long?)(i % 2))), (null, 1), (small, null)];
            seeds.Add(new($"{packing}.parquet", HuggingFaceTable.Of(rows, perGroup: 4, packing).GetAwaiter().GetResult()));
        }
        return seeds;
    }

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
                TarEntry entry = name.Length > 100 ? new PaxTarEntry(TarEntryType.RegularFile, name) : new UstarTarEntry(TarEntryType.RegularFile, name);
                (entry.ModificationTime, entry.DataStream) = (DateTimeOffset.UnixEpoch, new MemoryStream(bytes));
                writer.WriteEntry(entry);
            }
        }
        return stream.ToArray();
    }
}
