using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Jobs;
using VizPipeline.Methods.Facets;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Operators;
using VizPipeline.Network.Torch;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.Embedded;

/// <summary>The atlas requested by the user, with the opened network and image list.</summary>
/// <param name="Name">The display name of the atlas.</param>
/// <param name="Model">The model file or the name of an architecture.</param>
/// <param name="Weights">The weights file, or null.</param>
/// <param name="Graph">The network.</param>
/// <param name="Layers">The layers to observe.</param>
/// <param name="Preprocessing">The preprocessing of the images.</param>
/// <param name="Images">The image list, or null if no method needs images.</param>
/// <param name="ImageFolder">The location of the image set: an absolute folder or the address of a bucket.</param>
/// <param name="Classes">The names of the image set's labels, by label.</param>
/// <param name="OutputNames">The names of the network's outputs, or empty.</param>
/// <param name="Methods">The methods to apply.</param>
/// <param name="Ascent">The settings of gradient ascent.</param>
/// <param name="Device">The devices to compute on, in the format of <see cref="TorchDevice.FindAll"/>.</param>
/// <param name="BatchSize">The number of images per forward pass.</param>
/// <param name="Selection">A description of the chosen part of the image set; empty for the whole set.</param>
/// <param name="ClassReport">A line about the classes of the images; null for none.</param>
/// <param name="Keep">Which activations are kept; null for the default.</param>
internal sealed record AtlasRequest(
    string Name, string Model, string? Weights, NetworkGraph Graph, IReadOnlyList<Network.Graph.Layer> Layers, Preprocessing Preprocessing,
    ImageManifest? Images,
    string ImageFolder, IReadOnlyList<string> Classes, IReadOnlyList<string> OutputNames, AtlasMethods Methods, AscentSpec Ascent,
    string Device, int BatchSize, string Selection = "", string? ClassReport = null, KeepOption? Keep = null)
{
    /// <summary>The dictionaries that the network has been given.</summary>
    public IReadOnlyList<ChosenDictionary> Dictionaries { get; init; } = [];
}

/// <summary>Creates specs: hashes files, describes layers, and chooses job sizes of about half a minute of work.</summary>
internal static class AtlasSpecs
{
    // A conservative estimate per core; 50 to 70 billion multiply-adds per second were measured with vector instructions.
    private const double MultiplyAddsPerCoreSecond = 40e9;
    private const double JobSeconds = 30;
    private const int UsualFacets = 2;

    public static AtlasSpec Create(AtlasRequest request)
    {
        var isFile = File.Exists(request.Model);
        var input = request.Graph.InputShape;
        var (images, keep) = (request.Images?.Entries.Count ?? 0, (request.Keep ?? new KeepOption(null, false)).Choose(request));
        return new AtlasSpec
        {
            Id = Slug(request.Name),
            Name = request.Name,
            Model = new ModelSpec
            {
                Model = isFile ? Path.GetFullPath(request.Model) : request.Model,
                Weights = request.Weights is null ? null : Path.GetFullPath(request.Weights),
                Architecture = isFile ? null : request.Model,
                ModelSha256 = isFile ? ComputeHash(request.Model) : null,
                WeightsSha256 = request.Weights is null ? null : ComputeHash(request.Weights),
                Input = [input.Channels, input.Height, input.Width],
            },
            Images = new ImageSetSpec
            {
                Root = request.ImageFolder,
                ManifestHash = request.Images?.Hash ?? "",
                Count = images,
                Classes = request.Classes,
                Selection = request.Selection.Length > 0 ? request.Selection : null,
            },
            Preprocessing = JsonDocument.Parse(request.Preprocessing.ToJson()).RootElement,
            Layers = [.. request.Layers.Select((layer, i) => DescribeLayer(request.Graph, layer, i) with
            {
                Inputs = FindInputs(request.Graph, request.Layers, i),
                Work = CountWork(request, i),
            })],
            Network = [.. request.Graph.Layers.Select(
                (layer, i) => new NetworkLayer(layer.Name, FindInputs(request.Graph, request.Graph.Layers, i)))],
            OutputNames = request.OutputNames,
            Methods = request.Methods,
            Ascent = request.Ascent,
            FacetRecipe = request.Methods.HasFlag(AtlasMethods.Facets) ? RecipeJson.ToElement(FindFacetRecipe(request.Ascent)) : null,
            ShardImages = GetShardImages(request),
            NeuronsPerJob = GetNeuronsPerJob(request),
            BatchSize = request.BatchSize,
            Dictionaries = request.Dictionaries.Count == 0 ? null : [.. request.Dictionaries.Select(chosen => chosen.Spec)],
            Keep = keep,
            StableSamples = images > AtlasSpec.ProfileImages || keep?.Images < images,
            // Only the kind of device belongs to the spec; each machine chooses among its own devices.
            Device = TorchDevice.KindOf(request.Device),
        };
    }

    /// <summary>Converts a manifest to the image list that workers read.</summary>
    public static ImageList ToImageList(ImageManifest? manifest) => new(
        [.. (manifest?.Entries ?? [])
            .Select(entry => new Jobs.ImageEntry(entry.Path, entry.ClassIndex, entry.Bytes, entry.ContentHash, entry.Unreadable))]);

    /// <summary>Converts a name to an id of lower-case letters, digits and single dashes.</summary>
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

    /// <summary>Computes the SHA-256 of a file, in lower-case hexadecimal digits.</summary>
    public static string ComputeHash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static LayerSpec DescribeLayer(NetworkGraph graph, Network.Graph.Layer layer, int index)
    {
        var (field, node) = (layer.Field, graph.Nodes[layer.WeightedNode ?? layer.Node]);
        return new LayerSpec
        {
            Index = index,
            Name = layer.Name,
            Kind = layer.Kind switch
            {
                LayerKind.Conv => "conv",
                LayerKind.Linear => "linear",
                LayerKind.Output => "output",
                LayerKind.Dictionary => "dictionary",
                _ => "merge",
            },
            Operator = DescribeOperator(node.Operator),
            Channels = layer.Neurons,
            Height = layer.Shape.Height,
            Width = layer.Shape.Width,
            FieldY = new ReceptiveAxis(field.Y.Size, field.Y.Stride, GetCentre(field.Y)),
            FieldX = new ReceptiveAxis(field.X.Size, field.X.Stride, GetCentre(field.X)),
            SeesWholeInput = field.IsWhole,
            Parameters = layer.Parameters,
            Depth = graph.Layers.Count(
                other => other.Index <= layer.Index && other.WeightedNode is not null && other.Kind != LayerKind.Dictionary),
            Flops = 2 * node.Operator.MultiplyAdds(node.Shape),
            Rectified = layer.IsRectified,
        };
    }

    private static LayerWork CountWork(AtlasRequest request, int index)
    {
        var (graph, layer) = (request.Graph, request.Layers[index]);
        int[] nodes = [.. request.Layers.Take(index + 1).Select(reached => reached.Node)];
        return new LayerWork(
            PassWork(graph, nodes) - PassWork(graph, nodes[..^1]), PassWork(graph, [layer.Node]),
            RegionWork(RegionPlan.ForPosition(graph, layer.Node)));
    }

    /// <summary>Counts the work of a forward pass of one image to some nodes, see <see cref="LayerWork"/>.</summary>
    public static long PassWork(NetworkGraph graph, int[] targets)
    {
        var needed = graph.Ancestors(targets);
        return graph.Nodes.Where(node => needed[node.Index]).Sum(node => node.Operator.MultiplyAdds(node.Shape) + ValuesWork(node));
    }

    private static long RegionWork(RegionPlan plan) => plan.MultiplyAdds() + plan.Graph.Nodes.Where(node => plan.Needs(node.Index))
        .Sum(node => plan[node.Index] is { } extent
            ? ValuesWork(node) * extent.Area / Math.Max(1, (long)node.Shape.Height * node.Shape.Width) : ValuesWork(node));

    // The input is given, not computed.
    private static long ValuesWork(Node node)
        => node.Inputs.Count == 0 ? 0 : (long)WorkEstimate.PerValue * node.Shape.Channels * node.Shape.Height * node.Shape.Width;

    private static int[] FindInputs(NetworkGraph graph, IReadOnlyList<Network.Graph.Layer> layers, int index)
    {
        var places = layers.Select((layer, i) => (layer.Node, i)).GroupBy(place => place.Node)
            .ToDictionary(place => place.Key, place => place.First().i);
        var (found, seen, open) = (new SortedSet<int>(), new HashSet<int>(), new Stack<int>(graph.Nodes[layers[index].Node].Inputs));
        while (open.TryPop(out var node))
        {
            if (!seen.Add(node))
                continue;
            if (places.TryGetValue(node, out var layer) && layer != index)
                found.Add(layer);
            else
                foreach (var input in graph.Nodes[node].Inputs)
                    open.Push(input);
        }
        return [.. found];
    }

    private static double GetCentre(FieldAxis axis) => axis.Start + ((axis.Size - 1) / 2.0);

    private static string DescribeOperator(Operator op) => op switch
    {
        Convolution conv =>
            $"Conv {conv.Window.Y.Kernel}x{conv.Window.X.Kernel}{(conv.Window.Y.Stride > 1 ? $"/{conv.Window.Y.Stride}" : "")}, "
            + $"{conv.Outputs}",
        Linear linear => $"Linear {linear.Weight.Shape[1]} to {linear.Weight.Shape[0]}",
        _ => op.Kind,
    };

    private static AscentRecipe FindFacetRecipe(AscentSpec ascent)
        => FacetRecipe.From(AscendNeuronsHandler.RecipeOf(ascent, ascent.Presets[0]));

    private static int GetShardImages(AtlasRequest request)
    {
        var perImage = 1 + request.Graph.MultiplyAdds(request.Layers.Select(layer => layer.Node));
        var images = JobSeconds * MultiplyAddsPerCoreSecond * Environment.ProcessorCount / perImage;
        // About 200 JPEGs are decoded per core and second. Shards are whole batches, so that no batch is partly empty.
        var most = Math.Min(images, JobSeconds * 200 * Environment.ProcessorCount);
        return (int)Math.Clamp(most / request.BatchSize, 2, 256) * request.BatchSize;
    }

    private static int GetNeuronsPerJob(AtlasRequest request)
    {
        var steps = request.Methods.HasFlag(AtlasMethods.Ascent) ? request.Ascent.Presets.Max(request.Ascent.PassesOf) : 0;
        if (request.Methods.HasFlag(AtlasMethods.Facets))
            steps = Math.Max(steps, UsualFacets * FindFacetRecipe(request.Ascent).Steps);
        if (steps == 0)
            return 64;
        var dearest = request.Layers.Max(layer => RegionPlan.ForPosition(request.Graph, layer.PreActivation).MultiplyAdds());
        // Factor 3: forward pass, backward pass and regularizers.
        var perNeuron = 1 + (3.0 * steps * dearest);
        var neurons = JobSeconds * MultiplyAddsPerCoreSecond * Environment.ProcessorCount / perNeuron;
        return (int)Math.Clamp(neurons / 8, 1, 8) * 8;
    }
}
