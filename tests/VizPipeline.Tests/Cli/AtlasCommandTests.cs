using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.Cli;

/// <summary>Exit codes and messages of the commands that read an atlas.</summary>
public sealed class AtlasCommandTests : IDisposable
{
    private readonly AtlasFolder atlas = new();
    private readonly TemporaryFolder other = new();

    public void Dispose()
    {
        atlas.Dispose();
        other.Dispose();
    }

    [Fact]
    public async Task A_missing_folder_is_one_line_and_exit_code_2()
    {
        await Refuses("does not exist", "status", other.File("missing"));
        await Refuses("does not exist", "export", other.File("missing"), "--format", "csv", "--to", other.File("out"));
        Assert.False(Directory.Exists(other.File("out")));
    }

    [Fact]
    public async Task A_folder_without_an_atlas_is_one_line_and_exit_code_2()
    {
        await Refuses("contains no atlas", "verify", other.Path);
        await File.WriteAllTextAsync(other.File("atlas.db"), "no database, but long enough to be taken for one", TestContext.Current.CancellationToken);
        await Refuses("cannot be read as a VizPipeline catalog", "status", other.Path);
    }

    [Fact]
    public async Task Wrong_options_are_one_line_and_exit_code_2()
    {
        await atlas.Plan();
        await Refuses("--format 'xml' is unknown; use csv, jsonl, parquet", "export", atlas.Path, "--format", "xml", "--to", other.Path);
        await Refuses("--to", "export", atlas.Path, "--format", "csv");
        await Refuses("--neurons must be 1 or more", "verify", atlas.Path, "--neurons", "0");
        await Refuses("model file 'net.onnx' does not exist any more; give its new path with --model", "verify", atlas.Path);
    }

    [Fact]
    public async Task Export_of_an_unfinished_atlas_says_so_and_counts_its_rows()
    {
        await atlas.Plan();

        var (code, output, error) = await VizProcess.Run("export", atlas.Path, "--format", "jsonl", "--to", other.File("deep/er"));

        Assert.Equal((0, "viz: atlas 'sample' is not finished: exporting the results so far (`viz status " + atlas.Path + "` shows the progress)\n"), (code, error));
        Assert.Contains($"{other.File("deep/er/neurons.jsonl")}: 11 rows\n", output);
    }

    [Fact]
    public async Task Status_in_JSON_is_one_line()
    {
        await atlas.Plan();

        var (code, output, error) = await VizProcess.Run("status", atlas.Path, "--json");

        Assert.Equal((0, "", 1), (code, error, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.StartsWith("{\"id\":\"sample\",", output);
    }

    [Fact]
    public async Task Doctor_finds_this_machine_well()
    {
        var (code, output, error) = await VizProcess.Run("doctor");

        Assert.True(code == 0, output + error);
        Assert.Contains("ok    convolution     2x2 over 3x3 gives 37, 47, 67, 77", output);
        foreach (var subject in (string[])["system", "glibc", "memory", ".NET", "libtorch", "device", "pictures", "text", "SQLite", "cache folder", "current folder"])
            Assert.Contains($"  {subject,-15} ", output);
    }

    private static async Task Refuses(string reason, params string[] arguments)
    {
        var (code, output, error) = await VizProcess.Run(arguments);
        Assert.Equal((2, "", 1), (code, output, error.Count(c => c == '\n')));
        Assert.StartsWith("viz: ", error);
        Assert.Contains(reason, error);
    }
}
