using System.Text;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Export;

/// <summary>Writes the page beside exported tables that says what each column is.</summary>
internal static class ExportReadme
{
    /// <summary>The beginning of every such page, by which it is told from a page of the user's.</summary>
    public const string Heading = "# Tables of the neuron atlas ";

    public static string Write(AtlasSpec spec, ExportFormat format)
    {
        var page = new StringBuilder();
        Line($"{Heading}`{spec.Id}`");
        Line();
        Line($"Exported by VizPipeline from the atlas of {spec.Name}. Activations have no unit; they are the network's values.");
        Line("Null means unknown or not computed yet. Class columns hold names; the table `images` has the numbers too.");
        Line();
        Line($"- Spec: `{spec.Hash()}`");
        Line($"- Image list: `{spec.Images.ManifestHash}`");
        Add(LayerExport.Table);
        Add(NeuronExport.Table);
        Add(PatchExport.Table);
        Add(PictureExport.Table);
        Add(ImageExport.Table);
        Add(SimilarExport.Table);
        Add(FacetExport.Table);
        return page.ToString();

        void Add<TRow>(ExportTable<TRow> table)
        {
            Line();
            Line($"## {table.Name}.{format.Extension}");
            Line();
            Line($"{table.Meaning[..1].ToUpperInvariant()}{table.Meaning[1..]}.");
            Line();
            Line("| Column | Type | Unit | Meaning |");
            Line("|---|---|---|---|");
            foreach (var column in table.Columns)
                Line($"| `{column.Name}` | {TypeOf(column.Kind)} | {column.Unit} | {column.Meaning} |");
        }

        // The same on every system.
        void Line(string text = "") => page.Append(text).Append('\n');
    }

    private static string TypeOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Text => "text",
        ColumnKind.Json => "JSON",
        ColumnKind.Integer or ColumnKind.Long => "integer",
        ColumnKind.Single or ColumnKind.Double => "number",
        ColumnKind.Flag => "true or false",
        ColumnKind.Integers => "list of integers",
        ColumnKind.Singles => "list of numbers",
        _ => "list of texts",
    };
}
