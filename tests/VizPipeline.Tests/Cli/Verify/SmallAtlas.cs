using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.Catalog;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.ObjectStore;
using VizPipeline.Tests.Images;
using VizPipeline.Tests.Network.Formats.Onnx;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;
using ImageEntry = VizPipeline.Jobs.ImageEntry;

namespace VizPipeline.Tests.Cli.Verify;

/// <summary>A real atlas of a tiny network over random pictures, built by the workers' handlers without a bus.</summary>
public sealed class SmallAtlas : IDisposable
{
    private const int Side = 12;
    private readonly TemporaryFolder _folder = new();
    private readonly RandomPictures _pictures = new(60, 16);

    /// <summary>Images per shard. Of the 60 images, 1 per shard gives so many shards that they are gathered.</summary>
    public int ShardImages { get; init; } = 25;

    /// <summary>Which activations are kept; none by default.</summary>
    public KeepSpec? Keep { get; init; }

    /// <summary>Number of classes of the images; 0 for a set without classes.</summary>
    public int Classes { get; init; }

    private static IOptions<WorkerOptions> WorkerSettings { get; } = Options.Create(new WorkerOptions { CacheFolder = "", Device = "cpu" });

    public string Path => _folder.File("atlas");

    public string ModelFile => _folder.File("net.onnx");

    public string ImageFolder => _pictures.Folder.Path;

    public SqliteCatalogDatabase Database => new(EmbeddedAtlas.CatalogFile(Path));

    public void Dispose()
    {
        _folder.Dispose();
        _pictures.Dispose();
    }

    public async Task<SmallAtlas> Make()
    {
        var (spec, images) = Plan();
        var store = new FolderObjectStore(Path, AtlasKeys.Root(spec.Id));
        await store.PutAsync(AtlasKeys.Spec(spec.Id), VizJson.Write(spec));
        await store.PutAsync(AtlasKeys.ImageList(spec.Id), VizJson.Write(images));
        await Database.MigrateAsync();
        await using var context = Database.Open();
        await using var transaction = await context.Database.BeginTransactionAsync();
        var atlas = await AtlasCreation.CreateAsync(context, spec, images, JobPlan.For(spec), DateTime.UnixEpoch, default);
        using var runtimes = Runtimes();
        var runtime = await runtimes.OpenAsync(Cpu(), spec.Id, default);
        foreach (var planned in JobPlan.For(spec))
        {
            var bytes = planned.Command switch
            {
                ScanShard scan => await DoAsync(new ScanShardHandler(store, Gate(), WorkerSettings), runtime, scan, store),
                GatherShards gather => await DoAsync(new GatherShardsHandler(store), runtime, gather, store),
                MergeLayer merge => await DoAsync(new MergeLayerHandler(store), runtime, merge, store),
                RenderPatches patches => await DoAsync(new RenderPatchesHandler(store), runtime, patches, store),
                RenderSheet sheet => await DoAsync(new RenderSheetHandler(store), runtime, sheet, store),
                _ => throw new NotSupportedException(),
            };
            await ResultIngest.IngestAsync(
                context, await context.Jobs.SingleAsync(job => job.AtlasId == atlas.Id && job.JobId == planned.Id), bytes, default);
        }
        await transaction.CommitAsync();
        return this;
    }

    private static DeviceGate Gate() => new(WorkerSettings, TimeProvider.System, NullLogger<DeviceGate>.Instance);

    /// <summary>Returns the CPU as the only device of a worker.</summary>
    public static ComputeDevice Cpu() => new(TorchDevice.FindAll("cpu")[0], index: 0, sharers: 1, TimeProvider.System);

    /// <summary>Opens the atlas as a worker does.</summary>
    public AtlasRuntimes Runtimes()
    {
        var store = new FolderObjectStore(Path, AtlasKeys.Root("small"));
        return new AtlasRuntimes(
            store, new ModelFiles(store, WorkerSettings, NullLogger<ModelFiles>.Instance), new ImageRoot(null, null), WorkerSettings,
            NullLogger<AtlasRuntimes>.Instance);
    }

    /// <summary>Creates the spec and the image list.</summary>
    public (AtlasSpec Spec, ImageList Images) Plan()
    {
        File.WriteAllBytes(ModelFile, Network());
        return (Spec(),
            new ImageList(
                [.. Manifest().Entries.Select(entry => new ImageEntry(entry.Path, entry.ClassIndex, entry.Bytes, entry.ContentHash))]));
    }

    private ImageManifest Manifest() => Classes == 0 ? _pictures.Manifest : new ImageManifest(
        [.. _pictures.Manifest.Entries.Select(entry => entry with
        {
            ClassIndex = entry.Index % Classes,
            Class = ClassName(entry.Index % Classes),
        })]);

    private static string ClassName(int index) => $"class {index}";

    private static async Task<byte[]> DoAsync<T>(IJobHandler<T> handler, AtlasRuntime runtime, T command, FolderObjectStore store)
        where T : JobCommand
    {
        var bytes = await handler.RunAsync(runtime, command, new Progress<int>(), default);
        await store.PutAsync(JobKinds.Get(command).GetResultKeyOf(runtime.Spec, command), bytes);
        return bytes;
    }

    private AtlasSpec Spec()
    {
        var graph = NetworkLoader.Load(ModelFile);
        return new AtlasSpec
        {
            Id = "small",
            Name = "small",
            Model = new ModelSpec
            {
                Model = ModelFile,
                ModelSha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(ModelFile))),
                Input = [3, Side, Side],
            },
            Images = new ImageSetSpec
            {
                Root = ImageFolder,
                ManifestHash = Manifest().Hash,
                Count = _pictures.Manifest.Entries.Count,
                Classes = [.. Enumerable.Range(0, Classes).Select(ClassName)],
            },
            Preprocessing = JsonDocument.Parse(Preprocessing.Unit(Side, Side).ToJson()).RootElement,
            Layers = [.. graph.Layers.Select((layer, i) => new LayerSpec
            {
                Index = i,
                Name = layer.Name,
                Kind = layer.Kind == LayerKind.Conv ? "conv" : "output",
                Channels = layer.Neurons,
                Height = layer.Shape.Height,
                Width = layer.Shape.Width,
            })],
            Methods = AtlasMethods.Top9 | AtlasMethods.Deconv,
            ShardImages = ShardImages,
            Keep = Keep,
            BatchSize = 7,
        };
    }

    // conv 3x3 -> relu -> pool -> conv 3x3 -> relu -> global average -> output
    private static byte[] Network()
    {
        var random = new Random(1);
        var (pads, kernel) = (Ints("pads", 1, 1, 1, 1), Ints("kernel_shape", 3, 3));
        return OnnxModels.Model(OnnxModels.Graph(
                OnnxModels.Node("Conv", ["x", "first.weight"], ["a"], kernel, pads),
                OnnxModels.Node("Relu", ["a"], ["b"]),
                OnnxModels.Node("MaxPool", ["b"], ["c"], Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)),
                OnnxModels.Node("Conv", ["c", "second.weight"], ["d"], kernel),
                OnnxModels.Node("Relu", ["d"], ["e"]),
                OnnxModels.Node("GlobalAveragePool", ["e"], ["f"]),
                OnnxModels.Node("Flatten", ["f"], ["y"]))
            .Message(5, Weight(random, "first.weight", 4, 3, 3, 3))
            .Message(5, Weight(random, "second.weight", 5, 4, 3, 3))
            .Message(11, OnnxModels.Value("x", 1, 3, Side, Side))
            .Message(12, OnnxModels.Value("y", 1, 5)));
    }

    private static ProtoWriter Ints(string name, params long[] values)
        => OnnxModels.Attribute(name, 7, attribute => attribute.Numbers(8, values));

    private static ProtoWriter Weight(Random random, string name, params long[] dims)
    {
        var values = new float[dims.Aggregate(1L, (product, extent) => product * extent)];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)(random.NextDouble() - 0.5);
        return OnnxModels.Tensor(name, OnnxModels.Float, dims).Bytes(9, MemoryMarshal.AsBytes<float>(values).ToArray());
    }
}
