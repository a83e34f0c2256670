using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace VizPipeline.Tests.EndToEnd;

/// <summary>Atlases in folders that the reader may not write to: another user's, or on a read-only file system.</summary>
[Collection(VizProcesses.Name)]
[Trait("Speed", "Slow")]
[SupportedOSPlatform("linux")]
public sealed partial class ReadOnlyFolderTests : IDisposable
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly SampleMaterial _material;
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public ReadOnlyFolderTests(SampleMaterial material)
    {
        _material = material;
        // Temporary folders are their owner's alone.
        foreach (var folder in new[] { _folder.Path, Path.GetDirectoryName(material.Images)! })
            File.SetUnixFileMode(folder, ReadOnly | UnixFileMode.UserWrite);
        if ((VizProcess.FindBarrier(Atlas) ?? VizProcess.FindBarrier(AppContext.BaseDirectory)) is { } barrier)
            Assert.Skip($"another user cannot enter {barrier}");
    }

    private string Atlas => _folder.File("atlas");

    public void Dispose()
    {
        if (Directory.Exists(Atlas))
            SetModes(ReadOnly | UnixFileMode.UserWrite);
        _folder.Dispose();
    }

    [Fact]
    public async Task A_finished_atlas_is_read_by_every_command()
    {
        await BuildAsync();
        AssertIsOneFile();
        SetModes(ReadOnly);

        await ReadAsync();

        using var serve = VizProcess.StartAsNobody("serve", Atlas, "--port", "0");
        var line = await serve.FirstLine(Address(), TimeSpan.FromSeconds(60));
        using var http = new HttpClient();
        var page = await http.GetStringAsync(Address().Match(line).Value, _cancellation);
        Assert.Contains("conv1", page, StringComparison.Ordinal);
        serve.PressControlC();
        await serve.Finish();
        AssertIsOneFile();
    }

    [Fact]
    public async Task An_atlas_that_was_not_closed_is_read_where_nothing_is_missing_and_otherwise_refused_in_one_line()
    {
        await BuildAsync();
        await UnsealAsync();
        SetModes(ReadOnly);
        await ReadAsync();

        SetModes(ReadOnly | UnixFileMode.UserWrite);
        File.WriteAllText(Database + "-wal", "a log without its index");
        SetModes(ReadOnly);
        using var query = VizProcess.StartAsNobody("query", Atlas);
        var result = await query.Finish();
        Assert.Equal(2, result.ExitCode);
        var line = Assert.Single(result.ErrorLines);
        Assert.Contains("was not closed", line, StringComparison.Ordinal);
        Assert.Contains("copy the folder", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_run_is_closed_and_goes_on()
    {
        using (var viz = Run("ascent", "--ascent-steps", "1000"))
        {
            await viz.FirstLine(new Regex("Building"), TimeSpan.FromSeconds(60));
            while (viz.IsRunning && !File.Exists(Database))
                await Task.Delay(20, _cancellation);
            // A running atlas has a log, and another user reads it.
            await UntilReadableAsync(viz);
            viz.PressControlC();
            Assert.Equal(130, (await viz.Finish()).ExitCode);
        }
        AssertIsOneFile();
        SetModes(ReadOnly);
        using var status = VizProcess.StartAsNobody("status", Atlas);
        Assert.Equal(0, (await status.Finish()).ExitCode);
    }

    private string Database => Path.Combine(Atlas, "atlas.db");

    private async Task BuildAsync()
    {
        using var viz = Run("top9");
        var result = await viz.Finish();
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private VizProcess Run(string methods, params string[] more) => VizProcess.Start(
        ["run", "--model", _material.Model, "--images", _material.Images, "--layers", "conv1,logits", "--methods", methods, "--cache",
        "none", "--out", Atlas, .. more]);

    private async Task ReadAsync()
    {
        using var tables = new TemporaryFolder();
        File.SetUnixFileMode(tables.Path, (UnixFileMode)Convert.ToInt32("777", 8));
        string[][] commands =
        [
            ["query", Atlas], ["status", Atlas], ["export", Atlas, "--format", "csv", "--to", tables.File("csv")],
            ["export", Atlas, "--format", "site", "--with-sources", "--to", tables.File("site")], ["verify", Atlas, "--neurons", "4"],
        ];
        foreach (var command in commands)
        {
            using var viz = VizProcess.StartAsNobody(command);
            var result = await viz.Finish();
            Assert.True(result.ExitCode == 0, $"{command[0]} {command[^1]}: {result.Error}{result.Output}");
        }
    }

    private async Task UntilReadableAsync(VizProcess viz)
    {
        for (var tries = 0; ; tries++)
        {
            using var status = VizProcess.StartAsNobody("status", Atlas);
            var result = await status.Finish();
            Assert.True(viz.IsRunning, "the run ended before it could be read");
            if (result.ExitCode == 0)
                return;
            Assert.True(tries < 20, result.Error);
        }
    }

    // As earlier versions, and runs that were killed after their last transaction, left it.
    private async Task UnsealAsync()
    {
        await using (var connection = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            await connection.OpenAsync(_cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL";
            Assert.Equal("wal", await command.ExecuteScalarAsync(_cancellation));
        }
        AssertIsOneFile();
    }

    private void AssertIsOneFile() => Assert.Equal(
        ["atlas.db", "atlas.db.lock"], Directory.GetFiles(Atlas, "atlas.db*").Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private void SetModes(UnixFileMode mode)
    {
        foreach (var folder in Directory.GetDirectories(Atlas, "*", SearchOption.AllDirectories).Append(Atlas))
            File.SetUnixFileMode(folder, mode);
    }

    [GeneratedRegex("http://[^ ]+")]
    private static partial Regex Address();
}
