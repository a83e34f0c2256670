using System.Security.Cryptography;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;

namespace VizPipeline.Cli.Verify;

/// <summary>Opens the network that an atlas was made with, and sees whether it is still the same.</summary>
internal static class VerifiedModel
{
    /// <summary>The network. Files whose contents have changed are told to <paramref name="findings"/>.</summary>
    /// <exception cref="UsageException">A file has moved, or the network lacks a layer of the atlas.</exception>
    public static NetworkGraph Open(AtlasSpec spec, VerifyOptions options, List<string> findings)
    {
        var (model, weights) = (options.Model ?? spec.Model.Model, options.Weights ?? spec.Model.Weights);
        if (spec.Model.ModelSha256 is { } modelHash)
            CheckFile(model, modelHash, "model", findings);
        if (weights is not null && spec.Model.WeightsSha256 is { } weightsHash)
            CheckFile(weights, weightsHash, "weights", findings);
        var graph = NetworkLoader.Load(model, weights, (spec.Model.Input[1], spec.Model.Input[2]));
        foreach (var layer in spec.Layers)
            CheckLayer(graph, layer, model);
        return graph;
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
