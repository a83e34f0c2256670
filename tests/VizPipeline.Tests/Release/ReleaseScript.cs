using System.Diagnostics;
using System.Reflection;
using VizPipeline.Tests.Deployment;

namespace VizPipeline.Tests.Release;

/// <summary>Runs the scripts that make a release, and what they made.</summary>
internal static class ReleaseScript
{
    // Publishing compiles everything once; a machine that runs other tests beside it takes its time.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    /// <summary>The version of this checkout.</summary>
    public static string Version { get; } = typeof(VizPipeline.Jobs.AtlasSpec).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs a script of deploy/release, whatever it ends with.</summary>
    public static Task<CommandResult> Run(string script, params string[] arguments) =>
        Execute(Repository.Path("deploy", "release", script), arguments, _ => { });

    /// <summary>Runs a script of deploy/release that must succeed, and gives its last line.</summary>
    public static async Task<string> Line(string script, params string[] arguments)
    {
        var result = await Run(script, arguments);
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        return result.Output.TrimEnd().Split('\n')[^1];
    }

    /// <summary>Runs any command.</summary>
    public static async Task<CommandResult> Execute(
        string command, IEnumerable<string> arguments, Action<IDictionary<string, string?>> environment)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        environment(start.Environment);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest);
        return new(process.ExitCode, await output, await error);
    }
}
