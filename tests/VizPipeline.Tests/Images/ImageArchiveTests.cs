using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Parquet;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>
/// Pictures in zip archives, WebDataset shards and Parquet tables have the crops that files have, and the labels that come with them.
/// </summary>
public sealed class ImageArchiveTests : IDisposable
{
    private readonly RandomPictures _pictures = new(20);
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _pictures.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public async Task Zip_archives_stored_and_deflated(CompressionLevel level)
    {
        _folder.Write("a/one.zip", Zip(level, [
            .. Enumerable.Range(0, 20).Select(i => ($"{(i % 2 == 0 ? "cat" : "dog")}/{RandomPictures.Name(i)}", Bytes(i))),
            ("../out.png", Bytes(1)), ("notes.txt", Bytes(2))]));
        using var files = new ImageFiles(_folder.Path);
        var manifest = ImageManifest.Build(files, cancellationToken: _cancellation);

        Assert.Equal(20, manifest.Entries.Count);
        Assert.Equal("a/one.zip/cat/0000.png", manifest.Entries[0].Path);
        Assert.Equal(["cat", "dog"], manifest.Classes);
        await AreCrops(manifest, files, entry => int.Parse(Path.GetFileNameWithoutExtension(entry.Path)));
    }

    [Fact]
    public void A_zip_that_lies_about_sizes_takes_no_memory_for_them()
    {
        var whole = Zip(CompressionLevel.Optimal, [("a.png", new byte[3000])]);
        var directory = whole.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(whole.AsSpan(directory + 24), 2_000_000_000);
        _folder.Write("bomb.zip", whole);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("it is no whole zip archive", Assert.Throws<ImageSetException>(
            () => ImageManifest.Build(_folder.Path, new() { Readers = 1 }, cancellationToken: _cancellation)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void A_zip_with_a_damaged_directory_or_sizes_past_counting_is_not_taken_in_part()
    {
        var whole = Zip(CompressionLevel.Optimal, [("a.png", Bytes(0)), ("b.png", Bytes(1)), ("c.png", Bytes(2))]);
        var last = whole.AsSpan().LastIndexOf("PK\x01\x02"u8);
        var damaged = whole.ToArray();
        damaged[last] = (byte)'Q';
        _folder.Write("damaged.zip", damaged);

        // Sizes whose sum leaves 64 bits, in zip64's extra fields.
        using var stream = new MemoryStream();
        foreach (var name in new[] { "a.png", "b.png", "c.png" })
            stream.Write(Entry(name, packed: long.MaxValue));
        var directory = stream.ToArray();
        var end = new byte[22];
        "PK\x05\x06"u8.CopyTo(end);
        (end[8], end[10]) = (3, 3);
        BitConverter.TryWriteBytes(end.AsSpan(12), directory.Length);
        _folder.Write("endless.zip", [.. directory, .. end]);
        _folder.Write("fine.png", Bytes(3));

        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal("fine.png", Assert.Single(manifest.Entries).Path);
        Assert.Equal(
            [("damaged.zip", "it is no whole zip archive"), ("endless.zip", "it is no whole zip archive")],
            manifest.SkippedFolders.Select(skipped => (skipped.Path, skipped.Reason)));

        static byte[] Entry(string name, long packed)
        {
            var entry = new byte[46 + name.Length + 12];
            "PK\x01\x02"u8.CopyTo(entry);
            entry.AsSpan(20, 4).Fill(255);
            (entry[28], entry[30]) = ((byte)name.Length, 12);
            Encoding.ASCII.GetBytes(name).CopyTo(entry, 46);
            (entry[46 + name.Length], entry[48 + name.Length]) = (1, 8);
            BitConverter.TryWriteBytes(entry.AsSpan(50 + name.Length), packed);
            return entry;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Zips_of_more_entries_than_their_end_can_count_are_whole(bool hasLargeCount)
    {
        const int Count = 66_000;
        var whole = Zip(CompressionLevel.NoCompression, [.. Enumerable.Range(0, Count).Select(
            i => ($"{i}.txt", Array.Empty<byte>())), ("a.png", Bytes(0))]);
        // Writers that know no zip64 keep the low 16 bits.
        if (!hasLargeCount)
            BitConverter.TryWriteBytes(whole.AsSpan(whole.Length - 22 + 10), (ushort)((Count + 1) & 0xffff));
        _folder.Write("many.zip", whole);
        Assert.Equal("many.zip/a.png", Assert.Single(ImageManifest.Build(_folder.Path, cancellationToken: _cancellation).Entries).Path);
    }

    [Fact]
    public async Task A_table_that_claims_more_pictures_than_its_pages_hold_gets_no_names_for_them()
    {
        _folder.Write("a.parquet", await HuggingFaceTable.Of(
            [.. Enumerable.Range(0, 100_000).Select(i => ((byte[]?)null, (long?)(i * 7919L)))], perGroup: 100_000));
        Assert.Contains("it claims 100000 pictures in", Assert.Throws<ImageSetException>(
            () => ImageManifest.Build(_folder.Path, cancellationToken: _cancellation)).Message);
    }

    [Fact]
    public void An_archive_whose_labels_cannot_be_read_gives_no_pictures_either()
    {
        var zip = Zip(CompressionLevel.NoCompression, [("x/1.png", Bytes(0)), ("x/1.cls", "seal"u8.ToArray())]);
        var last = zip.AsSpan(0, zip.AsSpan().IndexOf("PK\x01\x02"u8)).LastIndexOf("PK\x03\x04"u8);
        zip[last] = (byte)'Q';
        _folder.Write("a.zip", zip);
        _folder.Write("fine.png", Bytes(3));
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal("fine.png", Assert.Single(manifest.Entries).Path);
        Assert.Equal("a.zip", Assert.Single(manifest.SkippedFolders).Path);
    }

    [Fact]
    public void A_tar_whose_attributes_claim_gigabytes_takes_no_memory_for_them()
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
            writer.WriteEntry(
                new PaxTarEntry(TarEntryType.RegularFile, new string('x', 150) + ".png") { DataStream = new MemoryStream(Bytes(0)) });
        var bytes = stream.ToArray();
        Assert.Equal((byte)'x', bytes[156]);
        Encoding.ASCII.GetBytes("14000000000\0").CopyTo(bytes, 124);
        var sum = bytes.Take(512).Select((value, i) => i is >= 148 and < 156 ? 32 : (int)value).Sum();
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(bytes, 148);
        _folder.Write("bomb.tar", bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("it is no whole tar archive", Assert.Throws<ImageSetException>(
            () => ImageManifest.Build(_folder.Path, new() { Readers = 1 }, cancellationToken: _cancellation)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public async Task WebDataset_samples_have_the_label_beside_them()
    {
        for (var shard = 0; shard < 2; shard++)
        {
            using var stream = new MemoryStream();
            using (var writer = new TarWriter(stream, leaveOpen: true))
            {
                for (var i = shard * 10; i < (shard * 10) + 10; i++)
                {
                    Add(writer, $"train/{i:D4}.png", Bytes(i));
                    Add(
                        writer,
                        i % 2 == 0 ? $"train/{i:D4}.cls" : $"train/{i:D4}.json",
                        Encoding.UTF8.GetBytes(i % 2 == 0 ? $"{i % 3}\n" : $$"""{"label": {{i % 3}}, "width": 12}"""));
                }
                Add(writer, $"train/{shard}-none.png", Bytes(0));
                Add(writer, $"train/{shard}-odd.png", Bytes(1));
                Add(writer, $"train/{shard}-odd.json", "[1, 2"u8.ToArray());
            }
            _folder.Write($"shards/train-{shard:D6}.tar", stream.ToArray());
        }
        _folder.Write("shards/train-000009.tar", "not asked for");
        var source = ImageSetSource.Parse(Path.Combine(_folder.Path, "shards/train-{000000..000001}.tar"));
        Assert.Equal(Path.Combine(_folder.Path, "shards"), source.Root);
        using var files = new ImageFiles(source.Root);
        var manifest = ImageManifest.Build(files, new() { Only = source.Only }, cancellationToken: _cancellation);

        Assert.Equal(24, manifest.Entries.Count);
        Assert.Empty(manifest.SkippedFolders);
        Assert.Equal(["0", "1", "2"], manifest.Classes);
        foreach (var entry in manifest.Entries)
            Assert.Equal(entry.Path.Contains('-', StringComparison.Ordinal)
                && Name(entry).Contains('-') ? null : $"{int.Parse(Name(entry)) % 3}", entry.Class);
        await AreCrops(
            manifest, files, entry => Name(entry) switch { [_, '-', 'n', ..] => 0, [_, '-', 'o', ..] => 1, var name => int.Parse(name) });

        static string Name(ImageEntry entry) => Path.GetFileNameWithoutExtension(entry.Path);
    }

    [Theory]
    [InlineData(CompressionMethod.None, true)]
    [InlineData(CompressionMethod.Snappy, true)]
    [InlineData(CompressionMethod.Gzip, false)]
    [InlineData(CompressionMethod.Zstd, true)]
    [InlineData(CompressionMethod.Brotli, false)]
    public async Task Parquet_tables_of_Hugging_Face(CompressionMethod compression, bool asStruct)
    {
        for (var part = 0; part < 2; part++)
        {
            var rows = Enumerable.Range(part * 10, 10).Select(i => ((byte[]?)Bytes(i), (long?)(i % 2))).Append((null, -1))
                .Append((Bytes(0), null)).ToList();
            _folder.Write($"data/train-{part:D5}.parquet", await HuggingFaceTable.Of(rows, perGroup: 5, compression, asStruct: asStruct));
        }
        using var files = new ImageFiles(_folder.Path);
        var manifest = ImageManifest.Build(files, cancellationToken: _cancellation);

        Assert.Empty(manifest.SkippedFolders);
        Assert.Equal(24, manifest.Entries.Count);
        Assert.Equal("data/train-00001.parquet/000000003", manifest.Entries[15].Path);
        Assert.Equal(["goldfish", "tench, Tinca tinca"], manifest.Classes);
        Assert.Equal(["tench, Tinca tinca", "goldfish", null, null], new[] { 0, 1, 10, 11 }.Select(i => manifest.Entries[i].Class));
        Assert.Equal([10, 22], manifest.Entries.Where(entry => entry.Unreadable is not null).Select(entry => entry.Index));
        Assert.Equal(0, new ClassNames([new(0, "n01440764", "tench")]).Find(manifest.Entries[0].Class!)!.Index);
        await AreCrops(
            manifest, files, entry => entry.Index % 12 is var row and < 10 ? (entry.Index / 12 * 10) + row : 0, except: [10, 22]);
    }

    [Fact]
    public async Task Parquet_without_notes_is_known_by_its_columns_and_other_tables_are_named()
    {
        _folder.Write("a.parquet", await HuggingFaceTable.Of(
            [.. Enumerable.Range(0, 20).Select(i => ((byte[]?)Bytes(i), (long?)(i / 10)))], perGroup: 20, notes: null));
        _folder.Write("b.parquet", "PAR1 and then nothing of it PAR1");
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal(["0", "1"], manifest.Classes);
        Assert.Equal("it is no whole Parquet file", Assert.Single(manifest.SkippedFolders).Reason);
    }

    private async Task AreCrops(ImageManifest manifest, ImageFiles files, Func<ImageEntry, int> number, int[]? except = null)
    {
        var (source, plain) = (new CropSource(manifest, files, RandomPictures.Small), _pictures.Source());
        int[] order = [.. Enumerable.Range(0, manifest.Entries.Count).Except(except ?? []).SelectMany(i => new[] { i, (i * 7) % 10 })];
        await foreach (var batch in source.ReadBatches(order, 16, 4, _cancellation))
        {
            using (batch)
            {
                Assert.Empty(batch.Skipped);
                for (var i = 0; i < batch.Indices.Count; i++)
                    Assert.Equal(plain.Get(number(manifest.Entries[batch.Indices[i]])).Crop, batch.Crop(i).ToArray());
            }
        }
    }

    private byte[] Bytes(int picture) => File.ReadAllBytes(Path.Combine(_pictures.Folder.Path, RandomPictures.Name(picture)));

    private static void Add(TarWriter writer, string name, byte[] bytes) =>
        writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });

    private static byte[] Zip(CompressionLevel level, (string Name, byte[] Bytes)[] members)
    {
        using var stream = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in members)
            {
                using var entry = archive.CreateEntry(name, level).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }
}
