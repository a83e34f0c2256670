using System.Security.Cryptography;
using VizPipeline.Tests.Deployment;

namespace VizPipeline.Tests.Release;

/// <summary>The scripts of a release that build nothing.</summary>
public sealed class ReleaseScriptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Notes_are_the_changelogs_text_of_that_version_alone()
    {
        var changelog = _folder.Write("CHANGELOG.md", """
            # Changelog

            ## [Unreleased] 1.3.0

            - Later.

            ## [1.2.0] - 2026-05-06

            ### Added

            - A thing.

            ## [1.1.0] - 2026-01-02

            - Earlier.

            """);
        var notes = await ReleaseScript.Run("release-notes", "1.2.0", changelog);
        Assert.Equal((0, "### Added\n\n- A thing.\n"), (notes.ExitCode, notes.Output));
        Assert.Equal("- Earlier.\n", (await ReleaseScript.Run("release-notes", "1.1.0", changelog)).Output);
        // Neither a version without a date nor a part of a number is one.
        foreach (var other in new[] { "1.3.0", "1.2", "2.0.0" })
        {
            var missing = await ReleaseScript.Run("release-notes", other, changelog);
            Assert.Equal(1, missing.ExitCode);
            Assert.Contains($"nothing below a heading '## [{other}] - DATE'", missing.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_version_is_the_one_of_the_build_and_a_tag_must_name_it()
    {
        Assert.Equal(ReleaseScript.Version, await ReleaseScript.Line("version"));
        var wrong = await ReleaseScript.Run("version", "v99.0.0");
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains($"the tag is v99.0.0, and this checkout is {ReleaseScript.Version}", wrong.Error, StringComparison.Ordinal);
        var chart = Yaml.Read(Repository.Path("helm", "viz-pipeline", "Chart.yaml"));
        Assert.Equal((string?)chart["version"], (string?)chart["appVersion"]);
        Assert.Matches($@"## \[(Unreleased\] )?{chart["version"]}\b", Repository.Read("CHANGELOG.md"));
    }

    [Fact]
    public async Task A_tag_is_the_version_if_chart_and_changelog_name_it_too()
    {
        if (!Directory.Exists(Repository.Path(".git")))
            Assert.Skip("this copy has no history");
        var copy = Path.Combine(_folder.Path, "copy");
        async Task<CommandResult> RunAsync(string command, params string[] arguments) =>
            await ReleaseScript.Execute(command, arguments, environment => environment.Remove("VIZ_VERSION"));
        async Task GitAsync(params string[] arguments) => Assert.Equal(
            0, (await RunAsync("git", ["-C", copy, "-c", "user.name=t", "-c", "user.email=t@example.com", .. arguments])).ExitCode);
        Assert.Equal(0, (await RunAsync("git", "clone", "--quiet", Repository.Path(), copy)).ExitCode);
        await GitAsync("tag", "v7.8.9");
        var script = Path.Combine(copy, "deploy", "release", "version");
        Assert.Equal("7.8.9\n", (await RunAsync(script)).Output);
        var chart = await RunAsync(script, "v7.8.9");
        Assert.Equal(1, chart.ExitCode);
        Assert.Contains("Chart.yaml says", chart.Error, StringComparison.Ordinal);
        await GitAsync("commit", "--quiet", "--allow-empty", "--message", "Later");
        Assert.Equal("7.8.10-alpha.0.1\n", (await RunAsync(script)).Output);
        // As in the context of an image build.
        Directory.Move(Path.Combine(copy, ".git"), Path.Combine(copy, "git"));
        Assert.Equal("0.1.0-local\n", (await RunAsync(script)).Output);
        Assert.Equal(
            "1.2.3\n", (await ReleaseScript.Execute(script, [], environment => environment["VIZ_VERSION"] = "1.2.3")).Output);
    }

    [Fact]
    public async Task Checksums_are_those_of_all_files_and_find_a_changed_one()
    {
        _folder.Write("b.txt", "b");
        _folder.Write("a b.txt", "a");
        _folder.Write("SHA256SUMS", "of an earlier run");
        Assert.Equal(0, (await ReleaseScript.Run("checksums", _folder.Path)).ExitCode);
        string[] expected = [.. new[] { "a b.txt", "b.txt" }.Select(name =>
            $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(_folder.Path, name))))}  {name}")];
        Assert.Equal(expected, File.ReadAllLines(Path.Combine(_folder.Path, "SHA256SUMS")));
        Assert.Equal(3, Directory.GetFiles(_folder.Path).Length);

        Task<CommandResult> Check()
            => ReleaseScript.Execute("bash", ["-c", $"cd '{_folder.Path}' && sha256sum --check SHA256SUMS"], _ => { });
        Assert.Equal(0, (await Check()).ExitCode);
        _folder.Write("b.txt", "c");
        Assert.Equal(1, (await Check()).ExitCode);
    }

    [Fact]
    public async Task Checksums_of_nothing_are_an_error()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_folder.Path, "empty")).FullName;
        var result = await ReleaseScript.Run("checksums", empty);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("there is no file", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_images_are_built_with_SBOM_and_provenance_out_of_files_that_exist()
    {
        var result = await ReleaseScript.Run("build-images", "ghcr.io/Some-Lab", "--dry-run");
        Assert.True(result.ExitCode == 0, result.Error);
        var commands = result.Output.TrimEnd().Split('\n');
        string[] images = [.. commands.Select(command => Word(command, "--tag"))];
        string[] names = [.. new[] { "coordinator:", "atlas:", "worker:", "worker:", "viz:" }.Select(
            name => "ghcr.io/some-lab/" + name + ReleaseScript.Version)];
        names[3] += "-cuda";
        Assert.Equal(names, images);
        Assert.All(commands, command =>
        {
            Assert.Contains(" --sbom=true --provenance=mode=max ", command, StringComparison.Ordinal);
            Assert.True(File.Exists(Repository.Path(Word(command, "--file").Split('/'))), command);
        });
        var other = await ReleaseScript.Execute(
            "env", ["IMAGES=wroker", Repository.Path("deploy", "release", "build-images"), "x", "--dry-run"], _ => { });
        Assert.Equal(2, other.ExitCode);

        static string Word(string command, string option) => command.Split(' ').SkipWhile(word => word != option).ElementAt(1);
    }

    [Fact]
    public async Task The_chart_is_packed_under_the_version()
    {
        var helm = await Helm.Run("version", "--short");
        Assert.True(helm.ExitCode == 0, helm.Error);
        var path = (await ReleaseScript.Execute(Repository.Path("tests", "servers", "helm.sh"), [], _ => { })).Output.Trim();
        var packed = await ReleaseScript.Execute(
            Repository.Path("deploy", "release", "pack-chart"), [_folder.Path], environment => environment["HELM"] = path);
        Assert.True(packed.ExitCode == 0, packed.Error);
        var chart = Path.Combine(_folder.Path, $"viz-pipeline-{ReleaseScript.Version}.tgz");
        Assert.Equal(chart, packed.Output.Trim());
        var shown = await Helm.Run("show", "chart", chart);
        Assert.Contains($"appVersion: {ReleaseScript.Version}", shown.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no project", "VizPipeline.Nothing", "new")]
    [InlineData("libtorch is cpu or cuda, not 'gpu'", "VizPipeline.Cli", "new", "gpu")]
    [InlineData("is not empty", "VizPipeline.Cli", "full")]
    [InlineData("usage:", "VizPipeline.Cli")]
    public async Task Publishing_names_what_is_wrong_before_it_builds(string expected, params string[] arguments)
    {
        _folder.Write("full/file", "x");
        string[] given = [.. arguments.Select(argument => argument is "new" or "full" ? Path.Combine(_folder.Path, argument) : argument)];
        var result = await ReleaseScript.Execute(Repository.Path("deploy", "publish"), given, _ => { });
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }
}
