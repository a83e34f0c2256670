using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Images;

namespace VizPipeline.Cli.Commands;

/// <summary>
/// <c>viz annotate ATLAS</c>: names the outputs of a finished atlas and gives its images classes, without a pass over them.
/// </summary>
internal static class AnnotateCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("atlas") { Description = "The folder of a finished atlas" };
        var names = new Option<string?>("--class-names")
        {
            Description = "File with the names of the network's outputs, in order (JSON or text)",
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "File with a path and a label per line; other images lose their class",
        };
        var command = new Command("annotate", "Give a finished atlas names of outputs and classes of images") { folder, names, labels };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetRequiredValue(folder), parsed.GetValue(names), parsed.GetValue(labels), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? namesFile, string? labelsFile, CancellationToken cancellation)
    {
        if (namesFile is null && labelsFile is null)
            throw new UsageException("give --class-names, --labels, or both");
        var atlas = await StoredAtlas.OpenAsync(folder, cancellation);
        AtlasWriting.CheckFinished(atlas);
        var names = namesFile is null ? null : ClassNames.Load(namesFile);
        if (atlas.Spec.Layers.FirstOrDefault(layer => layer.Kind == "output") is { } output)
            AtlasOptions.CheckCount(names, output.Channels, namesFile);
        var labels = labelsFile is null ? null : LabelFile.Load(labelsFile);
        var annotated = await AtlasAnnotation.WriteAsync(atlas, names, labels, cancellation);
        Console.WriteLine(ClassReport.Describe(annotated.Images, names));
        if (names is not null)
            Console.WriteLine($"Outputs: {names.All.Count} have names; contact sheets keep the old ones");
        if (!annotated.KeepsStatistics)
            Console.WriteLine(
                "Cleared best_class, best_class_mean and class_selectivity of all neurons, which need a pass over the images: "
                + "`viz run` with the same files and another --out computes them");
        return ExitCode.Done;
    }
}
