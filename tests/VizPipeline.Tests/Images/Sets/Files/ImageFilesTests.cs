using System.Formats.Tar;
using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>Tar archives in an image set are read where they lie, and nothing in them leads out of it.</summary>
public sealed class ImageFilesTests : IDisposable
{
    private readonly RandomPictures _pictures = new(40);
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _pictures.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public async Task Members_have_the_crops_and_the_classes_that_files_have(TarEntryFormat format)
    {
        for (var shard = 0; shard < 10; shard++)
            Tar(
                $"deep/{shard:D3}.tar", format,
                Enumerable.Range(shard * 4, 4).Select(i => ($"{(i % 2 == 0 ? "cat" : "./dog")}/{RandomPictures.Name(i)}", Bytes(i))));
        using var files = new ImageFiles(_folder.Path);
        var manifest = ImageManifest.Build(files, cancellationToken: _cancellation);

        Assert.Equal(40, manifest.Entries.Count);
        Assert.Equal(["cat", "dog"], manifest.Classes);
        Assert.Equal("deep/000.tar/cat/0000.png", manifest.Entries[0].Path);
        // More archives than are kept open, in every order at once.
        var source = new CropSource(manifest, files, RandomPictures.Small);
        var plain = _pictures.Source();
        int[] order = [.. Enumerable.Range(0, 40).SelectMany(i => new[] { i, 39 - i, (i * 7) % 40 })];
        await foreach (var batch in source.ReadBatches(order, 16, 6, _cancellation))
        {
            using (batch)
            {
                Assert.Empty(batch.Skipped);
                for (var i = 0; i < batch.Indices.Count; i++)
                    Assert.Equal(plain.Get(int.Parse(
                        Path.GetFileNameWithoutExtension(manifest.Entries[batch.Indices[i]].Path))).Crop, batch.Crop(i).ToArray());
            }
        }
    }

    [Fact]
    public void What_is_no_archive_or_ends_too_soon_is_named_and_the_rest_is_there()
    {
        Tar("good.tar", TarEntryFormat.Pax, [("a.png", Bytes(0)), ("notes.txt", Bytes(1)), (".hidden.png", Bytes(2)), ("b.png", Bytes(3))]);
        var whole = File.ReadAllBytes(Path.Combine(_folder.Path, "good.tar"));
        _folder.Write("short.tar", whole[..700]);
        _folder.Write("text.tar", "this is no archive, though it is long enough to be taken for one".PadRight(1024));
        _folder.Write("empty.tar", []);

        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);

        Assert.Equal(["good.tar/a.png", "good.tar/b.png"], manifest.Entries.Select(entry => entry.Path));
        Assert.Equal(["short.tar", "text.tar"], manifest.SkippedFolders.Select(skipped => skipped.Path));
        Assert.All(manifest.SkippedFolders, skipped => Assert.Equal("it is no whole tar archive", skipped.Reason));

        // Who names them does not want the set without them.
        var named = Assert.Throws<ImageSetException>(
            () => ImageManifest.Build(_folder.Path, new() { Only = ["good.tar", "short.tar"] }, cancellationToken: _cancellation));
        Assert.EndsWith(": short.tar cannot be used: it is no whole tar archive", named.Message);
    }

    [Fact]
    public void Names_that_lead_out_of_the_set_are_not_followed()
    {
        var outside = _folder.Write("outside.png", Bytes(0));
        Tar("set/a.tar", TarEntryFormat.Pax, [("../outside.png", Bytes(1)), ("/abs.png", Bytes(1)), ("x/../../y.png", Bytes(
            1)), ("fine.png", Bytes(1))]);
        var root = Path.Combine(_folder.Path, "set");
        var manifest = ImageManifest.Build(root, cancellationToken: _cancellation);
        Assert.Equal(["a.tar/fine.png"], manifest.Entries.Select(entry => entry.Path));

        // As a hostile list would have it.
        var length = new FileInfo(outside).Length;
        var hash = Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(File.ReadAllBytes(outside)));
        foreach (var path in new[] { "../outside.png", outside, "a.tar/../../outside.png", "./../outside.png", "" })
        {
            var forged = new ImageManifest([new(0, path, length, hash)]);
            var result = new CropSource(forged, root, RandomPictures.Small).Get(0);
            Assert.Null(result.Crop);
        }
    }

    [Fact]
    public void A_folder_that_is_called_like_an_archive_is_a_folder()
    {
        _folder.Write("odd.tar/a.png", Bytes(5));
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal("odd.tar/a.png", Assert.Single(manifest.Entries).Path);
        Assert.NotNull(new CropSource(manifest, _folder.Path, RandomPictures.Small).Get(0).Crop);
    }

    [Fact]
    public void Archives_in_folders_that_are_called_like_archives_are_archives()
    {
        Tar("odd.zip/part.tar", TarEntryFormat.Pax, [("cat/a.png", Bytes(0)), ("b.tar/c.png", Bytes(1))]);
        _folder.Write("odd.zip/cat/a.png", Bytes(2));
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal(
            [("odd.zip/cat/a.png", "odd.zip"), ("odd.zip/part.tar/b.tar/c.png", "b.tar"), ("odd.zip/part.tar/cat/a.png", "cat")],
            manifest.Entries.Select(entry => (entry.Path, entry.Class!)));
        Assert.All(manifest.Entries, entry => Assert.Null(entry.Unreadable));
        Assert.NotNull(new CropSource(manifest, _folder.Path, RandomPictures.Small).Get(1).Crop);

        // Named one by one, they have the same classes.
        var named = ImageManifest.Build(
            _folder.Path, new() { Only = [.. manifest.Entries.Select(entry => entry.Path)] }, cancellationToken: _cancellation);
        Assert.Equal(manifest.Hash, named.Hash);
    }

    [Fact]
    public void Labels_of_one_archive_leave_the_others_to_their_folders()
    {
        Tar("a.tar", TarEntryFormat.Pax, [("x/1.png", Bytes(0)), ("x/1.cls", "seal"u8.ToArray()), ("x/2.png", Bytes(1))]);
        Tar("b.tar", TarEntryFormat.Pax, [("cat/1.png", Bytes(2))]);
        _folder.Write("dog/1.png", Bytes(3));
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Assert.Equal(["seal", null, "cat", "dog"], manifest.Entries.Select(entry => entry.Class));
    }

    [Fact]
    public void An_archive_that_changed_since_the_listing_costs_its_pictures_and_says_why()
    {
        Tar("a.tar", TarEntryFormat.Pax, [("a.png", Bytes(0)), ("b.png", Bytes(1))]);
        var manifest = ImageManifest.Build(_folder.Path, cancellationToken: _cancellation);
        Tar("a.tar", TarEntryFormat.Pax, [("a.png", Bytes(2))]);
        var source = new CropSource(manifest, _folder.Path, RandomPictures.Small);
        Assert.Contains("changed since", source.Get(0).Unreadable);
        Assert.Contains("no such member", source.Get(1).Unreadable);
    }

    private byte[] Bytes(int picture) => File.ReadAllBytes(Path.Combine(_pictures.Folder.Path, RandomPictures.Name(picture)));

    private void Tar(string name, TarEntryFormat format, IEnumerable<(string Name, byte[] Bytes)> members)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            foreach (var (member, bytes) in members)
            {
                TarEntry entry = format switch
                {
                    TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, member),
                    TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, member),
                    TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, member),
                    _ => new PaxTarEntry(TarEntryType.RegularFile, member),
                };
                entry.DataStream = new MemoryStream(bytes);
                writer.WriteEntry(entry);
            }
        }
        _folder.Write(name, stream.ToArray());
    }
}
