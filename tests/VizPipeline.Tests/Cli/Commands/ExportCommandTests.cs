namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests the options of <c>viz export</c> about source pixels.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();
    private readonly TemporaryFolder _target = new();

    public void Dispose()
    {
        _atlas.Dispose();
        _target.Dispose();
    }

    [Theory]
    [InlineData("crops")]
    [InlineData("tiles/conv1/top1")]
    [InlineData("pictures/conv1/top9")]
    public async Task A_site_with_source_pixels_is_not_mixed_with_one_without(string folder)
    {
        await _atlas.PlanAsync();
        Directory.CreateDirectory(_target.File(folder));
        (await CommandLineRun.RunAsync("export", _atlas.Path, "--format", "site", "--to", _target.Path))
            .ComplainedOf("contains a site with source pixels", "--with-sources");
    }

    [Fact]
    public async Task The_option_of_earlier_versions_says_that_it_is_the_default()
    {
        await _atlas.PlanAsync();
        var run = (await CommandLineRun.RunAsync("export", _atlas.Path, "--format", "csv", "--no-sources", "--to", _target.Path))
            .Succeeded();
        Assert.Contains("--no-sources is the default now", run.Errors, StringComparison.Ordinal);
        var help = (await CommandLineRun.RunAsync("export", "--help")).Output;
        Assert.Contains("--with-sources", help, StringComparison.Ordinal);
        Assert.DoesNotContain("--no-sources", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_makes_no_sense_is_one_line()
    {
        await _atlas.PlanAsync();
        (await CommandLineRun.RunAsync("export", _atlas.Path, "--format", "csv", "--with-sources", "--to", _target.Path))
            .ComplainedOf("--with-sources is for --format site");
        (await CommandLineRun.RunAsync(
            "export", _atlas.Path, "--format", "site", "--with-sources", "--no-sources", "--to", _target.Path))
            .ComplainedOf("contradict each other");
    }
}
