namespace VizPipeline.Atlas.Web.Data;

/// <summary>Some images of a neuron that belong together: of one band of its activations, or of one class.</summary>
/// <param name="Kind"><c>band</c> or <c>class</c>.</param>
/// <param name="Name">The share of images at or above the band, such as <c>top 1 to 5 %</c>, or the class.</param>
/// <param name="Low">The activation above which the band begins; null for a class.</param>
/// <param name="High">The largest activation of the band; null for a class.</param>
/// <param name="Mean">The neuron's mean activation over the images of the class, exact; null for a band.</param>
/// <param name="Count">Number of images of the band or class.</param>
/// <param name="Images">Some of them, the strongest first.</param>
public sealed record ExemplarGroup(
    string Kind, string Name, double? Low, double? High, double? Mean, int Count, IReadOnlyList<NeuronImage> Images)
{
    /// <summary>Number of classes that are shown.</summary>
    public const int Classes = 5;

    /// <summary>Number of images that are shown of a class.</summary>
    public const int ImagesPerClass = 3;

    /// <summary>Returns the images of all groups, each with its group.</summary>
    internal static IReadOnlyList<(ExemplarGroup Group, NeuronImage Image)> Flatten(IEnumerable<ExemplarGroup> groups) =>
        [.. groups.SelectMany(group => group.Images.Select(image => (group, image)))];
}
