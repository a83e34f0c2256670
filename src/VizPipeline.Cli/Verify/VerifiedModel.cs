using System.Security.Cryptography;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.Verify;

/// <summary>Opens the network that an atlas was made with, and sees whether it is still the same.</summary>
internal static class VerifiedModel
{
    /// <summary>The network. Files whose contents have changed are told to <paramref name="findings"/>.</summary>
    /// <exception cref="UsageException">A file has moved, or the network lacks a layer of the atlas.</exception>
    public static async Task<NetworkGraph> OpenAsync(
        VerifiedAtlas atlas, VerifyOptions options, List<string> findings, CancellationToken cancellation)
    {
        var spec = atlas.Spec;
        var fetched = Directory.CreateTempSubdirectory("viz-verify-").FullName;
        try
        {
            async Task<string?> Find(string? asked, string? recorded, string? key, string? hash, string role)
            {
                // A cluster has its networks in the store; the path is that of the machine that submitted.
                if (asked is null && !File.Exists(recorded) && key is not null && ObjectKey.IsValid(key)
                    && await atlas.Store.ExistsAsync(key, cancellation))
                    await atlas.Store.GetFileAsync(key, asked = Path.Combine(fetched, Path.GetFileName(key)), cancellation);
                var path = asked ?? recorded;
                if (path is not null && hash is not null)
                    CheckFile(path, hash, role, findings);
                return path;
            }
            var model = (await Find(options.Model, spec.Model.Model, spec.Model.ModelKey, spec.Model.ModelSha256, "model"))!;
            var weights = await Find(options.Weights, spec.Model.Weights, spec.Model.WeightsKey, spec.Model.WeightsSha256, "weights");
            var graph = NetworkLoader.Load(model, weights, (spec.Model.Input[1], spec.Model.Input[2]));
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
            throw new UsageException($"the atlas's {role} file '{path}' is not there any more; say where it is now with --{role}");
        using var stream = File.OpenRead(path);
        if (Convert.ToHexStringLower(SHA256.HashData(stream)) != expected)
            findings.Add($"{role}: '{path}' is not the file that the atlas was made with (its SHA-256 differs)");
    }

    private static void CheckLayer(NetworkGraph graph, LayerSpec layer, string model)
    {
        if (graph.Layer(layer.Name).Neurons != layer.Channels)
            throw new UsageException($"layer '{layer.Name}' of model '{model}' has {graph.Layer(layer.Name).Neurons} neurons, and {layer.Channels} in the atlas: it is another model");
    }
}
