using VizPipeline.Tests.EndToEnd;

namespace VizPipeline.Tests.Cli.Commands;

/// <summary>Tests exit codes and messages of the commands that read an atlas.</summary>
public sealed class AtlasCommandTests : IDisposable
{
    private readonly AtlasFolder _atlas = new();
    private readonly TemporaryFolder _other = new();

    public void Dispose()
    {
        _atlas.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task A_missing_folder_is_one_line_and_exit_code_2()
    {
        await RefusesAsync("does not exist", "status", _other.File("missing"));
        await RefusesAsync("does not exist", "export", _other.File("missing"), "--format", "csv", "--to", _other.File("out"));
        Assert.False(Directory.Exists(_other.File("out")));
    }

    [Fact]
    public async Task A_folder_without_an_atlas_is_one_line_and_exit_code_2()
    {
        await RefusesAsync("contains no atlas", "verify", _other.Path);
        await File.WriteAllTextAsync(
            _other.File("atlas.db"), "no database, but long enough to be taken for one", TestContext.Current.CancellationToken);
        await RefusesAsync("cannot be read as a VizPipeline catalog", "status", _other.Path);
    }

    [Fact]
    public async Task Wrong_options_are_one_line_and_exit_code_2()
    {
        await _atlas.PlanAsync();
        await RefusesAsync(
            "--format 'xml' is unknown; use csv, jsonl, parquet", "export", _atlas.Path, "--format", "xml", "--to", _other.Path);
        await RefusesAsync("--to", "export", _atlas.Path, "--format", "csv");
        await RefusesAsync("--neurons must be 1 or more", "verify", _atlas.Path, "--neurons", "0");
        await RefusesAsync("model file 'net.onnx' does not exist any more; give its new path with --model", "verify", _atlas.Path);
    }

    [Fact]
    public async Task Export_of_an_unfinished_atlas_says_so_and_counts_its_rows()
    {
        await _atlas.PlanAsync();

        var (code, output, error) = await VizProcess.Run("export", _atlas.Path, "--format", "jsonl", "--to", _other.File("deep/er"));

        Assert.Equal(
            (0, "viz: atlas 'sample' is not finished: exporting the results so far (`viz status " + _atlas.Path
            + "` shows the progress)\n"), (code, error));
        Assert.Contains($"{_other.File("deep/er/neurons.jsonl")}: 11 rows\n", output);
    }

    [Fact]
    public async Task Status_in_JSON_is_one_line()
    {
        await _atlas.PlanAsync();

        var (code, output, error) = await VizProcess.Run("status", _atlas.Path, "--json");

        Assert.Equal((0, "", 1), (code, error, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.StartsWith("{\"id\":\"sample\",", output);
    }

    [Fact]
    public async Task Doctor_finds_this_machine_well()
    {
        var (code, output, error) = await VizProcess.Run("doctor");

        Assert.True(code == 0, output + error);
        Assert.Contains("ok    convolution     2x2 over 3x3 gives 37, 47, 67, 77", output);
        foreach (var subject in (string[])["system", "glibc", "memory", ".NET", "libtorch", "device", "pictures", "text", "SQLite",
            "cache folder", "current folder"])
            Assert.Contains($"  {subject,-15} ", output);
    }

    private static async Task RefusesAsync(string reason, params string[] arguments)
    {
        var (code, output, error) = await VizProcess.Run(arguments);
        Assert.Equal((2, "", 1), (code, output, error.Count(c => c == '\n')));
        Assert.StartsWith("viz: ", error);
        Assert.Contains(reason, error);
    }
}
