using System.Diagnostics;

namespace VizPipeline.Tests.Deployment;

/// <summary>The result of a command.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error);

/// <summary>Runs helm on the chart in the repository. If helm is not available, tests that need it are skipped with a reason.</summary>
internal static class Helm
{
    private static readonly Lazy<Task<CommandResult>> Found = new(() => Execute(Repository.Path("tests", "servers", "helm.sh"), [], new()));

    public static string Chart { get; } = Repository.Path("helm", "viz-pipeline");

    /// <summary>Returns the names of the complete sets of values in the chart's ci folder.</summary>
    public static string[] ValueSets { get; } =
        [.. Directory.GetFiles(Path.Combine(Chart, "ci"), "*-values.yaml").Select(
            file => Path.GetFileName(file)[..^"-values.yaml".Length]).Order()];

    public static async Task<CommandResult> Run(params string[] arguments)
    {
        var found = await Found.Value;
        Assert.SkipWhen(found.ExitCode != 0, $"there is no helm: {found.Error.Trim()}");
        return await Execute(found.Output.Trim(), arguments, new());
    }

    /// <summary>Renders the release of a set of values, with changes in the syntax of <c>--set</c>.</summary>
    public static async Task<Release> Render(string valueSet, params string[] changes)
    {
        var result = await Template(valueSet, changes);
        Assert.True(result.ExitCode == 0, result.Error);
        return new Release(result.Output);
    }

    public static Task<CommandResult> Template(string? valueSet, params string[] changes) =>
        Run(["template", "viz", Chart, "--namespace", "lab", .. Values(valueSet), .. changes.SelectMany(
            change => new[] { "--set", change })]);

    public static Task<CommandResult> Lint(string? valueSet) => Run(["lint", "--strict", Chart, .. Values(valueSet)]);

    /// <summary>Runs a command with additional environment variables.</summary>
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
