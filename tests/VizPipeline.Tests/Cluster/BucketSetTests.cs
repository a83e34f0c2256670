using System.Formats.Tar;
using System.Security.Cryptography;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests workers without a mounted folder: they read images from a bucket, as objects and in tar archives.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class BucketSetTests(SampleMaterial material)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_atlas_over_a_bucket_is_the_atlas_over_the_folder()
    {
        var fromFolder = await PicturesAsync(null);
        var fromBucket = await PicturesAsync("sets/train");
        Assert.NotEmpty(fromFolder);
        Assert.Equal(fromFolder, fromBucket);
    }

    private async Task<string[]> PicturesAsync(string? prefix)
    {
        await using var cluster = await TestCluster.StartAsync(material);
        cluster.AddWorker();
        await cluster.WaitForWorkersAsync(1, _cancellation);
        if (prefix is not null)
            await UploadAsync(cluster, prefix);
        await cluster.SubmitAsync(_cancellation, prefix is null ? null : $"s3://{cluster.Settings["ObjectStore__Bucket"]}/{prefix}");
        Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
        Assert.Empty((await cluster.FaultsAsync(_cancellation)).Unreadable);
        // Pixels, since the texts in the files name the atlas's hash, which the paths of the images belong to.
        using var store = cluster.Store();
        var contents = new List<string>();
        await foreach (var key in store.ListAsync("atlases/", _cancellation))
        {
            if (key.Contains("/pictures/", StringComparison.Ordinal))
            {
                var picture = ImageDecoder.Decode(await store.GetAsync(key, _cancellation), key);
                contents.Add($"{key} {picture.Width} {Convert.ToHexString(SHA256.HashData(picture.Pixels))}");
            }
            else if (key.EndsWith("/neurons.json", StringComparison.Ordinal))
            {
                contents.Add($"{key} {Convert.ToHexString(SHA256.HashData(await store.GetAsync(key, _cancellation)))}");
            }
        }
        return [.. contents];
    }

    // Uploads every second class as an archive; names sort like the folders, so the image indices are the same.
    private async Task UploadAsync(TestCluster cluster, string prefix)
    {
        using var store = cluster.Store();
        foreach (var (folder, number) in Directory.GetDirectories(material.Images).Order(StringComparer.Ordinal).Select(
            (folder, i) => (folder, i)))
        {
            var name = Path.GetFileName(folder);
            if (number % 2 == 0)
            {
                foreach (var file in Directory.GetFiles(folder))
                    await store.PutFileAsync($"{prefix}/{name}/{Path.GetFileName(file)}", file, _cancellation);
                continue;
            }
            using var stream = new MemoryStream();
            await TarFile.CreateFromDirectoryAsync(folder, stream, includeBaseDirectory: true, _cancellation);
            await store.PutAsync($"{prefix}/{name}.tar", stream.ToArray(), _cancellation);
        }
    }
}
