using System.IO.Compression;
using VizPipeline.Tests.Cli;

namespace VizPipeline.Tests.Release;

/// <summary>
/// Everything that a release brings as files, built once. The packing scripts share what they compile, so they run one after the other.
/// </summary>
public sealed class PackedViz : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Where the scripts put their files.</summary>
    public string Files => Path.Combine(_folder.Path, "release");

    /// <summary>A folder for what a test installs.</summary>
    public string Elsewhere(string name) => Path.Combine(_folder.Path, name);

    internal string Archive { get; private set; } = "";

    internal string Tool { get; private set; } = "";

    internal IReadOnlyList<string> Libraries { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Archive = await ReleaseScript.Line("pack-archive", Files);
        Tool = await ReleaseScript.Line("pack-tool", Files);
        var libraries = await ReleaseScript.Run("pack-libraries", Files);
        Assert.True(libraries.ExitCode == 0, libraries.Error + libraries.Output);
        Libraries = libraries.Output.TrimEnd().Split('\n');
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The archive, the tool and the library packages, each installed as docs/install.md says and run.</summary>
public sealed class PackedVizTests(PackedViz packed) : IClassFixture<PackedViz>
{
    private const string Skia = "libSkiaSharp.so";

    [Fact]
    public async Task The_archive_runs_where_there_is_no_dotnet()
    {
        var folder = Directory.CreateDirectory(packed.Elsewhere("unpacked")).FullName;
        Assert.Equal($"viz-{ReleaseScript.Version}-linux-x64.tar.gz", Path.GetFileName(packed.Archive));
        var unpacked = await ReleaseScript.Execute("tar", ["-xzf", packed.Archive, "-C", folder], _ => { });
        Assert.True(unpacked.ExitCode == 0, unpacked.Error);
        var home = Assert.Single(Directory.GetDirectories(folder));
        foreach (var file in new[] { "LICENSE", "CHANGELOG.md", "install.md" })
            Assert.True(File.Exists(Path.Combine(home, file)), file);
        Assert.Equal([Path.Combine(home, Skia)], Directory.GetFiles(home, "*kiaSharp.so", SearchOption.AllDirectories));
        Assert.DoesNotContain(
            Directory.GetFiles(home, "*", SearchOption.AllDirectories), file => file.EndsWith(".pdb", StringComparison.Ordinal));

        await Works(Path.Combine(home, "viz"), environment =>
        {
            foreach (var variable in environment.Keys.Where(key => key.StartsWith("DOTNET", StringComparison.Ordinal)).ToList())
                environment.Remove(variable);
            // A runtime that is installed would be found by its folder too, so there must be one in the archive.
            environment["PATH"] = "/usr/bin:/bin";
        });
        Assert.True(File.Exists(Path.Combine(home, "libcoreclr.so")));
    }

    [Fact]
    public async Task The_tool_is_installed_from_a_folder_and_runs()
    {
        Assert.InRange(new FileInfo(packed.Tool).Length, 50_000_000, 250_000_000);
        using (var package = ZipFile.OpenRead(packed.Tool))
            Assert.Single(package.Entries, entry => entry.Name == Skia);
        var folder = packed.Elsewhere("tools");
        var (sources, home) = (packed.Elsewhere("source"), packed.Elsewhere("home"));
        Directory.CreateDirectory(sources);
        Directory.CreateDirectory(home);
        File.CreateSymbolicLink(Path.Combine(sources, Path.GetFileName(packed.Tool)), packed.Tool);
        // No other source: nothing may be fetched, and nothing may stay in the caller's package folder.
        var settings = Path.Combine(packed.Elsewhere("source"), "nuget.config");
        File.WriteAllText(
            settings,
            $"""<configuration><packageSources><clear /><add key="release" value="{sources}" /></packageSources></configuration>""");
        var installed = await ReleaseScript.Execute(
            "dotnet",
            ["tool", "install", "VizPipeline.Tool", "--version", ReleaseScript.Version, "--tool-path", folder, "--configfile", settings],
            environment => environment["NUGET_PACKAGES"] = home);
        Assert.True(installed.ExitCode == 0, installed.Error + installed.Output);
        await Works(Path.Combine(folder, "viz"), _ => { });
    }

    [Fact]
    public void Libraries_are_packages_that_ask_for_each_other_and_bring_no_native_library()
    {
        string[] names = ["VizPipeline.Images", "VizPipeline.Network", "VizPipeline.Methods"];
        Assert.Equal(
            names.Select(name => $"{name}.{ReleaseScript.Version}.nupkg"), packed.Libraries.Select(file => Path.GetFileName(file)));
        foreach (var (name, file) in names.Zip(packed.Libraries))
        {
            using var package = ZipFile.OpenRead(file);
            Assert.Contains(package.Entries, entry => entry.FullName == $"lib/net10.0/{name}.dll");
            Assert.DoesNotContain(package.Entries, entry => entry.Name.EndsWith(".so", StringComparison.Ordinal));
            using var stream = package.GetEntry($"{name}.nuspec")!.Open();
            var metadata = System.Xml.Linq.XDocument.Load(stream).Descendants().ToLookup(element => element.Name.LocalName);
            Assert.Equal("MIT", metadata["license"].Single().Value);
            Assert.NotEqual("Package Description", metadata["description"].Single().Value);
            var asked = metadata["dependency"].Select(dependency => (string)dependency.Attribute("id")!)
                .Where(id => id.StartsWith("VizPipeline.", StringComparison.Ordinal));
            Assert.Equal(name == "VizPipeline.Methods" ? ["VizPipeline.Images", "VizPipeline.Network"] : [], asked.Order());
        }
    }

    private static async Task Works(string viz, Action<IDictionary<string, string?>> environment)
    {
        var doctor = await ReleaseScript.Execute(viz, ["doctor"], environment);
        Assert.True(doctor.ExitCode == 0, doctor.Output + doctor.Error);
        Assert.Contains("37, 47, 67, 77", doctor.Output, StringComparison.Ordinal);
        Assert.Contains("a PNG survives encoding and decoding unchanged", doctor.Output, StringComparison.Ordinal);
        using var network = new TinyNetwork();
        var layers = await ReleaseScript.Execute(
            viz, ["layers", network.Path("tiny.safetensors"), "--input-size", $"{TinyNetwork.Side}"], environment);
        Assert.True(layers.ExitCode == 0, layers.Output + layers.Error);
        Assert.Contains("features.0", layers.Output, StringComparison.Ordinal);
    }
}
