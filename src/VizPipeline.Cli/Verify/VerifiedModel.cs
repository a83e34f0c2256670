using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Jobs;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Verify;

/// <summary>Opens the network of an atlas and checks that it has not changed.</summary>
internal static class VerifiedModel
{
    /// <summary>Opens the network, and adds files that have changed to <paramref name="findings"/>.</summary>
    /// <exception cref="UsageException">A file has moved, or the network lacks a layer of the atlas.</exception>
    public static async Task<NetworkGraph> OpenAsync(
        VerifiedAtlas atlas, VerifyOptions options, List<string> findings, CancellationToken cancellation)
    {
        var spec = atlas.Spec;
        var fetched = Directory.CreateTempSubdirectory("viz-verify-").FullName;
        try
        {
            async Task<string?> FindAsync(string? asked, string? recorded, string? key, string? hash, string role)
            {
                // On a cluster the file is in the object store; the recorded path is that on the submitting machine.
                if (asked is null && !File.Exists(recorded) && key is not null && ObjectKey.IsValid(key)
                    && await atlas.Store.ExistsAsync(key, cancellation))
                    await atlas.Store.GetFileAsync(key, asked = Path.Combine(fetched, Path.GetFileName(key)), cancellation);
                var path = asked ?? recorded;
                if (path is not null && hash is not null)
                    CheckFile(path, hash, role, findings);
                return path;
            }
            var model = (await FindAsync(options.Model, spec.Model.Model, spec.Model.ModelKey, spec.Model.ModelSha256, "model"))!;
            var weights = await FindAsync(options.Weights, spec.Model.Weights, spec.Model.WeightsKey, spec.Model.WeightsSha256, "weights");
            var graph = NetworkLoader.Load(model, weights, (spec.Model.Input[1], spec.Model.Input[2]));
            foreach (var dictionary in spec.Dictionaries ?? [])
            {
                var file = await FindAsync(null, null, dictionary.KeyIn(spec.Id), dictionary.Sha256, "dictionary")
                    ?? throw new UsageException($"the dictionary '{dictionary.Name}' is not among the atlas's objects");
                graph = Readout.Attach(
                    graph, dictionary.Layer, dictionary.Name, DictionaryFile.Read(file, graph.Layer(dictionary.Layer).Neurons));
            }
            foreach (var layer in spec.Layers)
                CheckLayer(graph, layer, model);
            return graph;
        }
        finally
        {
            Directory.Delete(fetched, recursive: true);
        }
    }

    private static void CheckFile(string path, string expected, string role, List<string> findings)
    {
        if (!File.Exists(path))
            throw new UsageException($"the atlas's {role} file '{path}' does not exist any more; give its new path with --{role}");
        if (AtlasSpecs.ComputeHash(path) != expected)
            findings.Add($"{role}: '{path}' is not the file that the atlas was built with (different SHA-256)");
    }

    private static void CheckLayer(NetworkGraph graph, LayerSpec layer, string model)
    {
        if (graph.Layer(layer.Name).Neurons != layer.Channels)
            throw new UsageException(
                $"layer '{layer.Name}' of model '{model}' has {graph.Layer(layer.Name).Neurons} neurons, but {layer.Channels} in the "
                + "atlas: it is a different model");
    }
}
