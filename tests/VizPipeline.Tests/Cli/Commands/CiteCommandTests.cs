using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests <c>viz cite</c> on a folder.</summary>
public sealed partial class CiteCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();

    public void Dispose() => _atlas.Dispose();

    [Fact]
    public async Task A_finished_atlas_is_one_balanced_entry_with_the_hash_of_its_manifest()
    {
        await (await _atlas.PlanAsync()).FinishAsync();
        var entry = (await CommandLineRun.RunAsync("cite", _atlas.Path)).Succeeded().Output;
        var fields = Parse(entry);
        Assert.Equal(["title", "year", "howpublished", "note"], fields.Keys);
        Assert.Equal("{Neuron atlas of A sample}", fields["title"]);
        Assert.Equal("2031", fields["year"]);
        Assert.Equal("Built with VizPipeline 1.2.3", fields["howpublished"]);
        Assert.Contains("11 neurons in 3 layers of the network net.onnx, over 10 images of the set images", fields["note"]);
        Assert.Contains($"manifest SHA-256 {Hash()}; spec {AtlasFolder.Spec.Hash()}", fields["note"]);
    }

    [Fact]
    public async Task The_text_is_one_line_with_the_same_facts()
    {
        await (await _atlas.PlanAsync()).FinishAsync();
        var text = (await CommandLineRun.RunAsync("cite", _atlas.Path, "--format", "text")).Succeeded().Output;
        Assert.Equal(1, text.Count(sign => sign == '\n'));
        Assert.StartsWith("Neuron atlas of A sample (2031). 11 neurons", text, StringComparison.Ordinal);
        Assert.Contains($"Manifest SHA-256 {Hash()}, spec {AtlasFolder.Spec.Hash()}.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signs_of_TeX_and_line_breaks_in_names_leave_the_entry_balanced()
    {
        var spec = AtlasFolder.Spec with
        {
            Name = "100 % of }{ {my_net\n& \\more~^\"$#",
            Images = AtlasFolder.Spec.Images with { Root = "/data/photos_}/", Selection = "{10 of each class" },
        };
        await (await _atlas.PlanAsync()).FinishAsync(spec);
        var fields = Parse((await CommandLineRun.RunAsync("cite", _atlas.Path)).Succeeded().Output);
        Assert.Equal(
            "{Neuron atlas of 100 \\% of \\textbraceright{}\\textbraceleft{} \\textbraceleft{}my\\_net \\& \\textbackslash{}more"
            + "\\textasciitilde{}\\textasciicircum{}\"\\$\\#}", fields["title"]);
        Assert.Contains("of the set photos\\_\\textbraceright{} (\\textbraceleft{}10 of each class)", fields["note"]);
    }

    [Fact]
    public async Task An_incomplete_atlas_says_so()
    {
        await _atlas.PlanAsync();
        var job = await FindJobAsync();
        await _atlas.FinishAsync(state: AtlasState.CompletedWithFailures, failures: job);
        Assert.Contains("; 1 job failed, so results are missing; manifest", (await CommandLineRun.RunAsync("cite", _atlas.Path)).Output);
        await _atlas.FinishAsync(state: AtlasState.Cancelled);
        Assert.Contains("; the atlas was cancelled before its end; manifest", (await CommandLineRun.RunAsync("cite", _atlas.Path)).Output);
    }

    [Fact]
    public async Task An_atlas_that_goes_on_is_not_cited_by_its_earlier_manifest()
    {
        await (await _atlas.PlanAsync()).FinishAsync();
        await _atlas.ChangeAsync(context => context.Atlases.ExecuteUpdateAsync(
            row => row.SetProperty(atlas => atlas.State, AtlasState.Running)));
        (await CommandLineRun.RunAsync("cite", _atlas.Path)).ComplainedOf("atlas 'sample' is not finished");
    }

    [Fact]
    public async Task What_makes_no_sense_is_one_line()
    {
        await _atlas.PlanAsync();
        (await CommandLineRun.RunAsync("cite", _atlas.Path)).ComplainedOf("atlas 'sample' is not finished", "manifest.json");
        (await CommandLineRun.RunAsync("cite", _atlas.Path, "--format", "ris")).ComplainedOf("--format 'ris' is unknown", "bibtex or text");
        (await CommandLineRun.RunAsync("cite", "no-such-folder")).ComplainedOf("does not exist");
    }

    /// <summary>Reads an entry as BibTeX does: braces count even behind a backslash, and a comma outside of them ends a field.</summary>
    internal static Dictionary<string, string> Parse(string entry)
    {
        var start = Start().Match(entry);
        Assert.True(start.Success, entry);
        var (fields, depth, from) = (new Dictionary<string, string>(), 1, start.Length);
        for (var at = start.Length; at < entry.Length; at++)
        {
            depth += entry[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                Assert.Equal("", entry[(at + 1)..].Trim());
                Assert.Equal("", entry[from..at].Trim());
                return fields;
            }
            if (depth == 1 && entry[at] == ',')
            {
                var field = Field().Match(entry[from..at]);
                Assert.True(field.Success, entry[from..at]);
                fields.Add(field.Groups[1].Value, field.Groups[2].Value);
                from = at + 1;
            }
        }
        Assert.Fail($"braces are not balanced: {entry}");
        return fields;
    }

    private async Task<Job> FindJobAsync()
    {
        Job? job = null;
        await _atlas.ChangeAsync(async context => job = await context.Jobs.AsNoTracking().OrderBy(row => row.JobId).FirstAsync());
        return job!;
    }

    private string Hash() => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_atlas.Path, "manifest.json"))));

    [GeneratedRegex(@"\A@misc\{[a-z0-9-]+,")]
    private static partial Regex Start();

    [GeneratedRegex(@"\A\s*([a-z]+) *= \{(.*)\}\z", RegexOptions.Singleline)]
    private static partial Regex Field();
}
