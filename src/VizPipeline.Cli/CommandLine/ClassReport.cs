using VizPipeline.Atlas.Web;
using VizPipeline.Images;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Says which images got a class, before hours of work rely on it.</summary>
internal static class ClassReport
{
    private const int Examples = 3;

    /// <summary>Returns one line about the classes of the images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="names">The names of the network's outputs; null if unknown.</param>
    public static string Describe(ImageManifest images, ClassNames? names)
    {
        var labelled = images.Entries.Count(image => image.ClassIndex is not null);
        if (labelled == 0)
            return "Classes: no image has one; --labels gives them, or a folder for each class";
        var line = $"Classes: {Format.Number(labelled)} of {Format.Counted(images.Entries.Count, "image")} in "
            + Format.Counted(images.Classes.Count, "class", "classes");
        string[] own = [.. images.Classes.Where(name => names is not null && names.Find(name) is null)];
        if (own.Length == 0)
            return line;
        var examples = string.Join(", ", own.Take(Examples)) + (own.Length > Examples ? ", ..." : "");
        return $"{line}; {Format.Number(own.Length)} of them {(own.Length == 1 ? "is" : "are")} not in --class-names, "
            + $"so that all keep their own numbers ({examples})";
    }
}
