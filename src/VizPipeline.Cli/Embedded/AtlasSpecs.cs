using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.Embedded;

/// <summary>What the user asked for, opened: everything that a spec is made of.</summary>
/// <param name="Name">The atlas's name for people.</param>
/// <param name="Model">File or architecture.</param>
/// <param name="Weights">Weights file, or null.</param>
/// <param name="Graph">The network.</param>
/// <param name="Layers">Chosen layers.</param>
/// <param name="Preprocessing">How images become inputs.</param>
/// <param name="Images">The image set, or null where no method needs one.</param>
/// <param name="ImageFolder">Its folder, absolute.</param>
/// <param name="Classes">Names of the image set's labels, by label.</param>
/// <param name="OutputNames">Names of the output's units, or empty.</param>
/// <param name="Methods">What to make.</param>
/// <param name="Ascent">Ascent settings.</param>
/// <param name="Device">The devices to compute on, as <see cref="TorchDevice.FindAll"/> takes them.</param>
/// <param name="BatchSize">Images per forward pass.</param>
/// <param name="Selection">Which part of the image set was chosen, in words; empty for all of it.</param>
internal sealed record AtlasRequest(
    string Name, string Model, string? Weights, NetworkGraph Graph, IReadOnlyList<Network.Graph.Layer> Layers, Preprocessing Preprocessing, ImageManifest? Images,
    string ImageFolder, IReadOnlyList<string> Classes, IReadOnlyList<string> OutputNames, AtlasMethods Methods, AscentSpec Ascent, string Device, int BatchSize, string Selection = "");

/// <summary>Makes specs: hashes of the files, layers as records, and job sizes for about half a minute of work each.</summary>
internal static class AtlasSpecs
{
    // What a core is taken to do: measured 50 to 70 billion multiply-adds per second with vector units.
    private const double MultiplyAddsPerCoreSecond = 40e9;
    private const double JobSeconds = 30;

    public static AtlasSpec Of(AtlasRequest request)
    {
        var isFile = File.Exists(request.Model);
        var input = request.Graph.InputShape;
        return new AtlasSpec
        {
            Id = Slug(request.Name),
            Name = request.Name,
            Model = new ModelSpec
            {
                Model = isFile ? Path.GetFullPath(request.Model) : request.Model,
                Weights = request.Weights is null ? null : Path.GetFullPath(request.Weights),
                Architecture = isFile ? null : request.Model,
                ModelSha256 = isFile ? HashOf(request.Model) : null,
                WeightsSha256 = request.Weights is null ? null : HashOf(request.Weights),
                Input = [input.Channels, input.Height, input.Width],
            },
            Images = new ImageSetSpec
            {
                Root = request.ImageFolder,
                ManifestSha256 = request.Images?.Hash ?? "",
                Count = request.Images?.Entries.Count ?? 0,
                Classes = request.Classes,
                Selection = request.Selection.Length > 0 ? request.Selection : null,
            },
            Preprocessing = JsonDocument.Parse(request.Preprocessing.ToJson()).RootElement,
            Layers = [.. request.Layers.Select((layer, i) => LayerOf(request.Graph, layer, i) with { Inputs = InputsOf(request, i) })],
            OutputNames = request.OutputNames,
            Methods = request.Methods,
            Ascent = request.Ascent,
            ShardImages = ShardImages(request),
            NeuronsPerJob = NeuronsPerJob(request),
            BatchSize = request.BatchSize,
            // Which of a machine's devices is that machine's matter.
            Device = TorchDevice.KindOf(request.Device),
        };
    }

    /// <summary>The image list of a manifest, as workers get it.</summary>
    public static ImageList ListOf(ImageManifest? manifest) => new(
        [.. (manifest?.Entries ?? []).Select(entry => new Jobs.ImageEntry(entry.Path, entry.ClassIndex, entry.Bytes, entry.ContentHash, entry.Unreadable))]);

    /// <summary>A name as an id: lower case, letters, digits and single dashes.</summary>
    public static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var sign in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(sign))
                slug.Append(sign);
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }
        var id = slug.ToString().Trim('-');
        return id.Length switch { 0 => "atlas", < 3 => $"atlas-{id}", > 64 => id[..64].TrimEnd('-'), _ => id };
    }

    private static string HashOf(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static LayerSpec LayerOf(NetworkGraph graph, Network.Graph.Layer layer, int index)
    {
        var (field, node) = (layer.Field, graph.Nodes[layer.WeightedNode ?? layer.Node]);
        return new LayerSpec
        {
            Index = index,
            Name = layer.Name,
            Kind = layer.Kind switch { LayerKind.Conv => "conv", LayerKind.Linear => "linear", LayerKind.Output => "output", _ => "merge" },
            Operator = OperatorText(node.Operator),
            Channels = layer.Neurons,
            Height = layer.Shape.Height,
            Width = layer.Shape.Width,
            FieldY = new ReceptiveAxis(field.Y.Size, field.Y.Stride, CentreOf(field.Y)),
            FieldX = new ReceptiveAxis(field.X.Size, field.X.Stride, CentreOf(field.X)),
            SeesWholeInput = field.IsWhole,
            Parameters = layer.Parameters,
            Depth = graph.Layers.Count(other => other.Index <= layer.Index && other.WeightedNode is not null),
            Flops = 2 * node.Operator.MultiplyAdds(node.Shape),
        };
    }

    private static int[] InputsOf(AtlasRequest request, int index)
    {
        var places = request.Layers.Select((layer, i) => (layer.Node, i)).GroupBy(place => place.Node).ToDictionary(place => place.Key, place => place.First().i);
        var (found, seen, open) = (new SortedSet<int>(), new HashSet<int>(), new Stack<int>(request.Graph.Nodes[request.Layers[index].Node].Inputs));
        while (open.TryPop(out var node))
        {
            if (!seen.Add(node))
                continue;
            if (places.TryGetValue(node, out var layer) && layer != index)
                found.Add(layer);
            else
                foreach (var input in request.Graph.Nodes[node].Inputs)
                    open.Push(input);
        }
        return [.. found];
    }

    private static double CentreOf(FieldAxis axis) => axis.Start + ((axis.Size - 1) / 2.0);

    private static string OperatorText(Operator op) => op switch
    {
        Convolution conv => $"Conv {conv.Window.Y.Kernel}x{conv.Window.X.Kernel}{(conv.Window.Y.Stride > 1 ? $"/{conv.Window.Y.Stride}" : "")}, {conv.Outputs}",
        Linear linear => $"Linear {linear.Weight.Shape[1]} to {linear.Weight.Shape[0]}",
        _ => op.Kind,
    };

    private static int ShardImages(AtlasRequest request)
    {
        var perImage = 1 + request.Graph.MultiplyAdds(request.Layers.Select(layer => layer.Node));
        var images = JobSeconds * MultiplyAddsPerCoreSecond * Environment.ProcessorCount / perImage;
        // JPEGs decode at some 200 per core and second; whole batches waste nothing at the end.
        var most = Math.Min(images, JobSeconds * 200 * Environment.ProcessorCount);
        return (int)Math.Clamp(most / request.BatchSize, 2, 256) * request.BatchSize;
    }

    private static int NeuronsPerJob(AtlasRequest request)
    {
        if (!request.Methods.HasFlag(AtlasMethods.Ascent))
            return 64;
        var steps = request.Ascent.Presets.Max(request.Ascent.PassesOf);
        var dearest = request.Layers.Max(layer => RegionPlan.ForPosition(request.Graph, layer.PreActivation).MultiplyAdds());
        // Forward and back, and the regularizers.
        var perNeuron = 1 + (3.0 * steps * dearest);
        var neurons = JobSeconds * MultiplyAddsPerCoreSecond * Environment.ProcessorCount / perNeuron;
        return (int)Math.Clamp(neurons / 8, 1, 8) * 8;
    }
}
