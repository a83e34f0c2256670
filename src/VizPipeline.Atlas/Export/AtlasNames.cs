using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Web.Export;

/// <summary>The names of classes and outputs, which the catalog stores as numbers.</summary>
internal sealed class AtlasNames(AtlasSpec spec)
{
    /// <summary>A class's name; its number where nobody named it, null for none.</summary>
    public string? Class(int? label) => label is not { } index ? null : index >= 0 && index < spec.Images.Classes.Count ? spec.Images.Classes[index] : $"{index}";

    /// <summary>The name of an output of the network; null for neurons that are none.</summary>
    public string? Output(Layer layer, int channel) => layer.Kind == "output" && channel < spec.OutputNames.Count ? spec.OutputNames[channel] : null;
}
