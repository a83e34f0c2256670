using System.Text.Json;
using VizPipeline.Jobs;

namespace VizPipeline.Tests.Jobs;

/// <summary>Small specs for tests to modify.</summary>
public static class SpecSamples
{
    public static AtlasSpec Small(string id = "sample", int images = 10, int shardImages = 4, int neuronsPerJob = 3) => new()
    {
        Id = id,
        Name = "A sample",
        Model = new ModelSpec { Model = "net.onnx", ModelSha256 = "ab", Input = [3, 8, 8] },
        Images = new ImageSetSpec { Root = "/images", ManifestHash = "cd", Count = images, Classes = ["cat", "dog"] },
        Preprocessing = JsonSerializer.SerializeToElement(new { resize = 8 }),
        Layers = [Layer(0, "conv1", "conv", 5), Layer(1, "fire/merge", "merge", 4), Layer(2, "logits", "output", 2)],
        Methods = AtlasMethods.All,
        Ascent = new AscentSpec { Presets = ["3"], Seeds = [0, 7] },
        ShardImages = shardImages,
        NeuronsPerJob = neuronsPerJob,
    };

    /// <summary>A recipe of facets' ascents, as far as planning reads it.</summary>
    public static JsonElement FacetRecipe(int steps = 4)
        => JsonSerializer.SerializeToElement(new { name = "facet", steps, start = new { kind = "top_patches" } });

    /// <summary>A spec with facets.</summary>
    public static AtlasSpec WithFacets(AtlasSpec spec)
        => spec with { Methods = spec.Methods | AtlasMethods.Facets | AtlasMethods.Top9, FacetRecipe = FacetRecipe() };

    public static LayerSpec Layer(int index, string name, string kind, int channels)
        => new() { Index = index, Name = name, Kind = kind, Channels = channels, Height = 4, Width = 4 };
}
