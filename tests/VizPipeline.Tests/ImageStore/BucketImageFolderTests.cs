using System.Formats.Tar;
using Minio;
using Minio.DataModel.Args;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Images;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.ObjectStore;

/// <summary>An image set in a bucket of a real S3 server equals the set of the same files in a folder.</summary>
public sealed class BucketImageFolderTests : IDisposable
{
    private readonly RandomPictures _pictures = new(24);
    private readonly TemporaryFolder _cache = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _pictures.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public async Task Pictures_and_archives_below_a_prefix()
    {
        var options = await TestS3.NewBucketAsync();
        await FillAsync(options);
        var archives = new ArchiveCache(new DiskBudget(_cache.Path, 1 << 20));
        using var files = new ImageRoot(options, archives).Open($"s3://{options.Bucket}/sets/mine");
        var manifest = await Task.Run(() => ImageManifest.Build(files, cancellationToken: _cancellation), _cancellation);

        Assert.Equal(24, manifest.Entries.Count);
        Assert.Equal(["odd (1) + ü", "shard", "tail"], manifest.Classes);
        var source = new CropSource(manifest, files, RandomPictures.Small);
        await foreach (var batch in source.ReadBatches([.. Enumerable.Range(0, 24)], 5, 3, _cancellation))
        {
            using (batch)
            {
                Assert.Empty(batch.Skipped);
                for (var i = 0; i < batch.Indices.Count; i++)
                    Assert.Equal(_pictures.Source().Get(Number(manifest.Entries[batch.Indices[i]].Path)).Crop, batch.Crop(i).ToArray());
            }
        }
        // A second reader uses the cached archives, even after the server has lost them.
        Assert.Equal(2, Directory.GetFiles(_cache.File("archives")).Length);
    }

    [Fact]
    public async Task Archives_that_were_used_longest_ago_make_room()
    {
        var options = await TestS3.NewBucketAsync();
        await FillAsync(options);
        var size = Tar(0, 8).LongLength;
        var archives = new ArchiveCache(new DiskBudget(_cache.Path, size + (size / 2)));
        using var files = new ImageRoot(options, archives).Open($"s3://{options.Bucket}/sets/mine/");
        for (var round = 0; round < 2; round++)
        {
            foreach (var archive in new[] { "a.tar", "b.tar" })
            {
                using var again = new ImageRoot(options, archives).Open($"s3://{options.Bucket}/sets/mine");
                var first = archive == "a.tar" ? 0 : 8;
                Assert.Equal(Bytes(first), await Task.Run(() => again.Use($"{archive}/shard/{RandomPictures.Name(first)}", Content)));
                Assert.True(Directory.GetFiles(_cache.File("archives")).Sum(file => new FileInfo(file).Length) <= size * 3 / 2);
            }
        }
    }

    [Fact]
    public async Task Archives_that_are_named_are_the_set()
    {
        var options = await TestS3.NewBucketAsync();
        await FillAsync(options);
        using (var client = Client(options))
        {
            await Put(client, options, "sets/mine/c.zip", Zip(18, 3));
            await Put(client, options, "sets/mine/d.parquet", await HuggingFaceTable.Of(
                [.. Enumerable.Range(21, 3).Select(i => ((byte[]?)Bytes(i), (long?)1))]));
        }
        var source = ImageSetSource.Parse($"s3://{options.Bucket}/sets/mine/{{a.tar,c.zip,d.parquet}}");
        using var files = new ImageRoot(options, new ArchiveCache(new DiskBudget(_cache.Path, 1 << 20))).Open(source.Root);
        var manifest = await Task.Run(
            () => ImageManifest.Build(files, new() { Only = source.Only }, cancellationToken: _cancellation), _cancellation);
        Assert.Equal(8 + 3 + 3, manifest.Entries.Count);
        // The table has its own labels; other images are labelled by folder.
        Assert.Equal(["goldfish", "shard"], manifest.Classes);
        var crops = new CropSource(manifest, files, RandomPictures.Small);
        Assert.Equal(_pictures.Source().Get(19).Crop, await Task.Run(() => crops.Get(9).Crop));
        Assert.Equal(_pictures.Source().Get(23).Crop, await Task.Run(() => crops.Get(13).Crop));
    }

    [Fact]
    public async Task Prefixes_that_are_called_like_archives_are_prefixes()
    {
        var options = await TestS3.NewBucketAsync();
        await FillAsync(options);
        using (var client = Client(options))
            await Put(client, options, "odd/x.zip/cat/1.png", Bytes(5));
        // No archive cache, as there are no archives.
        using var files = new ImageRoot(options, null).Open($"s3://{options.Bucket}/odd");
        var manifest = await Task.Run(() => ImageManifest.Build(files, cancellationToken: _cancellation), _cancellation);
        Assert.Equal(
            ("x.zip/cat/1.png", "x.zip", null),
            (Assert.Single(manifest.Entries).Path, manifest.Entries[0].Class, manifest.Entries[0].Unreadable));
        Assert.Equal(
            _pictures.Source().Get(5).Crop, await Task.Run(() => new CropSource(manifest, files, RandomPictures.Small).Get(0).Crop));
    }

    [Fact]
    public async Task What_is_wrong_is_told_in_one_line()
    {
        var options = await TestS3.NewBucketAsync();
        var root = new ImageRoot(options, null);
        foreach (var bad in new[] { "s3://", "s3://A B/x", "s3://bucket/../other", "s3:///x" })
            Assert.Contains("s3://bucket/prefix", Assert.Throws<ImageSetException>(() => root.Open(bad)).Message);
        Assert.Contains(
            "ObjectStore__Endpoint", Assert.Throws<ImageSetException>(() => new ImageRoot(null, null).Open("s3://bucket/x")).Message);
        Assert.Contains("does not exist", Assert.Throws<ImageSetException>(() => root.Open("/no/such/folder").Check()).Message);
        using var missing = root.Open("s3://no-such-bucket-here/x");
        var failure = await Assert.ThrowsAsync<ObjectStoreException>(
            () => Task.Run(() => ImageManifest.Build(missing, cancellationToken: _cancellation)));
        Assert.Contains("no-such-bucket-here", failure.Message);
        await FillAsync(options);
        using var empty = root.Open($"s3://{options.Bucket}/nothing");
        Assert.Contains("no pictures", (await Assert.ThrowsAsync<ImageSetException>(
            () => Task.Run(() => ImageManifest.Build(empty, cancellationToken: _cancellation)))).Message);
    }

    private static byte[] Content(ImageFile file)
    {
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(bytes, 0));
        return bytes;
    }

    private static int Number(string path) => int.Parse(Path.GetFileNameWithoutExtension(path));

    private byte[] Bytes(int picture) => File.ReadAllBytes(Path.Combine(_pictures.Folder.Path, RandomPictures.Name(picture)));

    private byte[] Tar(int first, int count)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            for (var i = first; i < first + count; i++)
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"shard/{RandomPictures.Name(i)}")
                {
                    DataStream = new MemoryStream(Bytes(i)),
                });
        }
        return stream.ToArray();
    }

    // Two archives, objects with names that our object store would not write, and objects outside the set.
    private async Task FillAsync(S3Options options)
    {
        using (var store = new S3ObjectStore(options))
            await store.EnsureBucketAsync(TimeSpan.Zero, _cancellation);
        using var client = Client(options);
        await Put(client, options, "sets/mine/a.tar", Tar(0, 8));
        await Put(client, options, "sets/mine/b.tar", Tar(8, 8));
        for (var i = 16; i < 20; i++)
            await Put(client, options, $"sets/mine/odd (1) + ü/{RandomPictures.Name(i)}", Bytes(i));
        for (var i = 20; i < 24; i++)
            await Put(client, options, $"sets/mine/tail/{RandomPictures.Name(i)}", Bytes(i));
        await Put(client, options, "sets/mine/README.txt", Bytes(0));
        await Put(client, options, "sets/mine-not/x.png", Bytes(0));
    }

    private byte[] Zip(int first, int count)
    {
        using var stream = new MemoryStream();
        using (var archive = new System.IO.Compression.ZipArchive(stream, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var i = first; i < first + count; i++)
            {
                using var entry = archive.CreateEntry(RandomPictures.Name(i)).Open();
                entry.Write(Bytes(i));
            }
        }
        return stream.ToArray();
    }

    private static IMinioClient Client(S3Options options) =>
        new MinioClient().WithEndpoint(new Uri(options.Endpoint).Authority).WithCredentials(options.AccessKey, options.SecretKey).Build();

    private async Task Put(IMinioClient to, S3Options options, string key, byte[] bytes) => await to.PutObjectAsync(
        new PutObjectArgs().WithBucket(options.Bucket).WithObject(key)
            .WithStreamData(new MemoryStream(bytes)).WithObjectSize(bytes.Length),
        _cancellation);
}
