using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Export;

/// <summary>Resolves the names of classes and outputs, which the catalog stores as indices.</summary>
internal sealed class AtlasNames(AtlasSpec spec)
{
    /// <summary>Returns the name of a class, its number if it has no name, or null for null.</summary>
    public string? Class(int? label) =>
        label is not { } index ? null : index >= 0 && index < spec.Images.Classes.Count ? spec.Images.Classes[index] : $"{index}";

    /// <summary>Returns the name of an output of the network; null for other neurons.</summary>
    public string? Output(Layer layer, int channel) =>
        layer.Kind == "output" && channel < spec.OutputNames.Count ? spec.OutputNames[channel] : null;
}
