using System.Globalization;
using System.Text;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Cli.Embedded;
using VizPipeline.Coordinator;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Publishing;

/// <summary>How to cite a finished atlas: what it is, and the hashes by which a reader recognises it.</summary>
/// <param name="Manifest">The atlas's manifest.</param>
/// <param name="ManifestSha256">The SHA-256 of the manifest's file, as <c>sha256sum manifest.json</c> prints it.</param>
internal sealed record AtlasCitation(AtlasManifest Manifest, string ManifestSha256)
{
    private AtlasSpec Spec => Manifest.Spec;

    /// <summary>The name of the network: its architecture, or its file without the folder, which is nobody's business.</summary>
    public string Network => Spec.Model.Architecture ?? PublicFacts.LastPart(Spec.Model.Model);

    /// <summary>The name of the image set: its last folder or archive; null without images.</summary>
    public string? ImageSet => Spec.Images.Count == 0 ? null : PublicFacts.LastPart(Spec.Images.Root);

    /// <summary>The title of the atlas.</summary>
    public string Title => $"Neuron atlas of {Spec.Name}";

    /// <summary>What the atlas shows, in one sentence without its full stop.</summary>
    public string Extent =>
        $"{Counted(Spec.NeuronCount(), "neuron")} in {Counted(Spec.Layers.Count, "layer")} of the network {Network}"
        + (ImageSet is null ? ", without images"
            : $", over {Counted(Spec.Images.Count, "image")} of the set {ImageSet}"
                + (Spec.Images.Selection is { } part ? $" ({part})" : ""));

    /// <summary>What a reader must know if the atlas is not complete; null if it is.</summary>
    public string? Gap => Manifest.State switch
    {
        AtlasState.Completed => null,
        AtlasState.Cancelled => "the atlas was cancelled before its end",
        _ => $"{Counted(Manifest.Failures.Count, "job")} failed, so results are missing",
    };

    private string? Year => Manifest.FinishedAt?.Year.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads what the citation of an atlas needs.</summary>
    /// <exception cref="UsageException">The atlas is not finished.</exception>
    public static async Task<AtlasCitation> ReadAsync(StoredAtlas atlas, CancellationToken cancellation)
    {
        var manifest = await atlas.OpenStore().TryGetAsync(AtlasKeys.Manifest(atlas.Spec.Id), cancellation);
        // A manifest of an earlier end does not describe what a running atlas will be.
        return manifest is not null && atlas.Row.State != AtlasState.Running
            ? new AtlasCitation(VizJson.Read<AtlasManifest>(manifest), ObjectHashes.Hash(manifest))
            : throw new UsageException(
                $"atlas '{atlas.Spec.Id}' is not finished, so it has no final manifest.json to cite; the same `viz run` command goes on");
    }

    /// <summary>Returns an entry for BibTeX.</summary>
    public string ToBibTex()
    {
        var entry = new StringBuilder($"@misc{{viz-{Spec.Id}-{ManifestSha256[..8]},\n");
        // In two pairs of braces, so that styles leave capitals as they are.
        Add("title", $"{{{EscapeTex(Title)}}}");
        if (Year is { } year)
            Add("year", year);
        Add("howpublished", EscapeTex($"Built with {Manifest.Software}"));
        Add(
            "note",
            EscapeTex(
                $"{Extent}{(Gap is { } gap ? $"; {gap}" : "")}; manifest SHA-256 {ManifestSha256}; spec {Manifest.SpecHash}"));
        return entry.Append('}').ToString();

        void Add(string field, string text) => entry.Append(CultureInfo.InvariantCulture, $"  {field,-12} = {{{text}}},\n");
    }

    /// <summary>Returns one paragraph for people.</summary>
    public string ToText() =>
        OneLine(
            $"{Title}{(Year is { } year ? $" ({year})" : "")}. {Extent}{(Gap is { } gap ? $"; {gap}" : "")}. "
            + $"Built with {Manifest.Software}. Manifest SHA-256 {ManifestSha256}, spec {Manifest.SpecHash}.");

    /// <summary>Returns a text whose signs TeX shows as they are. No brace is escaped: BibTeX counts even those.</summary>
    internal static string EscapeTex(string text)
    {
        var escaped = new StringBuilder();
        foreach (var sign in OneLine(text))
        {
            _ = sign switch
            {
                '\\' => escaped.Append("\\textbackslash{}"),
                '{' => escaped.Append("\\textbraceleft{}"),
                '}' => escaped.Append("\\textbraceright{}"),
                '~' => escaped.Append("\\textasciitilde{}"),
                '^' => escaped.Append("\\textasciicircum{}"),
                '%' or '&' or '#' or '_' or '$' => escaped.Append('\\').Append(sign),
                _ => escaped.Append(sign),
            };
        }
        return escaped.ToString();
    }

    /// <summary>Returns a text without line breaks and other control characters.</summary>
    internal static string OneLine(string text) => string.Concat(text.Select(sign => char.IsControl(sign) ? ' ' : sign));

    /// <summary>Returns a count with its thing, with a comma at thousands.</summary>
    internal static string Counted(long count, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {thing}{(count == 1 ? "" : "s")}");
}
