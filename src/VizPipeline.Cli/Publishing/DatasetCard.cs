using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Publishing;

/// <summary>
/// The card of a dataset on the Hugging Face hub that holds the exported tables of an atlas: front matter in YAML, then text.
/// </summary>
internal sealed record DatasetCard
{
    /// <summary>The folder of the tables, beside the card.</summary>
    public const string TableFolder = "tables";

    // A line of its own in each card, by which a card is told from a page of the user's.
    private const string Marker = "<!-- Written by `viz card`, which replaces this page. Remove this line to keep your changes. -->";

    private static readonly string[] Sizes =
    [
        "n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B", "10B<n<100B", "100B<n<1T", "n>1T",
    ];

    // Names keep their letters; quotes and line breaks are escaped, and JSON's strings are YAML's.
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the atlas is.</summary>
    public required AtlasCitation Citation { get; init; }

    /// <summary>The observed layers, in the network's order.</summary>
    public required IReadOnlyList<Layer> Layers { get; init; }

    /// <summary>Number of images that could not be read.</summary>
    public required int UnreadableImages { get; init; }

    /// <summary>Whether pixels of the image set lie beside the card.</summary>
    public required bool HasSourcePixels { get; init; }

    /// <summary>The licence of the data, as an identifier of the hub.</summary>
    public required string License { get; init; }

    /// <summary>What the user says about the licence of the images; null for nothing.</summary>
    public string? LicenseOfImages { get; init; }

    /// <summary>Returns whether a page is a card that this class wrote.</summary>
    public static bool Wrote(string page) => page.Split('\n').Any(line => line.TrimEnd('\r') == Marker);

    /// <summary>Returns the page.</summary>
    public string Write()
    {
        var page = new StringBuilder();
        WriteFrontMatter(page);
        WriteFacts(page);
        WriteUse(page);
        return page.ToString();
    }

    private static void Line(StringBuilder page, string text = "") => page.Append(text).Append('\n');

    private void WriteFrontMatter(StringBuilder page)
    {
        Line(page, "---");
        Line(page, $"license: {Quote(License)}");
        Line(page, $"pretty_name: {Quote(Citation.Title)}");
        Line(page, "tags:");
        foreach (var tag in new[] { "vizpipeline", "interpretability", "feature-visualization", "neuron-atlas" })
            Line(page, $"- {tag}");
        Line(page, "size_categories:");
        Line(page, $"- {Quote(SizeOf(Citation.Manifest.Spec.NeuronCount()))}");
        Line(page, "configs:");
        // The neurons first: the hub shows the default table.
        foreach (var table in AtlasExport.Tables.OrderByDescending(name => name == NeuronExport.Table.Name))
        {
            Line(page, $"- config_name: {table}");
            Line(page, $"  data_files: {TableFolder}/{table}.parquet");
            if (table == NeuronExport.Table.Name)
                Line(page, "  default: true");
        }
        Line(page, "---");
        Line(page);
        Line(page, Marker);
        Line(page);
    }

    private void WriteFacts(StringBuilder page)
    {
        var (manifest, spec) = (Citation.Manifest, Citation.Manifest.Spec);
        Line(page, $"# {Plain(Citation.Title)}");
        Line(page);
        Line(page, $"{Plain(Citation.Extent)}. Built with {Plain(manifest.Software)}.");
        if (Citation.Gap is { } gap)
            Line(page, $"The atlas is incomplete: {gap}.");
        Line(page);
        Line(page, $"- Network: {Plain(Citation.Network)}, input {string.Join(" x ", spec.Model.Input)}"
            + (spec.Model.ModelSha256 is { } model ? $", SHA-256 `{model}`" : "")
            + (spec.Model.WeightsSha256 is { } weights ? $", weights SHA-256 `{weights}`" : ""));
        Line(page, Citation.ImageSet is { } set
            ? $"- Image set: {Plain(set)}, {AtlasCitation.Counted(spec.Images.Count, "image")}"
                + (UnreadableImages > 0 ? $" of which {UnreadableImages:N0} could not be read" : "")
                + (spec.Images.Classes.Count is > 0 and var classes ? $", classes: {classes}" : "")
            : "- Image set: none");
        if (spec.Images.Selection is { } part)
            Line(page, $"- Part of the set: {Plain(part)}");
        Line(page, $"- Methods: {string.Join(", ", MethodsOf(spec.Methods))}");
        if (manifest.Accuracy is { } accuracy)
            Line(page, $"- The network on these images: {accuracy}");
        Line(page);
        Line(page, "| Layer | Kind | Neurons | Map | Receptive field |");
        Line(page, "|---|---|---|---|---|");
        foreach (var layer in Layers)
            Line(page, $"| {Plain(layer.Name)} | {Plain(layer.Kind)} | {layer.Channels} | {layer.Height} x {layer.Width} "
                + $"| {(layer.SeesWholeInput ? "the whole image" : $"{layer.FieldHeight} x {layer.FieldWidth}")} |");
        Line(page);
    }

    private void WriteUse(StringBuilder page)
    {
        Line(page, "## Load");
        Line(page);
        Line(page, "```python");
        Line(page, "import pandas as pd");
        Line(page, $"neurons = pd.read_parquet(\"{TableFolder}/{NeuronExport.Table.Name}.parquet\")");
        Line(page, "```");
        Line(page);
        Line(page, $"`{TableFolder}/{AtlasExport.Readme}` says what each column is.");
        Line(page);
        Line(page, "## Images");
        Line(page);
        Line(page, HasSourcePixels
            ? "This dataset **contains pixels of the image set** (top patches, or pages that show them). Their licence applies to them."
            : "This dataset contains **no pixels of the image set**: only paths, boxes and numbers, and what was computed by the network.");
        if (LicenseOfImages is { } license)
            Line(page, $"Licence of the images: {Plain(license)}");
        Line(page);
        Line(page, "## Cite");
        Line(page);
        Line(page, "```bibtex");
        Line(page, Citation.ToBibTex());
        Line(page, "```");
    }

    private static IEnumerable<string> MethodsOf(AtlasMethods methods)
    {
        if (methods.HasFlag(AtlasMethods.Top9))
            yield return "the nine patches with the largest activations, and statistics over all images";
        if (methods.HasFlag(AtlasMethods.Deconv))
            yield return "deconvolution of these patches";
        if (methods.HasFlag(AtlasMethods.Ascent))
            yield return "regularized gradient ascent";
        if (methods.HasFlag(AtlasMethods.Facets))
            yield return "facets of the 100 images with the largest activations, each with patches, their mean and an ascent";
        if (methods.HasFlag(AtlasMethods.Filters))
            yield return "filters";
    }

    private static string SizeOf(long rows)
    {
        var size = 0;
        for (var limit = 1000L; size < Sizes.Length - 1 && rows >= limit; limit *= 10)
            size++;
        return Sizes[size];
    }

    private static string Quote(string text) => JsonSerializer.Serialize(AtlasCitation.OneLine(text), Quoting);

    // Names are no markup.
    private static string Plain(string text) => string.Concat(
        AtlasCitation.OneLine(text).Select(sign => "\\`*_[]<>|#".Contains(sign, StringComparison.Ordinal) ? $"\\{sign}" : $"{sign}"));
}
