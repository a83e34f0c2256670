using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using VizPipeline.Cli.Embedded;
using VizPipeline.ImageStore;
using VizPipeline.Jobs;
using VizPipeline.Network.Import;
using VizPipeline.Network.Operators;
using VizPipeline.ObjectStore;
using VizPipeline.Sample.Model;
using VizPipeline.Tests.Cli.Verify;
using VizPipeline.Worker;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Tests.Worker;

/// <summary>Tests the filters and links of the sample network's layers, rendered by the handler as in a worker.</summary>
public sealed class RenderFiltersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_layer_with_weights_gets_links_and_every_convolution_its_picture()
    {
        var graph = NetworkLoader.Load(SampleNetwork.WriteTo(_folder.File("model")));
        var (spec, store) = (SpecOf(graph), new FolderObjectStore(_folder.File("atlas"), AtlasKeys.Root("sample-network")));
        using var runtime = await Open(spec, store);
        var commands = JobPlan.For(spec).Select(job => job.Command).OfType<RenderFilters>().ToList();
        Assert.Equal(
            spec.Layers.Where(layer => layer.Kind != "merge").Select(layer => layer.Index), commands.Select(command => command.Layer));
        Assert.Contains(commands, command => spec.Layers[command.Layer].Kind == "output");

        foreach (var command in commands)
        {
            var layer = spec.Layers[command.Layer];
            var key = AtlasKeys.LayerLinks(spec.Id, layer.Name);
            var (first, links) = (await RunAsync(), await store.GetAsync(key, TestContext.Current.CancellationToken));
            var (second, again) = (await RunAsync(), await store.GetAsync(key, TestContext.Current.CancellationToken));
            Assert.Equal(first, second);
            Assert.Equal(links, again);

            Assert.Equal(layer.Kind == "conv" ? 1 : 0, VizJson.Read<PictureTable>(first).Pictures.Count);
            Check(spec, graph, VizJson.Read<LinkTable>(links));

            async Task<byte[]> RunAsync() => await new RenderFiltersHandler(store).RunAsync(runtime, command, new Progress<int>(), default);
        }
    }

    private static void Check(AtlasSpec spec, VizPipeline.Network.Graph.NetworkGraph graph, LinkTable table)
    {
        var layer = spec.Layers[table.Layer];
        var weight = graph.Nodes[graph.Layer(layer.Name).WeightedNode!.Value].Operator switch
        {
            Convolution conv => conv.Weight,
            Linear linear => linear.Weight,
            _ => null,
        };
        Assert.Equal(layer.Channels, table.Neurons.Count);
        Assert.Equal(layer.Inputs, table.Readers.Select(read => read.Layer));
        var channels = layer.Inputs is [var below] ? spec.Layers[below].Channels : 3;
        var plane = (int)(weight!.Count / layer.Channels / channels);
        for (var o = 0; o < layer.Channels; o++)
        {
            var norms = Enumerable.Range(0, channels)
                .Select(i => Math.Sqrt(weight.Values.AsSpan((o * channels * plane) + (i * plane), plane).ToArray().Sum(
                    value => (double)value * value))).ToArray();
            var inputs = table.Neurons[o].Inputs;
            Assert.Equal(Enumerable.Range(0, channels).OrderByDescending(i => norms[i]).Take(8), inputs.Select(link => link.Channel));
            Assert.All(inputs, link =>
            {
                Assert.Equal((layer.Inputs is [var source] ? source : -1, layer.Inputs is []), (link.Layer, link.IsInput));
                Assert.Equal(norms[link.Channel], link.Norm, norms[link.Channel] * 1e-5);
            });
        }
    }

    private AtlasSpec SpecOf(VizPipeline.Network.Graph.NetworkGraph graph) => AtlasSpecs.Create(new AtlasRequest(
        "sample network", System.IO.Path.Combine(_folder.File("model"), SampleNetwork.ModelFile), null, graph, graph.Layers,
        SampleNetwork.Description.Preprocessing.ToPreprocessing(), null,
        _folder.Path, [], [], AtlasMethods.Filters, new AscentSpec(), "cpu", 8));

    private static async Task<AtlasRuntime> Open(AtlasSpec spec, FolderObjectStore store)
    {
        await store.PutAsync(AtlasKeys.Spec(spec.Id), VizJson.Write(spec));
        await store.PutAsync(AtlasKeys.ImageList(spec.Id), VizJson.Write(new ImageList([])));
        var options = Options.Create(new WorkerOptions { CacheFolder = "", Device = "cpu" });
        return await new AtlasRuntimes(
            store,
            new ModelFiles(store, options, NullLogger<ModelFiles>.Instance),
            new ImageRoot(null, null),
            options,
            NullLogger<AtlasRuntimes>.Instance)
            .OpenAsync(SmallAtlas.Cpu(), spec.Id, default);
    }
}
