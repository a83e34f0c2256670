using System.Diagnostics;

namespace VizPipeline.Tests.Deployment;

/// <summary>What a command left behind.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>helm, over the chart in the repository. Tests that need it are skipped, with the reason, where it cannot be had.</summary>
internal static class Helm
{
    private static readonly Lazy<Task<CommandResult>> Found = new(() => Execute(Repository.Path("tests", "servers", "helm.sh"), [], new()));

    public static string Chart { get; } = Repository.Path("helm", "viz-pipeline");

    /// <summary>The complete sets of values that lie beside the chart, by name.</summary>
    public static string[] ValueSets { get; } =
        [.. Directory.GetFiles(Path.Combine(Chart, "ci"), "*-values.yaml").Select(file => Path.GetFileName(file)[..^"-values.yaml".Length]).Order()];

    public static async Task<CommandResult> Run(params string[] arguments)
    {
        var found = await Found.Value;
        Assert.SkipWhen(found.ExitCode != 0, $"there is no helm: {found.Error.Trim()}");
        return await Execute(found.Output.Trim(), arguments, new());
    }

    /// <summary>The release of a set of values, with changes as <c>--set</c> takes them.</summary>
    public static async Task<Release> Render(string valueSet, params string[] changes)
    {
        var result = await Template(valueSet, changes);
        Assert.True(result.ExitCode == 0, result.Error);
        return new Release(result.Output);
    }

    public static Task<CommandResult> Template(string? valueSet, params string[] changes) =>
        Run(["template", "viz", Chart, "--namespace", "lab", .. Values(valueSet), .. changes.SelectMany(change => new[] { "--set", change })]);

    public static Task<CommandResult> Lint(string? valueSet) => Run(["lint", "--strict", Chart, .. Values(valueSet)]);

    /// <summary>Runs a command, with a few variables more in its environment.</summary>
    public static async Task<CommandResult> Execute(
        string command, string[] arguments, Dictionary<string, string> variables, TimeSpan? limit = null)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(limit ?? TimeSpan.FromMinutes(4));
        return new CommandResult(process.ExitCode, await output, await error);
    }

    private static string[] Values(string? valueSet) =>
        valueSet is null ? [] : ["--values", Path.Combine(Chart, "ci", valueSet + "-values.yaml")];
}
